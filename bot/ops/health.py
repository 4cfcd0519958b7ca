"""An HTTP endpoint for process supervisors and for Prometheus."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.i18n import describe, remedy_for
from retrieval.errors import Note, SettingsError

_CLOSE_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a part isn't as it should be; ``failing`` if there are no answers without it."""

    part: str
    note: Note
    failing: bool = False
    mends_itself: bool = True

    def as_record(self) -> dict[str, Any]:
        """Return the cause for JSON."""
        return {
            "part": self.part,
            "code": self.note.code,
            "severity": "failing" if self.failing else "degraded",
            "detail": describe(self.note),
            "remedy": remedy_for(self.note),
        }


@dataclass(frozen=True, slots=True)
class Probes:
    """What the endpoint reports: why it isn't ready, which ``parts`` there are, the metrics in
    Prometheus' format with their content type, and the lag of the event loop in seconds."""

    causes: Callable[[], Awaitable[Sequence[Cause]]]
    parts: Sequence[str]
    metrics: Callable[[], Awaitable[tuple[bytes, str]]]
    lag: Callable[[], float]


@contextlib.asynccontextmanager
async def health_endpoint(address: str, port: int | None, probes: Probes) -> AsyncIterator[None]:
    """Serve ``/livez``, ``/readyz``, ``/health`` and ``/metrics`` during the block; nothing if
    ``port`` is None.

    Raises ``SettingsError`` (``health-port-taken``, ``health-address-unusable``).
    """
    if port is None:
        yield
        return

    async def livez(request: web.Request) -> web.Response:
        # An answer proves that the event loop runs.
        return web.json_response({"alive": True, "event_loop_lag_seconds": round(probes.lag(), 3)})

    async def readyz(request: web.Request) -> web.Response:
        causes = await probes.causes()
        said = {"ready": not causes, "causes": [cause.as_record() for cause in causes]}
        return web.json_response(said, status=503 if causes else 200)

    async def health(request: web.Request) -> web.Response:
        causes = await probes.causes()
        unwell = {cause.part for cause in causes}
        said: dict[str, Any] = {part: part not in unwell for part in (*probes.parts, *unwell)}
        said["causes"] = [cause.as_record() for cause in causes]
        return web.json_response(said, status=503 if causes else 200)

    async def metrics(request: web.Request) -> web.Response:
        body, content_type = await probes.metrics()
        return web.Response(body=body, headers={"Content-Type": content_type})

    app = web.Application()
    for handler in (livez, readyz, health, metrics):
        app.router.add_get(f"/{handler.__name__}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_CLOSE_SECONDS)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, address, port).start()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise SettingsError("health-port-taken", port=str(port)) from error
            detail = error.strerror or str(error)
            raise SettingsError(
                "health-address-unusable", address=address, port=str(port), detail=detail
            ) from error
        yield
    finally:
        await runner.cleanup()
