"""Requests to Discord of a task that works under a lease are sent only while it surely has it.

A process may be stopped at any moment and go on when another one has done the same. So it looks at
the last moment before each request is written.
"""

from __future__ import annotations

import types
from typing import Any

import aiohttp

from retrieval.catalogue.fences import current_fence


def fencing_trace() -> aiohttp.TraceConfig:
    """What has a session of aiohttp look before each try of a request, for ``discord.Client``."""
    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(_look)
    # Until there is a connection it may take a while.
    trace.on_connection_create_end.append(_look)
    trace.on_connection_reuseconn.append(_look)
    return trace


async def _look(
    _session: aiohttp.ClientSession, _context: types.SimpleNamespace, _given: Any
) -> None:
    if (fence := current_fence()) is not None:
        fence.require_current()
