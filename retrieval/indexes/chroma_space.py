"""Space that an embedded Chroma holds for nothing, and returns with our help.

A deleted collection leaves the folder of its vector segment behind, and a deleted vector stays in
its segment, on disk and in memory, marked as deleted. Folders that belong to no segment are removed
here; segments with many deleted vectors are rewritten (`VectorIndex.rebuild`).
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sqlite3
from pathlib import Path

from retrieval.indexes.chroma_files import DATABASE, connected
from retrieval.runtime.sqlite_space import vacuum

_SEGMENT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VECTORS = """
    SELECT collections.name, segments.id FROM segments
    JOIN collections ON collections.id = segments.collection WHERE segments.scope = 'VECTOR'
"""
# hnswlib keeps four bytes for each vector, deleted ones too, in this file.
_COUNTS, _COUNT_BYTES = "length.bin", 4


def give_back(folder: Path, *, thorough: bool = False) -> bool:
    """Remove segments of collections that are gone, and the empty pages of Chroma's database;
    return whether there were any. Blocks.

    Only for the process that may write, while nothing is being written. What can't be read or is in
    use stays.
    """
    if not (folder / DATABASE).exists():
        return False
    try:
        with connected(folder) as connection:
            known = {row[0] for row in connection.execute("SELECT id FROM segments")}
    except sqlite3.Error:
        return False  # nothing is deleted by guesswork
    left = [
        path
        for path in folder.iterdir()
        if path.is_dir() and _SEGMENT.fullmatch(path.name) and path.name not in known
    ]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    return _vacuumed(folder, thorough) or bool(left)


def vectors_on_disk(folder: Path) -> dict[str, int]:
    """Return how many vectors each collection has on disk, by its name, including deleted ones.
    Blocks."""
    if not (folder / DATABASE).exists():
        return {}
    found = {}
    with contextlib.suppress(sqlite3.Error), connected(folder) as connection:
        for name, segment in connection.execute(_VECTORS):
            with contextlib.suppress(OSError):
                found[name] = (folder / segment / _COUNTS).stat().st_size // _COUNT_BYTES
    return found


def _vacuumed(folder: Path, thorough: bool) -> bool:
    try:
        return vacuum(folder / DATABASE, thorough=thorough)
    except sqlite3.Error:
        return False
