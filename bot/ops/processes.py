"""The memory of this process and its children."""

from __future__ import annotations

import contextlib
import os
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_KINDS = {
    "retrieval.indexes.chroma_process": "vectors",
    "retrieval.extraction.worker_process": "extraction",
}


@dataclass(slots=True)
class ProcessUse:
    """How many processes of one kind there are, and their resident memory in bytes."""

    count: int = 0
    memory: int = 0


def process_use() -> dict[str, ProcessUse]:
    """Return by kind (``bot``, ``vectors``, ``extraction``, ``other``) the processes and their
    memory.

    Reads files of ``/proc``; without it only this process is known, by its peak memory. Blocks:
    call it from a worker thread.
    """
    own = os.getpid()
    if not (_PROC / str(own) / "status").exists():
        return {"bot": ProcessUse(1, _own_most())}
    children = defaultdict(list)
    memory: dict[int, int] = {}
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            lines = (folder / "status").read_text(encoding="utf-8", errors="replace").splitlines()
            fields = dict(line.split(":", 1) for line in lines if ":" in line)
            children[int(fields["PPid"])].append(int(folder.name))
            memory[int(folder.name)] = int(fields.get("VmRSS", "0 kB").split()[0]) * 1024
    found: dict[str, ProcessUse] = defaultdict(ProcessUse)
    left = [own]
    while left:
        process = left.pop()
        left += children[process]
        use = found["bot" if process == own else _kind(process)]
        use.count += 1
        use.memory += memory.get(process, 0)
    return dict(found)


def _own_most() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _kind(process: int) -> str:
    try:
        command = (_PROC / str(process) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return "other"
    return next((kind for name, kind in _KINDS.items() if name in command), "other")
