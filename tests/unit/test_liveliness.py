"""What a bot's process is set up with."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

from tests.deadlines import scaled

_THREADS = """
import ctypes, threading
from bot.ops.event_loop import limit_malloc_arenas

limit_malloc_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.fdopen.restype = ctypes.c_void_p
together = threading.Barrier(12)

def take():
    together.wait()
    libc.malloc(5000)
    together.wait()

threads = [threading.Thread(target=take) for _ in range(12)]
for thread in threads: thread.start()
for thread in threads: thread.join()
out = libc.fdopen(1, b"w")
libc.malloc_info(0, ctypes.c_void_p(out))
libc.fflush(ctypes.c_void_p(out))
"""


_GARBAGE = """
import gc
from bot.ops.event_loop import SETTINGS, collect_rarely, tune_for_event_loop

usual = gc.get_threshold()
collect_rarely()
assert gc.get_threshold() > usual
SETTINGS.clear()
tune_for_event_loop(None)
assert gc.get_threshold() == usual
"""


def test_a_bot_that_has_started_collects_garbage_at_pythons_pace() -> None:
    subprocess.run([sys.executable, "-c", _GARBAGE], timeout=scaled(60), check=True)


@pytest.mark.skipif(
    sys.platform == "win32" or not hasattr(ctypes.CDLL(None), "malloc_info"),
    reason="only glibc gives each thread a heap of its own",
)
def test_the_threads_of_a_bot_share_their_memory() -> None:
    told = subprocess.run(
        [sys.executable, "-c", _THREADS],
        capture_output=True,
        text=True,
        timeout=scaled(60),
        check=True,
    )
    assert 1 <= told.stdout.count("<heap nr=") <= 2
