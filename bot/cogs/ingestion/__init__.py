"""Ingestion: ``/ingest`` and the entry "Ingest this" of a message's menu."""

from __future__ import annotations

from bot.client import NewsdeskBot
from bot.cogs.ingestion._ingest_commands import IngestCommands
from bot.ui.jobs import CancelButton


async def setup(bot: NewsdeskBot) -> None:
    bot.add_dynamic_items(CancelButton)
    await bot.add_cog(IngestCommands(bot, bot.services))
