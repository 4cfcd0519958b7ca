"""The real `newsdesk` command, each time in a process of its own that need not read its modules again.

A process that has read them, and has opened nothing, forks for each call; the child takes the call's
arguments, folder, environment and standard streams and runs the command as the console script does.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
_STDIN_LIMIT = 32_000  # bytes; a pipe holds this much before anybody reads


class ForkedCommands:
    """The process that forks, from its first call until ``close``. Calls wait for each other."""

    def __init__(self) -> None:
        self._calling = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def run(
        self,
        arguments: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        stdin: str,
        timeout: float,
    ) -> subprocess.CompletedProcess[str]:
        """As ``subprocess.run`` with captured text. Raises ``subprocess.TimeoutExpired``."""
        with self._calling, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            code = self._call(
                arguments, cwd, env, stdin.encode(), timeout, out.fileno(), err.fileno()
            )
            told = []
            for stream in (out, err):
                stream.seek(0)
                told.append(stream.read().decode())
        return subprocess.CompletedProcess(list(arguments), code, *told)

    def close(self) -> None:
        if self._process is None or self._socket is None:
            return
        self._socket.close()
        self._process.wait()
        self._process = self._socket = None

    def _call(
        self,
        arguments: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        stdin: bytes,
        timeout: float,
        out: int,
        err: int,
    ) -> int:
        ours = self._connected()
        reading, writing = os.pipe()
        try:
            os.write(writing, stdin)
            os.close(writing)
            order = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
            socket.send_fds(ours, [json.dumps(order).encode()], [reading, out, err])
        finally:
            os.close(reading)
        ours.settimeout(timeout)
        child = int(ours.recv(64))
        try:
            return int(ours.recv(64))
        except TimeoutError:
            os.kill(child, signal.SIGKILL)
            ours.settimeout(None)
            ours.recv(64)
            raise subprocess.TimeoutExpired(list(arguments), timeout) from None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            # Messages keep their bounds on it.
            self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "tests.forked_commands", str(theirs.fileno())],
                    cwd=ROOT,
                    env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                )
        return self._socket


def fits(stdin: str) -> bool:
    """Whether a call can be given this much to read."""
    return len(stdin.encode()) <= _STDIN_LIMIT


def _serve(orders: socket.socket) -> None:
    _read_modules()
    while True:
        order, streams, _, _ = socket.recv_fds(orders, 1 << 20, 3)
        if not order:
            return
        child = os.fork()
        if not child:
            orders.close()
            _become(json.loads(order), streams)
        for stream in streams:
            os.close(stream)
        orders.send(str(child).encode())
        _, status = os.waitpid(child, 0)
        orders.send(str(os.waitstatus_to_exitcode(status)).encode())


def _read_modules() -> None:
    import retrieval.embedders
    import retrieval.library  # noqa: F401


def _become(order: dict[str, object], streams: list[int]) -> None:
    """Run the command in this process, and end it."""
    from bot.cli.main import main

    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(str(order["cwd"]))
    os.environ.clear()
    os.environ.update(order["env"])  # type: ignore[call-overload]
    sys.argv = ["newsdesk", *order["arguments"]]  # type: ignore[misc]
    try:
        main()
    finally:
        os._exit(1)


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
