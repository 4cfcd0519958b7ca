"""Register the bot's commands with Discord if they changed, or if Discord lists others than it was
told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import aiohttp
import discord
from discord import app_commands

from bot.i18n.command_names import set_registered

_log = logging.getLogger(__name__)

_UNREACHABLE = (discord.HTTPException, aiohttp.ClientError, OSError)


class _Registered(NamedTuple):
    """What was registered last: the digest of the commands, and the id and version of each.

    Discord gives a command a new version with each change, whoever makes it.
    """

    digest: str
    ids: dict[str, int]
    versions: dict[str, str]


class CommandRecord(Protocol):
    """Stores what was registered last, as a text."""

    async def read(self) -> str:
        """Return the text, empty if there is none."""

    async def write(self, text: str) -> None:
        """Replace the text."""


class FileRecord:
    """Stores it in a data folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "discord-commands.txt"

    async def read(self) -> str:
        """Return the text of the file, empty if it can't be read."""
        try:
            return await asyncio.to_thread(self._path.read_text, encoding="utf-8")
        except (OSError, ValueError):
            return ""

    async def write(self, text: str) -> None:
        """Replace the text of the file. Raises ``OSError``."""
        await asyncio.to_thread(self._path.write_text, text, encoding="utf-8")


async def sync_if_changed(tree: app_commands.CommandTree[Any], record: CommandRecord) -> bool:
    """Register the commands of ``tree`` unless ``record`` says that they were registered last and
    Discord still lists them as it did then. Return whether they were registered. Raises what
    discord.py raises."""
    digest = await _digest(tree)
    known = _parsed(await record.read())
    if known.digest == digest and known.ids and await _is_listed(tree, known):
        set_registered(known.ids)
        return False
    ids = {command.name: command.id for command in await tree.sync()}
    set_registered(ids)
    try:
        versions = await _listed(tree)
    except _UNREACHABLE as error:
        # They are registered; without their versions the next start registers them again.
        _warn(error)
        return True
    await record.write(f"{digest}\n{json.dumps(ids)}\n{json.dumps(versions)}\n")
    _log.info("commands registered")
    return True


async def payloads(tree: app_commands.CommandTree[Any]) -> list[dict[str, Any]]:
    """Return the commands as they are sent to Discord, by type and name."""
    translator = tree.translator
    commands = [
        await command.get_translated_payload(tree, translator)
        if translator
        else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    return sorted(commands, key=lambda command: (command.get("type", 1), command["name"]))


async def _is_listed(tree: app_commands.CommandTree[Any], known: _Registered) -> bool:
    """Return whether Discord lists what was registered; True if it can't be asked at present."""
    try:
        return await _listed(tree) == known.versions
    except _UNREACHABLE as error:
        _warn(error)
        return True


def _warn(error: Exception) -> None:
    _log.warning("Discord could not be asked for its commands (%s)", type(error).__name__)


async def _listed(tree: app_commands.CommandTree[Any]) -> dict[str, str]:
    """Return by id the version of each command that Discord lists."""
    client = tree.client
    if client.application_id is None:
        raise app_commands.MissingApplicationID
    # discord.py's own objects lack the version.
    commands = await client.http.get_global_commands(client.application_id)
    return {str(command["id"]): str(command["version"]) for command in commands}


async def _digest(tree: app_commands.CommandTree[Any]) -> str:
    commands = await payloads(tree)
    text = json.dumps([tree.client.application_id, commands], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _parsed(text: str) -> _Registered:
    """Return what was registered last; empty if nothing was, or by another version of the
    program."""
    try:
        digest, ids, versions = text.splitlines()
        return _Registered(digest, json.loads(ids), json.loads(versions))
    except ValueError:
        return _Registered("", {}, {})
