"""Asking: ``/ask``, mentions, replies, threads, direct messages, and the buttons under answers."""

from __future__ import annotations

from bot.client import NewsdeskBot
from bot.cogs.ask._ask_commands import AskCommands
from bot.cogs.ask._buttons import AnswerButtonHandlers
from bot.cogs.ask._dm_corpora import DMGuildResolver
from bot.cogs.ask._messages import AskMessages
from bot.cogs.ask._service import AskService
from bot.ui.buttons import AnswerButton
from bot.ui.choices import ServerMenu


async def setup(bot: NewsdeskBot) -> None:
    asking = bot.asking = AskService(bot, DMGuildResolver(bot))
    bot.presses = AnswerButtonHandlers(bot, asking)
    bot.add_dynamic_items(AnswerButton, ServerMenu)
    await bot.add_cog(AskCommands(bot, asking))
    await bot.add_cog(AskMessages(bot, asking))
