"""What can be told of a child process from outside."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

# What a process dies of that ran into damaged data, rather than of somebody who ended it.
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP")


def is_stopped(process_id: int) -> bool:
    """Whether a process is stopped (SIGSTOP, a debugger) and computes nothing; False where the
    system doesn't tell."""
    with contextlib.suppress(OSError, IndexError):
        status = Path(f"/proc/{process_id}/stat").read_bytes()
        return status.rpartition(b")")[2].split()[0] in (b"T", b"t")
    return False


def crash_of(returncode: int | None) -> str | None:
    """The signal that a process crashed with, by its name; None if it ended in another way."""
    if returncode is None or returncode >= 0:
        return None
    with contextlib.suppress(ValueError):
        name = signal.Signals(-returncode).name
        return name if name in _CRASHES else None
    return None
