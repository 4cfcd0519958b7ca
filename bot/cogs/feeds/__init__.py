"""Feeds: what is fetched automatically, and what of it is posted to channels."""

from __future__ import annotations

from functools import partial

from bot.client import NewsdeskBot
from bot.cogs.feeds._feed_commands import FeedCommands
from bot.cogs.feeds._post_delivery import DiscordPostSender
from bot.services.failing_feeds import FailingFeedsReport
from bot.subscriptions.post_runner import PostRunner


async def setup(bot: NewsdeskBot) -> None:
    services = bot.services
    library = services.library
    services.posts = PostRunner(
        library,
        services.ingestion.feeds.feeds,
        DiscordPostSender(bot, services),
        lambda: library.clock(),
        partial(services.roles.alone, "posts"),
    )
    services.failing_feeds = FailingFeedsReport(
        bot,
        library,
        services.ingestion.feeds,
        services.guild_settings,
        services.contexts,
        services.roles,
        services.posts.blocked,
    )
    await bot.add_cog(FeedCommands(services))
