"""Telling Discord of our commands, only when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from discord import app_commands

from bot.i18n.command_names import set_registered

_log = logging.getLogger(__name__)


async def sync_if_changed(tree: app_commands.CommandTree[Any], folder: Path) -> bool:
    """Register the commands of ``tree`` if they are not those registered last from ``folder``."""
    path = folder / "discord-commands.txt"
    digest = await _digest(tree)
    known, ids = await asyncio.to_thread(_read, path)
    if known == digest and ids:
        set_registered(ids)
        return False
    ids = {command.name: command.id for command in await tree.sync()}
    set_registered(ids)
    text = f"{digest}\n{json.dumps(ids)}\n"
    await asyncio.to_thread(path.write_text, text, encoding="utf-8")
    _log.info("commands registered")
    return True


async def payloads(tree: app_commands.CommandTree[Any]) -> list[dict[str, Any]]:
    """The commands as they are sent to Discord, by their type and name."""
    translator = tree.translator
    commands = [
        await command.get_translated_payload(tree, translator)
        if translator
        else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    return sorted(commands, key=lambda command: (command.get("type", 1), command["name"]))


async def _digest(tree: app_commands.CommandTree[Any]) -> str:
    commands = await payloads(tree)
    text = json.dumps([tree.client.application_id, commands], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _read(path: Path) -> tuple[str, dict[str, int]]:
    """The digest of the commands that were registered last, and their ids by name."""
    try:
        digest, _, ids = path.read_text(encoding="utf-8").partition("\n")
        return digest.strip(), json.loads(ids or "{}")
    except (OSError, ValueError):
        return "", {}
