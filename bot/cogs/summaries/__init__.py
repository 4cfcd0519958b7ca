"""Summaries, digests, timelines, and having them sent."""

from __future__ import annotations

from bot.client import NewsdeskBot
from bot.cogs.summaries._digest_delivery import DiscordDigestSender
from bot.cogs.summaries._service import SummaryRunner
from bot.cogs.summaries._subscribe_commands import SubscriptionCommands
from bot.cogs.summaries._summary_commands import SummaryCommands
from bot.subscriptions.runner import SubscriptionRunner
from bot.ui.pager import PageButton


async def setup(bot: NewsdeskBot) -> None:
    asking = bot.asking
    serving = SummaryRunner(bot, asking)
    bot.pages = serving
    bot.add_dynamic_items(PageButton)
    courier = DiscordDigestSender(bot, serving)
    bot.subscriptions = SubscriptionRunner(
        bot.library.catalogue, bot.summaries, courier, lambda: bot.library.clock()
    )
    await bot.add_cog(SummaryCommands(bot, serving, asking))
    await bot.add_cog(SubscriptionCommands(bot))
