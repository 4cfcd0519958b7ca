"""A Chroma that delays no question: after a second the question goes on without it."""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias

from retrieval.embedders import Vectors
from retrieval.errors import NewsdeskError, Note, StorageError
from retrieval.indexes.chroma import LOADING, BlockingChroma
from retrieval.indexes.chroma_files import RECORDED
from retrieval.indexes.forwarded_chroma import ForwardedChroma

# Called with why questions go on without the vectors, and with None once they no longer do.
Watch: TypeAlias = Callable[[Note | None], None]

_Call: TypeAlias = tuple["Future[Any]", str, tuple[Any, ...]]


class BoundedChroma(ForwardedChroma):
    """The calls of a ``BlockingChroma``, made one at a time in a thread of their own.

    A question's call (``ask``) waits ``seconds``, or ``first_seconds`` until vectors were first
    read. Once one is late, questions go on without Chroma until it has finished everything begun: a
    process that hangs costs one second once, not one per question. Other calls wait. ``recorded``
    answers calls (``RECORDED``) without Chroma, so that a question that needs nothing else doesn't
    start it; it may raise ``sqlite3.Error``.
    """

    def __init__(
        self,
        make: Callable[[], BlockingChroma],
        watch: Watch,
        recorded: Callable[..., Any],
        *,
        seconds: float = 1.0,
        first_seconds: float = 1.0,
    ) -> None:
        self._make = make
        self._watch = watch
        self._recorded = recorded
        self._seconds = seconds
        self._first_seconds = first_seconds
        self._chroma: BlockingChroma | None = None
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._closed = False
        self._late: Note | None = None
        self._told = False  # the watch, of a lateness
        # Collections that were searched, and so are in memory.
        self._loaded: set[str] = set()

    @property
    def inner(self) -> BlockingChroma | None:
        """What answers the calls; None before the first one."""
        return self._chroma

    def ask(self, call: str, *args: Any) -> Any:
        """Make a call for a question and return its answer.

        Raises ``StorageError`` (``vector-index-slow``, ``vector-index-loading``) instead of waiting
        longer, and what the call raises.
        """
        if call in RECORDED and self._chroma is None:
            with contextlib.suppress(sqlite3.Error):
                return self._recorded(call, *args)
        late = self._late
        if late is not None:
            raise StorageError.of(late, retry=True)
        future = self._submit(call, *args)
        try:
            answer = future.result(self._seconds if self._loaded else self._first_seconds)
        except TimeoutError:
            future.cancel()
            known = bool(args) and args[0] in self._loaded
            late = Note("vector-index-slow" if known else "vector-index-loading")
            self._begin_lateness(late)
            raise StorageError.of(late, retry=True) from None
        except StorageError as error:
            if error.retry:
                self._begin_lateness(error.note)
            raise
        if call in LOADING:
            self._loaded.add(args[0])
        self._end_lateness()
        return answer

    def _begin_lateness(self, why: Note) -> None:
        self._late, self._told = why, True
        self._watch(why)
        # Ends the lateness when its turn comes.
        self._submit("heartbeat")

    def _end_lateness(self) -> None:
        if self._told:
            self._told = False
            self._watch(None)

    def forward(self, call: str, *args: Any) -> Any:
        """Make a call, however long it takes, and return its answer."""
        return self._submit(call, *args).result()

    def nearest(self, name: str, vector: Vectors, limit: int) -> list[int]:
        found = super().nearest(name, vector, limit)
        self._loaded.add(name)
        return found

    def give_back(self) -> None:
        self.forward("give_back")

    def begin_tidying(self) -> None:
        if self._chroma is not None:
            self._chroma.begin_tidying()

    def tidy(self) -> None:
        self.begin_tidying()  # other calls continue meanwhile
        self.forward("tidy")
        self._loaded.clear()

    def vectors_on_disk(self) -> dict[str, int]:
        found: dict[str, int] = self.forward("vectors_on_disk")
        return found

    def reset(self) -> None:
        self.forward("reset")
        self._loaded.clear()

    def close(self) -> None:
        with self._starting:
            self._closed = True
            thread = self._thread
        if self._chroma is not None:
            # Ends the call that the thread may hang in.
            self._chroma.close()
        if thread is not None:
            self._calls.put(None)
            thread.join()

    def _submit(self, call: str, *args: Any) -> Future[Any]:
        future: Future[Any] = Future()
        with self._starting:
            if self._closed:
                raise StorageError("vector-index-closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="chroma", daemon=True)
                self._thread.start()
            # Within the lock: after the end that ``close`` puts there nobody would answer it.
            self._calls.put((future, call, args))
        return future

    def _work(self) -> None:
        while (given := self._calls.get()) is not None:
            future, call, args = given
            if not future.set_running_or_notify_cancel():
                continue
            try:
                if self._chroma is None:
                    self._chroma = self._make()
                answer = getattr(self._chroma, call)(*args)
            except BaseException as error:  # noqa: BLE001 - raised where it was called
                future.set_exception(error)
                if isinstance(error, NewsdeskError) and error.retry:
                    self._loaded.clear()  # it begins anew
            else:
                future.set_result(answer)
            if self._late is not None and call == "heartbeat" and future.exception() is None:
                self._late = None
                self._end_lateness()
            elif self._late is not None and call == "heartbeat":
                # Chroma isn't available at all: the next question finds out why.
                self._late = None
