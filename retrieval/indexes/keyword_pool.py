"""Limit how many keyword indexes are open at once, of the many that a data folder may hold."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Protocol

_log = logging.getLogger(__name__)

# tantivy uses one thread for each index that is read, and six more for each that is written.
_READERS, _WRITERS = 24, 4
_IDLE_SECONDS = 30.0


class Closable(Protocol):
    """An index that can be closed at any time and opens again by itself when it is needed."""

    def close_reader(self) -> None:
        """Close what it is read through. Running searches go on."""

    def close_writer(self) -> None:
        """Close what it is written through. Blocks."""


class KeywordPool:
    """Closes the readers and writers that were used longest ago if there are too many. Methods
    block and are thread-safe."""

    def __init__(
        self,
        *,
        readers: int = _READERS,
        writers: int = _WRITERS,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._most_readers = readers
        self._most_writers = writers
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(writers)
        self._readers: OrderedDict[Closable, None] = OrderedDict()
        self._writing = 0
        # Open but not in use, with the time of their last use; the longest ago first.
        self._idle: OrderedDict[Closable, float] = OrderedDict()

    def reads(self, index: Closable) -> None:
        """Record that an index is open and being read."""
        closing: Closable | None = None
        with self._lock:
            self._readers[index] = None
            self._readers.move_to_end(index)
            if len(self._readers) > self._most_readers:
                closing, _ = self._readers.popitem(last=False)
        if closing is not None:
            closing.close_reader()

    @contextlib.contextmanager
    def writing(self, index: Closable) -> Iterator[None]:
        """Reserve the writer of an index for the block, after waiting for a free place."""
        with self._places:
            with self._lock:
                self._idle.pop(index, None)
                self._writing += 1
                surplus = max(0, self._writing + len(self._idle) - self._most_writers)
                closing = [self._idle.popitem(last=False)[0] for _ in range(surplus)]
            try:
                _close_writers(closing)
                yield
            finally:
                with self._lock:
                    self._writing -= 1
                    self._idle[index] = time.monotonic()

    def close_idle(self) -> None:
        """Close the writers that haven't been used for a while."""
        until = time.monotonic() - self._idle_seconds
        with self._lock:
            closing = [index for index, last in self._idle.items() if last <= until]
            for index in closing:
                del self._idle[index]
        _close_writers(closing)

    def forget(self, index: Closable) -> None:
        """Record that an index was closed as a whole."""
        with self._lock:
            self._readers.pop(index, None)
            self._idle.pop(index, None)


def _close_writers(indexes: Iterable[Closable]) -> None:
    for index in indexes:
        try:
            index.close_writer()
        except Exception:  # noqa: BLE001 - its own next write raises it, not another index's
            _log.exception("the writer of a keyword index could not be closed")
