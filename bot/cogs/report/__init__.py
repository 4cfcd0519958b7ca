"""``/report``: what was asked and answered; moderators' notes on answers."""

from __future__ import annotations

from bot.client import NewsdeskBot
from bot.cogs.report._notes import AnswerNoteHandlers
from bot.cogs.report._report_commands import ReportCommands
from bot.ui.report import NoteButton, ReportMenu


async def setup(bot: NewsdeskBot) -> None:
    handlers = AnswerNoteHandlers(bot, bot.services)
    bot.services.components.notes = handlers
    bot.add_dynamic_items(NoteButton, ReportMenu)
    await bot.add_cog(ReportCommands(bot, bot.services, handlers))
