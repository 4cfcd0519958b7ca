"""The order in which files of tests are begun."""

from __future__ import annotations

import pytest

# They have few tests that take minutes: begun last, each would run on alone.
_LONGEST = frozenset(["test_crashes.py", "test_removal_crashes.py", "test_terminal.py"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _LONGEST)
