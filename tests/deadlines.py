"""How long tests wait: longer on a busy machine, so that only what never comes fails."""

from __future__ import annotations

import os


def scaled(seconds: float) -> float:
    """``seconds``, times the processes that wait for each core now; as they are where that's unknown."""
    try:
        busy, _, _ = os.getloadavg()
    except (AttributeError, OSError):
        return seconds
    return seconds * max(1.0, busy / (os.cpu_count() or 1))
