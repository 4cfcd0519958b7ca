"""Asking: ``/ask``, mentions, replies, threads, direct messages, and the buttons under answers."""

from __future__ import annotations

from bot.client import NewsdeskBot
from bot.cogs.ask._ask_commands import AskCommands
from bot.cogs.ask._buttons import AnswerPresses
from bot.cogs.ask._dm_corpora import DirectCorpora
from bot.cogs.ask._messages import AskMessages
from bot.cogs.ask._service import Asking
from bot.ui.buttons import AnswerButton
from bot.ui.choices import ServerMenu


async def setup(bot: NewsdeskBot) -> None:
    asking = bot.asking = Asking(bot, DirectCorpora(bot))
    bot.presses = AnswerPresses(bot, asking)
    bot.add_dynamic_items(AnswerButton, ServerMenu)
    await bot.add_cog(AskCommands(bot, asking))
    await bot.add_cog(AskMessages(bot, asking))
