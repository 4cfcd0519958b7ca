"""Read pages, documents and feeds in processes that can be killed.

None starts before the first document. A process that hangs, crashes or takes too much memory is
ended and its document rejected; the next document gets a new process.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from types import TracebackType
from typing import Any, TypeVar

from retrieval.errors import NewsdeskError, Note, UnreadableSource
from retrieval.extraction.feeds.items import FeedDocument
from retrieval.extraction.worker_process import (
    ExtractionJob,
    article_of,
    feed_of,
    read_frame,
    write_frame,
)
from retrieval.models import Article
from retrieval.runtime.processes import is_stopped
from retrieval.runtime.subprocess_env import subprocess_environment

Result = TypeVar("Result")
Frame = tuple[dict[str, Any], bytes]

_START_SECONDS = 60.0
_LOOK_SECONDS = 0.5
_SECONDS = {"page": 5.0, "pdf": 20.0, "docx": 20.0, "email": 5.0, "feed": 20.0}
_NAMES = {"page": "page", "pdf": "PDF", "docx": "Word document", "email": "e-mail", "feed": "feed"}
# A process is replaced after so many documents, to free what libraries leak.
_DOCUMENTS = 2_000


class Extractor:
    """Up to ``workers`` processes that read documents, started when they are needed.

    ``seconds`` limits the time for one document (default: 5 for a page or an e-mail, 20 for the
    rest). Close it, or use it as a context manager; ``close`` only waits for the processes to end.
    """

    def __init__(self, workers: int | None = None, *, seconds: float | None = None) -> None:
        self.workers = workers or max(1, min(4, os.cpu_count() or 1))
        self._seconds = seconds
        self._threads: ThreadPoolExecutor | None = None
        self._idle: list[_WorkerProcess] = []
        self._all: set[_WorkerProcess] = set()
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Extractor:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def extract(self, job: ExtractionJob, data: bytes) -> Article:
        """Return the article in a document. Raises ``UnreadableSource``, and ``NewsdeskError``
        (``extractor-closed``, ``extractor-start-failed``, ``extractor-start-timeout``)."""
        return await asyncio.wrap_future(self.submit(job, data))

    def submit(self, job: ExtractionJob, data: bytes) -> Future[Article]:
        """Extract from a thread: return a future. The caller limits how many it has in progress."""
        return self._submit(job, data, lambda answer: article_of(answer[0]["article"]))

    async def read_feed(
        self, data: bytes, url: str | None = None, charset: str | None = None
    ) -> FeedDocument:
        """Read a feed; ``url`` is where it came from, ``charset`` that of its HTTP header. Raises
        as ``extract`` does."""
        return await asyncio.wrap_future(self.submit_feed(data, url, charset))

    def submit_feed(
        self, data: bytes, url: str | None = None, charset: str | None = None
    ) -> Future[FeedDocument]:
        """Read a feed from a thread: return a future."""
        return self._submit(
            ExtractionJob("feed", url, charset),
            data,
            lambda answer: feed_of(answer[0]["feed"], answer[1]),
        )

    def _submit(
        self, job: ExtractionJob, data: bytes, made: Callable[[Frame], Result]
    ) -> Future[Result]:
        with self._lock:
            if self._closed:
                raise NewsdeskError("extractor-closed")
            if self._threads is None:
                self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="extract")
            return self._threads.submit(lambda: made(self._read(job, data)))

    def close(self) -> None:
        """End the processes; documents in progress are rejected."""
        with self._lock:
            self._closed = True
            children, threads = list(self._all), self._threads
        for child in children:
            child.end()
        if threads is not None:
            threads.shutdown(cancel_futures=True)

    def _read(self, job: ExtractionJob, data: bytes) -> Frame:
        try:
            return self._read_once(job, data)
        except (_Stopped, _StoppedAtStart):
            # The document wasn't the cause: another process reads it.
            return self._read_once(job, data)

    def _read_once(self, job: ExtractionJob, data: bytes) -> Frame:
        child = self._take()
        try:
            answer = child.read(job, data, self._seconds or _SECONDS[job.kind])
        finally:
            if child.is_usable:
                with self._lock:
                    self._idle.append(child)
            else:
                child.end()
                with self._lock:
                    self._all.discard(child)
        return answer

    def _take(self) -> _WorkerProcess:
        with self._lock:
            if self._closed:
                raise NewsdeskError("extractor-closed")
            if self._idle:
                return self._idle.pop()
            child = _WorkerProcess()
            self._all.add(child)
        return child


class _Stopped(UnreadableSource):
    """The process was stopped from outside (SIGSTOP), and therefore ended."""


class _StoppedAtStart(NewsdeskError):
    """The process was stopped before it had read anything."""


class _WorkerProcess:
    """One process. One thread at a time communicates with it."""

    def __init__(self) -> None:
        self._documents = 0
        self._ready = False
        self._broken = False
        self._was_stopped = False
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "retrieval.extraction.worker_process"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=subprocess_environment(),
                # Ctrl-C is for the main process.
                start_new_session=True,
            )
        except OSError as error:
            raise NewsdeskError(
                "extractor-start-failed", detail=error.strerror or str(error)
            ) from error

    @property
    def is_usable(self) -> bool:
        """Whether the process may read another document."""
        return not self._broken and self._documents < _DOCUMENTS

    def read(self, job: ExtractionJob, data: bytes, seconds: float) -> Frame:
        """Return the frame for a document. Raises ``UnreadableSource`` if it can't be read or the
        process did not survive it, and ``NewsdeskError`` if the process doesn't start."""
        if not self._ready:
            if self._within(_START_SECONDS) is None:
                if self._was_stopped:
                    raise _StoppedAtStart("extractor-start-timeout")
                raise NewsdeskError("extractor-start-timeout")
            self._ready = True
        self._documents += 1
        started = time.monotonic()
        answer = self._within(seconds, job, data)
        if answer is None:
            if self._was_stopped:
                raise _Stopped(f"{job.kind}-timeout", seconds=round(seconds, 1))
            if time.monotonic() - started >= seconds:
                raise UnreadableSource(f"{job.kind}-timeout", seconds=round(seconds, 1))
            raise UnreadableSource(f"{job.kind}-malformed")
        if "reason" in answer[0]:
            raise UnreadableSource.of(Note.from_record(answer[0]["reason"]))
        return answer

    def end(self) -> None:
        """Kill the process and wait for its end."""
        self._broken = True
        self._process.kill()
        self._process.wait()

    def _watch(self, done: threading.Event, seconds: float) -> None:
        """Kill the process when its time is up, or as soon as it is found to be stopped."""
        ends = time.monotonic() + seconds
        while not done.wait(min(_LOOK_SECONDS, max(0.0, ends - time.monotonic()))):
            self._was_stopped = is_stopped(self._process.pid)
            if self._was_stopped or time.monotonic() >= ends:
                self._process.kill()
                return

    def _within(
        self, seconds: float, job: ExtractionJob | None = None, data: bytes = b""
    ) -> Frame | None:
        """Return the process's next answer; None if it died, or was killed because its time was
        up."""
        to, back = self._process.stdin, self._process.stdout
        if to is None or back is None:
            return None
        done = threading.Event()
        threading.Thread(target=self._watch, args=(done, seconds), daemon=True).start()
        try:
            if job is not None:
                write_frame(to, asdict(job), data)
            frame = read_frame(back)
        except (OSError, ValueError):
            frame = None
        finally:
            done.set()
        self._broken = self._broken or frame is None
        return frame
