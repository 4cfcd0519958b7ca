"""``/subscribe``, and the cog with ``/subscriptions``."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs._moderator_checks import in_servers
from bot.cogs.ask._autocomplete import suggest_sources
from bot.cogs.ask._delivery import may_answer
from bot.cogs.summaries._digest_delivery import what_of
from bot.cogs.summaries._subscription_list_commands import (
    WEEKDAYS,
    SubscriptionListCommands,
    when_of,
    where_of,
)
from bot.errors import UserError
from bot.i18n.translator import command_text
from bot.services.answers import require_source
from bot.services.clock_times import minute_of, quiet_minutes
from bot.services.permissions import RequestContext
from bot.services.time_zones import zone_named, zones_like
from bot.storage.subscriptions import (
    Subscription,
    active_subscriptions,
    add_subscription,
)
from bot.subscriptions.runner import schedule_of
from bot.ui.escaping import plain
from bot.ui.pages import note

_MOST = 10  # subscriptions of one person
_SHOWN = 25

Words = app_commands.Range[str, 1, 100]
Clock = app_commands.Range[str, 1, 20]
# Where messages can be written: text and announcement channels, threads, chats of voice and stage.
Target = discord.TextChannel | discord.Thread | discord.VoiceChannel | discord.StageChannel
Zone = app_commands.Range[str, 1, 60]


class SubscriptionCommands(SubscriptionListCommands):
    """The commands of ``/subscribe`` and ``/subscriptions``."""

    # What is sent comes from a server's articles, so it is chosen there; it is listed anywhere.
    subscribe = in_servers(
        app_commands.Group(name="subscribe", description=command_text("command-subscribe"))
    )

    def __init__(self, services: Services) -> None:
        self._services = services

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Start sending, now that servers are known. Discord may send this event again."""
        self._services.subscriptions.start()

    async def cog_unload(self) -> None:
        """Stop sending."""
        await self._services.subscriptions.stop()

    @subscribe.command(name="digest", description=command_text("command-subscribe-digest"))
    @app_commands.describe(
        at=command_text("command-subscribe-time"),
        zone=command_text("command-subscribe-zone"),
        weekday=command_text("command-subscribe-weekday"),
        topic=command_text("command-digest-topic"),
        source=command_text("command-ask-source"),
        channel=command_text("command-subscribe-channel"),
        tell_if_nothing=command_text("command-subscribe-nothing"),
    )
    @app_commands.choices(weekday=WEEKDAYS)
    async def digest(
        self,
        interaction: discord.Interaction[Any],
        at: Clock,
        zone: Zone | None = None,
        weekday: app_commands.Choice[int] | None = None,
        topic: Words | None = None,
        source: Words | None = None,
        channel: Target | None = None,
        tell_if_nothing: bool = False,
    ) -> None:
        context = await self._admitted(interaction, channel)
        name = self._zone(context, zone)
        if source and context.corpus:
            await require_source(self._services.library, context.corpus, source)
        made = await self._add(
            interaction,
            context,
            kind="digest",
            zone=name,
            channel=channel,
            topic=topic,
            source=source,
            at_minute=minute_of(at, interaction.locale.value),
            tell_if_nothing=tell_if_nothing,
            weekday=weekday.value if weekday else None,
        )
        following = schedule_of(made).next(self._services.library.clock())
        words = context.say(
            "subscribed-digest",
            what=what_of(made, context.say),
            when=when_of(made, context.say),
            where=where_of(made, context.say),
            next=f"<t:{int(following.timestamp())}:F>",
        )
        await interaction.response.send_message(embed=note(words).embed, ephemeral=True)

    @subscribe.command(name="topic", description=command_text("command-subscribe-topic"))
    @app_commands.describe(
        topic=command_text("command-timeline-topic"),
        most_a_day=command_text("command-subscribe-most"),
        quiet_from=command_text("command-subscribe-quiet-from"),
        quiet_until=command_text("command-subscribe-quiet-until"),
        zone=command_text("command-subscribe-zone"),
        channel=command_text("command-subscribe-channel"),
    )
    async def topic(
        self,
        interaction: discord.Interaction[Any],
        topic: Words,
        most_a_day: app_commands.Range[int, 1, 24] = 5,
        quiet_from: Clock | None = None,
        quiet_until: Clock | None = None,
        zone: Zone | None = None,
        channel: Target | None = None,
    ) -> None:
        context = await self._admitted(interaction, channel)
        name = self._zone(context, zone)
        start, end = quiet_minutes(quiet_from, quiet_until, interaction.locale.value)
        made = await self._add(
            interaction,
            context,
            kind="topic",
            zone=name,
            channel=channel,
            topic=topic,
            most_a_day=most_a_day,
            quiet_from=start,
            quiet_until=end,
        )
        words = context.say(
            "subscribed-topic",
            topic=plain(topic, 100),
            when=when_of(made, context.say),
            where=where_of(made, context.say),
        )
        await interaction.response.send_message(embed=note(words).embed, ephemeral=True)

    @digest.autocomplete("source")
    async def _sources(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return await suggest_sources(self._services, interaction, typed)

    @digest.autocomplete("zone")
    @topic.autocomplete("zone")
    async def _zones(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name, value=name) for name in zones_like(typed, _SHOWN)]

    async def _admitted(
        self, interaction: discord.Interaction[Any], channel: Target | None
    ) -> RequestContext:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_asking()
        if context.guild_id is None:
            raise UserError("server-only")
        if channel is not None:
            context.require_moderator()
            if not may_answer(channel, channel.guild):
                raise UserError("not-allowed")
        mine = await active_subscriptions(self._services.library.database, user_id=context.user.id)
        if len(mine) >= _MOST:
            raise UserError("subscriptions-too-many", most=_MOST)
        return context

    async def _add(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        *,
        kind: Any,
        zone: str,
        channel: Target | None,
        **fields: Any,
    ) -> Subscription:
        now = self._services.library.clock()
        return await add_subscription(
            self._services.library.database,
            Subscription(
                id=0,
                kind=kind,
                corpus=context.corpus or "",
                guild_id=context.guild_id,
                channel_id=channel.id if channel else None,
                user_id=context.user.id,
                zone=zone,
                created_at=now,
                done_until=now,
                locale=context.settings.language or interaction.locale.value,
                **fields,
            ),
        )

    def _zone(self, context: RequestContext, name: str | None) -> str:
        """Return the zone named, else the server's. Raises ``UserError`` with a similar name."""
        if name is not None:
            return zone_named(name)
        return context.settings.zone or self._services.settings.timezone
