"""``/setup``, and the greeting when the bot joins a server."""

from __future__ import annotations

from bot.client import NewsdeskBot
from bot.cogs.setup._setup_commands import SetupCommands
from bot.ui.setup import SetupButton, SetupMenu


async def setup(bot: NewsdeskBot) -> None:
    cog = SetupCommands(bot.services)
    bot.services.components.setup = cog
    bot.add_dynamic_items(SetupButton, SetupMenu)
    await bot.add_cog(cog)
