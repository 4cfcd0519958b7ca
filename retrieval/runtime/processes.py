"""What can be told about a child process from outside."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

# Signals by which a process dies of damaged data, not because somebody ended it.
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP")


def is_stopped(process_id: int) -> bool:
    """Return whether a process is stopped (SIGSTOP, a debugger); False where the system doesn't
    tell."""
    with contextlib.suppress(OSError, IndexError):
        status = Path(f"/proc/{process_id}/stat").read_bytes()
        return status.rpartition(b")")[2].split()[0] in (b"T", b"t")
    return False


def crash_of(returncode: int | None) -> str | None:
    """Return the name of the signal with which a process crashed; None if it ended in another way
    or runs."""
    if returncode is None or returncode >= 0:
        return None
    with contextlib.suppress(ValueError):
        name = signal.Signals(-returncode).name
        return name if name in _CRASHES else None
    return None
