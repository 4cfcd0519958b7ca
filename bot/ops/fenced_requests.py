"""Send a task's requests to Discord only while the lease that it works under is current.

A process may be suspended at any moment and continue after another one has done the same work. So
the lease is checked at the last moment before each request is written.
"""

from __future__ import annotations

import types
from typing import Any

import aiohttp

from retrieval.catalogue.fences import current_fence


def fencing_trace() -> aiohttp.TraceConfig:
    """Return a trace, for ``discord.Client``, that checks the lease before each attempt of a
    request."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_look)
    # Connecting may take a while.
    trace.on_connection_create_end.append(_look)
    trace.on_connection_reuseconn.append(_look)
    return trace


async def _look(
    _session: aiohttp.ClientSession, _context: types.SimpleNamespace, _given: Any
) -> None:
    if (fence := current_fence()) is not None:
        fence.require_current()
