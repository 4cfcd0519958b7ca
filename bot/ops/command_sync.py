"""Telling Discord of our commands, only when they changed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

from discord import app_commands

_log = logging.getLogger(__name__)


async def sync_if_changed(tree: app_commands.CommandTree[Any], folder: Path) -> bool:
    """Register the commands of ``tree`` if they are not those registered last from ``folder``."""
    path = folder / "discord-commands.txt"
    digest = await _digest(tree)
    if await asyncio.to_thread(_read, path) == digest:
        return False
    await tree.sync()
    await asyncio.to_thread(path.write_text, digest, encoding="utf-8")
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


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None
