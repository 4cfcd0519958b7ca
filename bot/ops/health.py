"""An HTTP endpoint for those who watch over processes: 200 when questions can be answered."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from retrieval.errors import SettingsError

Check = Callable[[], Awaitable[dict[str, bool]]]


@contextlib.asynccontextmanager
async def health_endpoint(port: int | None, check: Check) -> AsyncIterator[None]:
    """Serve ``GET /health`` on loopback while open; ``None`` serves nothing.

    ``check`` names what has to be well. Raises ``SettingsError`` for a port that is taken.
    """
    if port is None:
        yield
        return

    async def health(request: web.Request) -> web.Response:
        parts = await check()
        return web.json_response(parts, status=200 if all(parts.values()) else 503)

    app = web.Application()
    app.router.add_get("/health", health)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as error:
            raise SettingsError("health-port-taken", port=str(port)) from error
        yield
    finally:
        await runner.cleanup()
