"""Subscriptions over a long time on Discord's stand-in, whose clock is moved.

Every day Discord refuses to open direct messages when one is due, and the channel may not be written to
for the hour in which its digest is due; every hour the program starts anew, and every third day it
dies between sending and noting it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.client import NewsdeskBot
from bot.cogs.summaries._digest_delivery import DiscordDigestSender
from bot.cogs.summaries._direct_channels import DirectChannels
from bot.storage.subscriptions import Subscription, active_subscriptions, add_subscription
from bot.subscriptions.runner import SubscriptionRunner
from tests.discord_standin import Channel, DiscordStandIn, User
from tests.integration.discord.looking import footer

_STEP = timedelta(minutes=30)
# From half past five UTC on, for two hours, no direct message can be opened.
_CLOSES, _CLOSED_SECONDS = (5, 30), 7_200.0
_FORBIDDEN_HOUR = 8


@dataclass(frozen=True)
class Outcome:
    """Messages that came to the channel and to two people, those due, and subscriptions alive."""

    came: tuple[int, int, int]
    due: tuple[int, int, int]
    active: int
    refused: int


class _DiesAfterSending(DiscordDigestSender):
    dies = False

    async def deliver(self, *arguments: Any) -> None:
        await super().deliver(*arguments)
        if self.dies:
            raise RuntimeError("the program ends here")


async def play(bot: NewsdeskBot, standin: DiscordStandIn, days: int) -> Outcome:
    """Let ``days`` pass in steps of half an hour."""
    library = bot.services.library
    library.clock = lambda: datetime.fromtimestamp(standin.clock.now(), UTC)
    await bot.wait_until_ready()
    # Started before it is stopped, it doesn't begin once the bot hears that it is ready: there is one
    # runner at a time.
    bot.services.subscriptions.start()
    await bot.services.subscriptions.stop()
    guild = standin.guild("Harbour News")
    channel, ada, bob = standin.channel(guild), standin.member(guild, "Ada"), standin.member(guild, "Bob")  # fmt: skip
    start = library.clock()
    midnight = (start + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    standin.clock.advance((midnight - start).total_seconds())
    corpus = bot.services.contexts.corpus_of(guild.id)
    await library.ensure_corpus(corpus)

    async def subscribe(to: Channel | User, zone: str, minute: int, **more: Any) -> None:
        where = to.id if isinstance(to, Channel) else None
        who = to.id if isinstance(to, User) else ada.id
        now = library.clock()
        one = Subscription(
            id=0, kind="digest", corpus=corpus, guild_id=guild.id, channel_id=where, user_id=who,
            zone=zone, created_at=now, done_until=now, at_minute=minute, tell_if_nothing=True, **more,
        )  # fmt: skip
        await add_subscription(library.database, one)

    await subscribe(channel, "UTC", _FORBIDDEN_HOUR * 60)
    await subscribe(ada, "Europe/Berlin", 8 * 60)
    await subscribe(bob, "America/New_York", 7 * 60 + 30, weekday=0)
    moment = midnight
    sender, runner = _started(bot, standin)
    while moment < midnight + timedelta(days=days):
        day = (moment - midnight).days
        if moment.minute == 0:
            sender, runner = _started(bot, standin)
            if moment.hour == _FORBIDDEN_HOUR:
                standin.deny(channel, "send_messages")
            elif moment.hour == _FORBIDDEN_HOUR + 1:
                standin.allow(channel, "send_messages")
        if (moment.hour, moment.minute) == _CLOSES:
            standin.close_directs(_CLOSED_SECONDS)
        sender.dies = day % 3 == 0
        await runner.tick()
        if sender.dies and runner._backoff.failed:
            sender, runner = _started(bot, standin)
        moment += _STEP
        standin.clock.advance((moment - library.clock()).total_seconds())
    refused = sum("Missing Permissions" in str(r) or "too fast" in str(r) for r in standin.refusals)
    came = tuple(
        len([m for m in standin.bot_messages(place) if "id " in footer(m)])
        for place in (channel, ada.direct, bob.direct)
    )
    mondays = sum((midnight + timedelta(days=n)).weekday() == 0 for n in range(days))
    active = len(await active_subscriptions(library.database))
    return Outcome((came[0], came[1], came[2]), (days, days, mondays), active, refused)


def _started(
    bot: NewsdeskBot, standin: DiscordStandIn
) -> tuple[_DiesAfterSending, SubscriptionRunner]:
    """What a new start of the program has: nothing in memory, no direct channel open."""
    state: Any = bot._connection
    state._private_channels.clear()
    state._private_channels_by_user.clear()
    services: Any = bot.services
    sender = _DiesAfterSending(bot, services, services.components.page_turner)
    sender._direct = DirectChannels(bot, standin.clock.now)
    made = SubscriptionRunner(
        services.library.catalogue, services.summaries, sender, lambda: services.library.clock()
    )
    return sender, made
