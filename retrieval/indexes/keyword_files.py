"""Open tantivy's files, even damaged ones and those on a disk that can't be written."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import tantivy

from retrieval.errors import IndexDamaged

P = ParamSpec("P")
Result = TypeVar("Result")

META = "meta.json"
_NO_ROOM = re.compile(r"disk is full|no space left|os error 28", re.IGNORECASE)
# A reader takes a lock, which is a file.
_NO_ACCESS = re.compile(r"read-only|permission denied|lock|os error (13|30)", re.IGNORECASE)

# Files that are rewritten all the time.
_NO_SEGMENT = (".json", ".lock", ".tmp")
_FOLDERS = re.compile(r"(?:/[\w.@ -]+)+/")


def explained(method: Callable[P, Result]) -> Callable[P, Result]:
    """Wrap a method so that it raises ``IndexDamaged`` for whatever tantivy says about files that
    it can't read. Errors about space and access stay as they are."""

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except (ValueError, OSError) as error:
            if _NO_ROOM.search(str(error)) or _NO_ACCESS.search(str(error)):
                raise
            raise _damaged(error) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # of Rust, which Python has no class for
                raise
            raise _damaged(error) from error

    return call


class SegmentSizes:
    """The sizes of an index's files when they were last checked.

    tantivy maps them into memory: one that was cut meanwhile would end the whole process.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}

    def check(self) -> None:
        """Raise ``IndexDamaged`` if a file has become shorter: while they are in use they only
        grow."""
        # Both are local: another thread may finish a later check in the meantime.
        before, sizes = self._sizes, dict[str, int]()
        # A deleted file, such as a segment that was merged, can still be read.
        with contextlib.suppress(FileNotFoundError), os.scandir(self._folder) as files:
            for file in files:
                if file.name.endswith(_NO_SEGMENT):
                    continue
                try:
                    size = file.stat().st_size
                except FileNotFoundError:
                    continue
                if size < before.get(file.name, 0):
                    raise IndexDamaged("keyword-index-damaged", detail=f"{file.name} was cut")
                sizes[file.name] = size
        self._sizes = sizes


def open_index(folder: Path) -> tuple[tantivy.Index, tempfile.TemporaryDirectory[str] | None]:
    """Open an index for reading. If its folder can't be written, it is read through links in
    another folder, which is returned and has to be cleaned up.

    Raises ``ValueError`` and ``OSError``, as tantivy does.
    """
    try:
        return _readable(folder), None
    except (ValueError, OSError) as error:
        if not (_NO_ACCESS.search(str(error)) or _NO_ROOM.search(str(error))):
            raise
    links = tempfile.TemporaryDirectory(prefix="newsdesk-", ignore_cleanup_errors=True)
    for file in folder.iterdir():
        if file.name in (META, ".managed.json"):
            shutil.copy(file, links.name)
        elif file.suffix != ".lock":
            (Path(links.name) / file.name).symlink_to(file.resolve())
    return _readable(Path(links.name)), links


def _readable(folder: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(folder))
    index.config_reader("commit", 0)
    return index


def _damaged(error: BaseException) -> IndexDamaged:
    # Users needn't know where the data folder is.
    reason = _FOLDERS.sub("", " ".join(str(error).split()))
    return IndexDamaged("keyword-index-damaged", detail=reason[:200])


def documents_held(folder: Path) -> int:
    """Return how many documents the keyword indexes of a data folder claim to hold. Blocks."""
    count = 0
    for meta in (folder / "keywords").glob(f"*/{META}"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            for segment in json.loads(meta.read_bytes())["segments"]:
                deleted = (segment.get("deletes") or {}).get("num_deleted_docs", 0)
                count += max(0, segment["max_doc"] - deleted)
    return count
