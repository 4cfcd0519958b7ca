"""Vectors of small corpora, held in memory and compared one by one."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from retrieval.catalogue.snapshot import Ints, Mask
from retrieval.embedders import Vectors, nearest_rows, normalised

# A corpus and a generation of its indexes.
Key = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class HeldVectors:
    """Passage ids in order, shape ``(passages,)``, and their vectors of length 1, shape
    ``(passages, dimensions)``."""

    passage_ids: Ints
    vectors: Vectors

    @classmethod
    def none(cls) -> HeldVectors:
        """Return no vectors."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32))

    @property
    def size(self) -> int:
        """The size in bytes."""
        return int(self.passage_ids.nbytes + self.vectors.nbytes)

    def has(self, passage_ids: Ints) -> Mask:
        """Return the mask of those of these passages that are held."""
        if not len(self.passage_ids):
            return np.zeros(len(passage_ids), dtype=bool)
        rows = self._rows(passage_ids)
        found: Mask = self.passage_ids[rows] == passage_ids
        return found

    def only(self, passage_ids: Ints) -> HeldVectors:
        """Return the vectors of those of these passages that are held."""
        among = self.has(passage_ids)
        if np.count_nonzero(among) == len(self.passage_ids):
            return self
        rows = np.sort(self._rows(passage_ids[among]))
        return HeldVectors(self.passage_ids[rows], self.vectors[rows])

    def joined(self, passage_ids: Ints, vectors: Vectors) -> HeldVectors:
        """Return these vectors and others, of passages that aren't held yet."""
        if not len(passage_ids):
            return self
        units = normalised(vectors)
        if len(self.passage_ids):
            passage_ids = np.concatenate([self.passage_ids, passage_ids])
            units = np.concatenate([self.vectors, units])
        order = np.argsort(passage_ids)
        return HeldVectors(passage_ids[order], units[order])

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        """Return the ids of the ``limit`` passages nearest to ``vector`` by cosine, best first. It
        is exact."""
        found: list[int] = self.passage_ids[nearest_rows(self.cosines(vector), limit)].tolist()
        return found

    def cosines(self, vector: Vectors) -> Vectors:
        """Return the cosine of each passage with ``vector``, shape ``(passages,)``."""
        if not len(self.passage_ids):
            return np.zeros(0, dtype=np.float32)
        found: Vectors = self.vectors @ (vector / np.linalg.norm(vector))
        return found

    def _rows(self, passage_ids: Ints) -> Ints:
        last = len(self.passage_ids) - 1
        rows: Ints = np.minimum(np.searchsorted(self.passage_ids, passage_ids), last)
        return rows


class VectorMemory:
    """The vectors of several corpora, in at most ``most_bytes`` bytes: those used longest ago are
    dropped. Thread-safe."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[Key, HeldVectors] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self._size

    def of(self, key: Key) -> HeldVectors:
        """Return what is held of a corpus, perhaps nothing."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        return HeldVectors.none()

    def hold(self, key: Key, held: HeldVectors) -> None:
        """Hold these vectors of a corpus from now on."""
        with self._lock:
            self._forget(key)
            self._held[key] = held
            self._size += held.size
            while self._size > self._most_bytes and len(self._held) > 1:
                self._forget(next(iter(self._held)))

    def forget(self, key: Key) -> None:
        """Drop the vectors of a corpus."""
        with self._lock:
            self._forget(key)

    def clear(self) -> None:
        """Drop all vectors."""
        with self._lock:
            self._held.clear()
            self._size = 0

    def _forget(self, key: Key) -> None:
        if (held := self._held.pop(key, None)) is not None:
            self._size -= held.size
