"""The embedded Chroma in a process of its own.

Chroma holds Python's global lock while it writes, some 20 ms for 40 vectors, and a bot's event loop
waits for it. In a process of its own it delays nobody, and it indexes while the next articles are
read. The catalogue is authoritative: if the process ends, what it didn't confirm is written again.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeAlias

from retrieval.errors import IndexDamaged, NewsdeskError, Note, StorageError
from retrieval.indexes.chroma import LOADING, EmbeddedChroma
from retrieval.indexes.chroma_space import give_back, vectors_on_disk
from retrieval.indexes.forwarded_chroma import ForwardedChroma
from retrieval.runtime.processes import crash_of, is_stopped
from retrieval.runtime.subprocess_env import subprocess_environment

# The name of a call and its arguments.
Question: TypeAlias = tuple[str, tuple[Any, ...]]

# Whether the index is damaged, whether trying again may help, and the note of the error.
Failure: TypeAlias = tuple[bool, bool, dict[str, Any]]

# The first use of the largest index takes a while, and so does a large write.
_SECONDS = 120.0
# Calls that an index in memory answers in a few milliseconds.
_QUICK = frozenset({"names", "metadata", "count", "nearest", "vectors_of", "heartbeat"})
_QUICK_SECONDS = 5.0
_STOPPED_SECONDS = 0.5
_LOOK_SECONDS = 0.1
_CLOSE_SECONDS = 10.0
# Makes glibc return the memory of an index that is released, whatever was released before.
_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "1000000"}


class _Ended(Exception):
    """The process ended during a call; ``crash`` names the signal if it crashed."""

    def __init__(self, crash: str | None) -> None:
        super().__init__(crash)
        self.crash = crash


class ChromaProcessClient(ForwardedChroma):
    """The calls of ``BlockingChroma``, answered one at a time by a process that holds ``folder``.

    The process starts here, and again if it ends: a call that it didn't survive is made once more,
    or reported as damage of the index if the process crashed. A process that is stopped is ended
    after half a second, one that doesn't answer from memory after 5 s, and no call waits longer
    than 120 s.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._closed = False
        # The process that will replace this one.
        self._successor: ChromaProcessClient | None = None
        # Collections searched since the process began, and so in its memory.
        self._loaded: set[str] = set()
        # Callers are told why it can't start.
        with self._turn, contextlib.suppress(NewsdeskError, _Ended):
            self._start()

    @property
    def process_id(self) -> int | None:
        """The id of the process; None while there is none."""
        return self._process.pid if self._process is not None else None

    def forward(self, call: str, *args: Any) -> Any:
        """Have the process make a call when its turn comes; return the answer.

        Raises ``IndexDamaged`` if the process crashed; ``StorageError`` if it ended otherwise
        (``vector-process-ended``), was too slow (``vector-process-timeout``) or can't start; and
        what the call raises.
        """
        with self._turn:
            if self._closed:
                raise StorageError("vector-index-closed")
            if self._process is not None and self._process.poll() is not None:
                self._end(0)
            try:
                return self._made(call, args)
            except _Ended as ended:
                if ended.crash is None and not self._closed:
                    with contextlib.suppress(_Ended):
                        return self._made(call, args)
                if ended.crash is not None:
                    raise IndexDamaged("vector-index-damaged", detail=ended.crash) from ended
                raise StorageError("vector-process-ended", retry=True) from ended

    def give_back(self) -> None:
        with self._turn:
            give_back(self._folder)

    def vectors_on_disk(self) -> dict[str, int]:
        return vectors_on_disk(self._folder)

    def begin_tidying(self) -> None:
        if self._successor is None:
            self._successor = ChromaProcessClient(self._folder)

    def tidy(self) -> None:
        """End the process, which never returns the memory of what was deleted; another one, begun
        earlier, replaces it, so that nobody waits for its start."""
        self.begin_tidying()
        successor, self._successor = self._successor, None
        with self._turn:
            if successor is None or successor._connection is None or self._closed:
                if successor is not None:
                    successor.close()
                return
            self._end(_CLOSE_SECONDS)
            give_back(self._folder, thorough=True)
            self._process, self._connection = successor._process, successor._connection

    def close(self) -> None:
        """End the process: it finishes what it is doing, but is killed if that takes longer than 10
        s."""
        self._closed = True
        with self._turn:
            self._end(_CLOSE_SECONDS)
            if self._successor is not None:
                self._successor.close()

    def reset(self) -> None:
        """End the process, delete the folder, and begin with an empty one."""
        with self._turn:
            self._end(0)
            shutil.rmtree(self._folder, ignore_errors=True)
            with contextlib.suppress(NewsdeskError, _Ended):
                self._start()

    def _made(self, call: str, args: tuple[Any, ...]) -> Any:
        name = args[0] if args else None
        quick = call in _QUICK and (name is None or name in self._loaded)
        seconds = _QUICK_SECONDS if quick and self._connection is not None else _SECONDS
        answer = self._answer(self._connection or self._start(), (call, args), seconds)
        if call in LOADING:
            self._loaded.add(args[0])
        return answer

    def _start(self) -> Connection:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-P", "-m", __name__, str(theirs.fileno()), str(self._folder)],
                    pass_fds=(theirs.fileno(),),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=subprocess_environment() | _ENVIRONMENT,
                    # Ctrl-C is for the parent process, which ends it in good order.
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise StorageError(
                    "vector-process-start-failed", detail=error.strerror or str(error)
                ) from error
        self._connection = connection = Connection(ours.detach())
        try:
            self._answer(connection, None, _SECONDS)
        except NewsdeskError:
            self._end(0)
            raise
        return connection

    def _answer(self, connection: Connection, question: Question | None, seconds: float) -> Any:
        begun = time.monotonic()
        try:
            if question is not None:
                connection.send(question)
            self._wait(connection, seconds)
            failure, answer = connection.recv()
        except (OSError, EOFError) as error:
            crash = None if isinstance(error, TimeoutError) else self._crash()
            self._end(0)
            if isinstance(error, TimeoutError):
                waited = round(time.monotonic() - begun, 1)
                raise StorageError("vector-process-timeout", seconds=waited, retry=True) from error
            raise _Ended(crash) from error
        except BaseException:
            # Interrupted half-way: what arrives next would be the answer to another call.
            self._end(0)
            raise
        if failure is not None:
            damaged, retry, record = failure
            kind = IndexDamaged if damaged else StorageError
            raise kind.of(Note.from_record(record), retry=retry)
        return answer

    def _wait(self, connection: Connection, seconds: float) -> None:
        """Wait for an answer. Raises ``TimeoutError`` if none comes in time, or if the process is
        stopped."""
        begun = time.monotonic()
        while not connection.poll(_LOOK_SECONDS):
            waited = time.monotonic() - begun
            if waited >= (_CLOSE_SECONDS if self._closed else seconds):
                raise TimeoutError
            stopped = self._process is not None and is_stopped(self._process.pid)
            if stopped and waited >= _STOPPED_SECONDS:
                raise TimeoutError

    def _crash(self) -> str | None:
        """Return the name of the signal that the process ended with, if it crashed."""
        if self._process is None:
            return None
        with contextlib.suppress(subprocess.TimeoutExpired):
            return crash_of(self._process.wait(1))
        return None

    def _end(self, seconds: float) -> None:
        self._loaded.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if seconds:
                    self._process.wait(seconds)
            self._process.kill()
            self._process.wait()
            self._process = None


def serve(connection: Connection, folder: Path) -> None:
    """Answer calls on ``folder`` until the other side is gone."""
    try:
        chroma = EmbeddedChroma(folder)
        chroma.heartbeat()
    except NewsdeskError as error:
        connection.send((_told(error), None))
        return
    connection.send((None, None))
    with contextlib.suppress(EOFError):
        while True:
            call, args = connection.recv()
            try:
                answer = getattr(chroma, call)(*args)
            except NewsdeskError as error:
                connection.send((_told(error), None))
            else:
                connection.send((None, answer))
                chroma.make_room()
    chroma.close()


def _told(error: NewsdeskError) -> Failure:
    return isinstance(error, IndexDamaged), error.retry, error.note.to_record()


def main() -> None:
    """Serve the connection and the folder that are given as arguments."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        serve(Connection(int(sys.argv[1])), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
