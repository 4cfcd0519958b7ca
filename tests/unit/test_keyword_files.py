"""The sizes of a keyword index's files: what was cut is told, what grows meanwhile is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrieval.errors import IndexDamaged
from retrieval.indexes.keyword_files import SegmentSizes


class _Looked:
    """A file of a folder as it is seen, with what happens right after."""

    def __init__(self, file: os.DirEntry[str], then: Callable[[], None]) -> None:
        self.name = file.name
        self._file = file
        self._then = then

    def stat(self) -> os.stat_result:
        seen = self._file.stat()
        self._then()
        return seen


def test_a_file_that_was_cut_is_damage(tmp_path: Path) -> None:
    segment = tmp_path / "a.store"
    segment.write_bytes(b"whole")
    sizes = SegmentSizes(tmp_path)
    sizes.check()
    segment.write_bytes(b"cut")
    with pytest.raises(IndexDamaged):
        sizes.check()


def test_a_file_that_grows_while_two_threads_look_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = tmp_path / "a.store"
    segment.write_bytes(b"half")
    sizes = SegmentSizes(tmp_path)
    scan = os.scandir

    def another_look() -> None:
        monkeypatch.setattr(os, "scandir", scan)
        segment.write_bytes(b"half and half")
        sizes.check()

    @contextmanager
    def watched(folder: Path) -> Iterator[list[_Looked]]:
        with scan(folder) as files:
            yield [_Looked(file, another_look) for file in files]

    monkeypatch.setattr(os, "scandir", watched)
    sizes.check()
    sizes.check()
