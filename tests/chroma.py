"""A real Chroma server for tests and benchmarks."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.deadlines import scaled


@contextlib.contextmanager
def chroma_server(folder: Path, port: int | None = None) -> Iterator[str]:
    """The address of a server that answers on ``port``, by default a free one, with its files in
    ``folder``; it is ended at the end."""
    if port is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    command = Path(sys.executable).with_name("chroma")
    arguments = ["run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(
        [command, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        url, until = f"http://127.0.0.1:{port}", time.monotonic() + scaled(30)
        try:
            while time.monotonic() < until:
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"{url}/api/v2/heartbeat", timeout=1).close()
                    break
                time.sleep(0.1)
            yield url
        finally:
            server.kill()
