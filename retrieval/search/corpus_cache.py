"""What search keeps in memory of a corpus: the visible versions, and the vectors needed so far."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.catalogue import Corpus
from retrieval.catalogue.publishers import Publishers
from retrieval.catalogue.queries import ReadQueries
from retrieval.catalogue.snapshot import Ints, Mask, VisibleVersions
from retrieval.embedders import Vectors, nearest_rows, unpacked

# A kilobyte each, with the dimensions of the default embedder.
_MOST_VECTORS = 200_000
_FIRST_VECTORS = 4_096


@dataclass(frozen=True, slots=True, eq=False)
class CorpusSnapshot:
    """A corpus as one question sees it; it doesn't change while others write to the catalogue."""

    shown: VisibleVersions
    publishers: Publishers
    kept: VectorCache

    def vectors(self, passage_ids: Ints, dimensions: int) -> Vectors:
        """Return the vectors of these passages, shape ``(passages, dimensions)``; zeros for a
        passage without one."""
        return self.kept.of(self.shown, passage_ids, dimensions)

    def nearest(self, of: Mask, vector: Vectors, limit: int) -> list[int]:
        """Return the passages of these versions closest to ``vector`` by cosine, best first. The
        search is exact."""
        ids = self.shown.passage_ids(of)
        cosines = self.kept.of(self.shown, ids, len(vector)) @ vector
        nearest: list[int] = ids[nearest_rows(cosines, limit)].tolist()
        return nearest


class CorpusCache:
    """The cache of one generation of a corpus.

    The catalogue numbers its changes. ``current`` asks for the last number each time and reads what
    changed since then, so the cache is never older than the question, whoever wrote.
    """

    def __init__(self, reading: ReadQueries, corpus: Corpus) -> None:
        self._reading = reading
        self._corpus = corpus
        self._lock = threading.Lock()
        self._held: CorpusSnapshot | None = None

    def current(self) -> CorpusSnapshot:
        """Return the current snapshot of the corpus. Blocks; thread-safe."""
        with self._lock:
            # The number first: what changes between the two reads is read again the next time.
            revision = self._reading.revision(self._corpus)
            held = self._held
            if held is None or held.shown.revision != revision:
                held = self._held = self._advanced(held, revision)
            return held

    def _advanced(self, held: CorpusSnapshot | None, revision: int) -> CorpusSnapshot:
        if held is not None:
            rows = self._reading.changed_since(self._corpus, held.shown.revision)
            # Looked at afterwards: what was trimmed before may be missing among the rows.
            known = self._reading.oldest_change(self._corpus) <= held.shown.revision + 1
            shown = held.shown.advanced(revision, rows) if known else None
            if shown is not None:
                publishers = (
                    Publishers(shown.sources(), shown.names_by_host()) if rows else held.publishers
                )
                return CorpusSnapshot(shown, publishers, held.kept)
        shown = VisibleVersions.of(revision, self._reading.shown(self._corpus))
        # Passages are numbered anew, and vectors are kept by their numbers.
        return CorpusSnapshot(
            shown,
            Publishers(shown.sources(), shown.names_by_host()),
            VectorCache(self._reading, self._corpus),
        )


class VectorCache:
    """Vectors of passages, read from the catalogue on first use. A passage's vector never changes.

    The size is limited: when the cache is full, it is emptied.
    """

    def __init__(self, reading: ReadQueries, corpus: Corpus) -> None:
        self._reading = reading
        self._corpus = corpus
        self._lock = threading.Lock()
        # By number of a passage its row among the vectors; -1 if it was not needed so far.
        self._rows: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self._vectors: Vectors = np.zeros((0, 0), dtype=np.float32)
        self._size = 0

    def of(self, shown: VisibleVersions, passage_ids: Ints, dimensions: int) -> Vectors:
        """Return the vectors, shape ``(passages, dimensions)``; zeros for a passage without one."""
        numbers = shown.numbers(passage_ids)
        with self._lock:
            if self._vectors.shape[1] != dimensions:
                self._forget(dimensions, 0)
            lacking = shown.numbered - len(self._rows)
            if lacking > 0:
                more = np.full(lacking, -1, dtype=np.int32)
                self._rows = np.concatenate([self._rows, more])
            rows = self._rows[numbers]
            if (missing := rows < 0).any():
                if self._size + np.count_nonzero(missing) > _MOST_VECTORS:
                    self._forget(dimensions, len(self._rows))
                    missing[:] = True
                self._read(passage_ids[missing], numbers[missing], dimensions)
                rows = self._rows[numbers]
            vectors = self._vectors
        found: Vectors = vectors.take(rows, axis=0, mode="clip")
        found[rows < 0] = 0
        return found

    def _read(self, passage_ids: Ints, numbers: Ints, dimensions: int) -> None:
        found = self._reading.vectors(self._corpus, passage_ids.tolist())
        ids = np.array([passage_id for passage_id, _ in found], dtype=np.int64)
        size = self._size + len(found)
        if size > len(self._vectors):
            grown = np.zeros((max(size, 2 * len(self._vectors)), dimensions), dtype=np.float32)
            grown[: self._size] = self._vectors[: self._size]
            self._vectors = grown
        self._vectors[self._size : size] = unpacked([vector for _, vector in found], dimensions)
        order = np.argsort(passage_ids)
        places = order[np.searchsorted(passage_ids, ids, sorter=order)]
        self._rows[numbers[places]] = np.arange(self._size, size)
        self._size = size

    def _forget(self, dimensions: int, passages: int) -> None:
        self._rows = np.full(passages, -1, dtype=np.int32)
        self._vectors = np.zeros((_FIRST_VECTORS, dimensions), dtype=np.float32)
        self._size = 0
