"""Summaries, digests and timelines, on demand and by subscription."""

from __future__ import annotations

from functools import partial

from bot.client import NewsdeskBot
from bot.cogs.summaries._digest_delivery import DiscordDigestSender
from bot.cogs.summaries._service import SummaryRunner
from bot.cogs.summaries._subscribe_commands import SubscriptionCommands
from bot.cogs.summaries._summary_commands import SummaryCommands
from bot.subscriptions.runner import SubscriptionRunner
from bot.ui.pager import PageButton


async def setup(bot: NewsdeskBot) -> None:
    services = bot.services
    runner = SummaryRunner(services)
    services.components.page_turner = runner
    bot.add_dynamic_items(PageButton)
    library = services.library
    services.subscriptions = SubscriptionRunner(
        library.catalogue,
        services.summaries,
        DiscordDigestSender(bot, services, runner),
        lambda: library.clock(),
        partial(services.roles.alone, "digests"),
    )
    await bot.add_cog(SummaryCommands(bot, services, runner))
    await bot.add_cog(SubscriptionCommands(services))
