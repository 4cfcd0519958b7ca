"""Asking: ``/ask``, mentions, replies, threads, direct messages, and the buttons under answers."""

from __future__ import annotations

from bot.client import NewsdeskBot
from bot.cogs.ask._ask_commands import AskCommands
from bot.cogs.ask._buttons import AnswerButtonHandlers
from bot.cogs.ask._messages import AskMessages
from bot.ui.buttons import AnswerButton
from bot.ui.choices import ServerMenu


async def setup(bot: NewsdeskBot) -> None:
    services = bot.services
    handlers = AnswerButtonHandlers(services)
    services.components.answer_buttons = services.components.guild_menu = handlers
    bot.add_dynamic_items(AnswerButton, ServerMenu)
    await bot.add_cog(AskCommands(bot, services))
    await bot.add_cog(AskMessages(bot, services))
