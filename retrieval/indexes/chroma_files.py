"""What Chroma's files show before Chroma reads them.

Chroma answers from what is left of a graph without a word: if its folder is gone, from the few
vectors that weren't in it yet; if it is truncated, from whatever the rest leads to. Its loader may
even crash the process. So the files' sizes are compared with what the graph's own header says.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retrieval.errors import IndexDamaged

DATABASE = "chroma.sqlite3"
_BUSY_SECONDS = 1.0
_FILES = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin", "index_metadata.pickle")
# Version, offset, most elements, elements, bytes of each.
_HEADER = struct.Struct("<iQQQQ")
_VERSION = 1
_LENGTH_BYTES = 4
# Another process that is writing finishes in this time.
_TRIES, _PAUSE_SECONDS = 3, 0.2

_METADATA = """
SELECT collection_metadata.key, collection_metadata.str_value FROM collections
LEFT JOIN collection_metadata ON collection_metadata.collection_id = collections.id
WHERE collections.name = ?
"""
# Calls that are answered without Chroma.
RECORDED = frozenset({"names", "metadata", "records"})
_RECORDS = """
SELECT embeddings.embedding_id FROM embeddings
JOIN embedding_metadata ON embedding_metadata.id = embeddings.id
JOIN segments ON segments.id = embeddings.segment_id
JOIN collections ON collections.id = segments.collection
WHERE collections.name = ? AND embedding_metadata.key = 'corpus' AND embedding_metadata.int_value = ?
"""
# Operation 3 removes a record.
_LOGGED = """
SELECT embeddings_queue.id, embeddings_queue.operation = 3, json_extract(embeddings_queue.metadata, '$.corpus')
FROM embeddings_queue JOIN collections ON embeddings_queue.topic LIKE '%/' || collections.id
WHERE collections.name = ? ORDER BY embeddings_queue.seq_id
"""
# The folder of a collection's graph, and whether it was ever written.
_SEGMENT = """
SELECT segments.id, max_seq_id.segment_id IS NOT NULL FROM segments
JOIN collections ON collections.id = segments.collection
LEFT JOIN max_seq_id ON max_seq_id.segment_id = segments.id
WHERE collections.name = ? AND segments.scope = 'VECTOR'
"""


@contextlib.contextmanager
def connected(folder: Path) -> Iterator[sqlite3.Connection]:
    """Yield a read-only connection to Chroma's database in ``folder``. Raises ``sqlite3.Error``."""
    database = f"{(folder / DATABASE).absolute().as_uri()}?mode=ro"
    with contextlib.closing(
        sqlite3.connect(database, uri=True, timeout=_BUSY_SECONDS)
    ) as connection:
        yield connection


def check_files(folder: Path, collection: str) -> None:
    """Raise ``IndexDamaged`` if files of a collection's graph are missing or too short; a layout
    other than the one known here passes."""
    for left in reversed(range(_TRIES)):
        wrong = _what_is_wrong(folder, collection)
        if wrong is None:
            return
        if left:
            time.sleep(_PAUSE_SECONDS)
    raise IndexDamaged("vector-index-damaged", detail=wrong)


def recorded(folder: Path, call: str, *args: Any) -> Any:
    """Answer one of the calls ``RECORDED`` from an embedded Chroma's database, without Chroma.

    Raises ``sqlite3.Error`` if the database can't be read.
    """
    if not (folder / DATABASE).exists():
        return None if call == "metadata" else []
    with connected(folder) as connection:
        if call == "names":
            return [name for (name,) in connection.execute("SELECT name FROM collections")]
        if call == "records":
            return _records(connection, *args)
        rows = connection.execute(_METADATA, args).fetchall()
    return {key: value for key, value in rows if key is not None} if rows else None


def _records(connection: sqlite3.Connection, name: str, corpus: int) -> list[str]:
    """Return the records of a corpus, including those that are only in Chroma's log."""
    found = {record for (record,) in connection.execute(_RECORDS, (name, corpus))}
    for record, removes, whose in connection.execute(_LOGGED, (name,)):
        if removes:
            found.discard(record)
        elif whose == corpus:
            found.add(record)
    return sorted(found)


def _what_is_wrong(folder: Path, collection: str) -> str | None:
    try:
        with connected(folder) as connection:
            rows = connection.execute(_SEGMENT, (collection,)).fetchall()
    except sqlite3.Error:  # Chroma says itself what is wrong with it
        return None
    return next(filter(None, (_wrong_in(folder / name) for name, written in rows if written)), None)


def _wrong_in(segment: Path) -> str | None:
    sizes = {}
    for name in _FILES:
        try:
            sizes[name] = (segment / name).stat().st_size
        except FileNotFoundError:
            return f"{name} is missing"
        except OSError:
            return None
    if sizes["index_metadata.pickle"] == 0:
        return "index_metadata.pickle is empty"
    with (segment / "header.bin").open("rb") as file:
        begin = file.read(_HEADER.size)
    if len(begin) < _HEADER.size:
        return "header.bin is truncated"
    version, _, most, count, each = _HEADER.unpack(begin)
    if version != _VERSION:
        return None
    if count > most or sizes["data_level0.bin"] < count * each:
        return "data_level0.bin is truncated"
    if sizes["length.bin"] < count * _LENGTH_BYTES:
        return "length.bin is truncated"
    return None
