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
    """Passages in the order of their ids, with their vectors of length one as rows of a matrix."""

    passage_ids: Ints
    vectors: Vectors

    @classmethod
    def none(cls) -> HeldVectors:
        return cls(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.float32))

    @property
    def size(self) -> int:
        """In bytes."""
        return int(self.passage_ids.nbytes + self.vectors.nbytes)

    def has(self, passage_ids: Ints) -> Mask:
        """Which of these are among them."""
        if not len(self.passage_ids):
            return np.zeros(len(passage_ids), dtype=bool)
        rows = self._rows(passage_ids)
        found: Mask = self.passage_ids[rows] == passage_ids
        return found

    def only(self, passage_ids: Ints) -> HeldVectors:
        """Those of these passages that are among them."""
        among = self.has(passage_ids)
        if np.count_nonzero(among) == len(self.passage_ids):
            return self
        rows = np.sort(self._rows(passage_ids[among]))
        return HeldVectors(self.passage_ids[rows], self.vectors[rows])

    def joined(self, passage_ids: Ints, vectors: Vectors) -> HeldVectors:
        """These and others, which are not among them yet."""
        if not len(passage_ids):
            return self
        units = normalised(vectors)
        if len(self.passage_ids):
            passage_ids = np.concatenate([self.passage_ids, passage_ids])
            units = np.concatenate([self.vectors, units])
        order = np.argsort(passage_ids)
        return HeldVectors(passage_ids[order], units[order])

    def nearest(self, vector: Vectors, limit: int) -> list[int]:
        """The nearest to ``vector`` by cosine, best first; exact."""
        found: list[int] = self.passage_ids[nearest_rows(self.cosines(vector), limit)].tolist()
        return found

    def cosines(self, vector: Vectors) -> Vectors:
        """Of each with ``vector``, shape ``(passages,)``."""
        if not len(self.passage_ids):
            return np.zeros(0, dtype=np.float32)
        found: Vectors = self.vectors @ (vector / np.linalg.norm(vector))
        return found

    def _rows(self, passage_ids: Ints) -> Ints:
        last = len(self.passage_ids) - 1
        rows: Ints = np.minimum(np.searchsorted(self.passage_ids, passage_ids), last)
        return rows


class VectorMemory:
    """What is held of several corpora, ``most_bytes`` at most: those that were not asked for longest
    are forgotten. Any thread may call it."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._held: OrderedDict[Key, HeldVectors] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """In bytes."""
        return self._size

    def of(self, key: Key) -> HeldVectors:
        """What is held of a corpus, which may be nothing."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        return HeldVectors.none()

    def hold(self, key: Key, held: HeldVectors) -> None:
        """Hold this of a corpus from now on."""
        with self._lock:
            self._forget(key)
            self._held[key] = held
            self._size += held.size
            while self._size > self._most_bytes and len(self._held) > 1:
                self._forget(next(iter(self._held)))

    def forget(self, key: Key) -> None:
        with self._lock:
            self._forget(key)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()
            self._size = 0

    def _forget(self, key: Key) -> None:
        if (held := self._held.pop(key, None)) is not None:
            self._size -= held.size
