"""Where discord.py finds Discord: other addresses for a test server or a proxy."""

from __future__ import annotations


def use_endpoints(api: str | None, gateway: str | None, cdn: str | None) -> None:
    """Point discord.py to other addresses; ``None`` keeps Discord's own. Call it before connecting.

    ``api`` is the base of the HTTP API with its version (``http://localhost:8080/api/v10``);
    webhooks and interactions follow it. ``gateway`` is a ``ws://`` address for new sessions if the
    API doesn't name one. ``cdn`` is the base of avatars and icons.
    """
    if api is not None:
        from discord.http import Route

        Route.BASE = api.rstrip("/")
    if gateway is not None:
        import yarl
        from discord.gateway import DiscordWebSocket

        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
    if cdn is not None:
        from discord import Asset

        Asset.BASE = cdn.rstrip("/")
