"""`newsdesk health`: whether the running bot is well, for monitoring."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

import typer

from bot.cli import options as o
from bot.cli.output import print_json

_SECONDS = 8.0


def health(as_json: o.Json = False) -> None:
    """Check whether the running bot can answer questions. The exit code is 1 if it can't.

    The command connects to the bot on NEWSDESK_HEALTH_PORT, so the bot and the command need the same
    value of this setting. The command also lists problems that only make answers worse; they don't
    change the exit code.
    """
    from bot.config.settings import load_settings
    from retrieval.errors import SettingsError

    settings = load_settings()
    if settings.health_port is None:
        raise SettingsError("health-port-missing")
    said = _ask(_reachable(settings.health_address), settings.health_port)
    causes = said["causes"]
    if as_json:
        print_json(said)
    elif not causes:
        print("ready")
    for cause in () if as_json else causes:
        print(f"{cause['severity']}: {cause['detail']}")
        if cause["remedy"]:
            print(f"   {cause['remedy']}")
    if any(cause["severity"] == "failing" for cause in causes):
        raise typer.Exit(1)


def _ask(host: str, port: int) -> dict[str, Any]:
    """Return what ``/readyz`` answers. Raises ``NewsdeskError`` (``bot-not-answering``)."""
    from http.client import HTTPConnection, HTTPException

    from retrieval.errors import NewsdeskError

    connection = HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/readyz")
        said: dict[str, Any] = json.loads(connection.getresponse().read())
        if not isinstance(said["causes"], list):
            raise TypeError
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise NewsdeskError("bot-not-answering", address=f"{host}:{port}") from error
    finally:
        connection.close()
    return said


def _reachable(address: str) -> str:
    """Return where to reach a bot: one that listens on every address answers on loopback."""
    parsed = ipaddress.ip_address(address)
    if not parsed.is_unspecified:
        return address
    return "127.0.0.1" if parsed.version == 4 else "::1"
