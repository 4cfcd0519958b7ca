"""The order in which files of tests are begun, and what all of them may use."""

from __future__ import annotations

import pytest

from tests.both_databases import kept_in, pytest_addoption, pytest_generate_tests, tables
from tests.postgres import empty_postgres_url, postgres_server, postgres_url

__all__ = [
    "empty_postgres_url",
    "kept_in",
    "postgres_server",
    "postgres_url",
    "pytest_addoption",
    "pytest_generate_tests",
    "tables",
]

# They have few tests that take minutes: begun last, each would run on alone.
_LONGEST = frozenset(["test_crashes.py", "test_removal_crashes.py", "test_terminal.py"])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "both_databases: run on SQLite and on PostgreSQL")
    config.addinivalue_line("markers", "sqlite_files(what): not run on PostgreSQL")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in _LONGEST)
