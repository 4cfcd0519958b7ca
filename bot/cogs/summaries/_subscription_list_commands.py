"""``/subscriptions``: list, change, pause and end what is sent to somebody."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs.ask._autocomplete import holds_words
from bot.cogs.summaries._digest_delivery import what_of
from bot.errors import UserError
from bot.i18n import Say
from bot.i18n.translator import command_text
from bot.services.clock_times import clock, minute_of, quiet_minutes
from bot.services.permissions import RequestContext
from bot.services.time_zones import zone_named
from bot.storage.subscriptions import (
    Subscription,
    active_subscriptions,
    done_until,
    edit_subscription,
    end_subscription,
    pause_subscription,
    subscription_by_id,
)
from bot.subscriptions.runner import schedule_of
from bot.ui.escaping import unmarked
from bot.ui.pages import note
from retrieval.text.calendar_names import WEEKDAY_NAMES

_SHOWN = 25
WEEKDAYS = [
    app_commands.Choice(name=name.capitalize(), value=n) for n, name in enumerate(WEEKDAY_NAMES)
]
_EVERY_DAY = app_commands.Choice(name="day", value=len(WEEKDAYS))
_OF_DIGESTS = frozenset({"at_minute", "weekday"})
_OF_ALERTS = frozenset({"most_a_day", "quiet_from", "quiet_until"})


class SubscriptionListCommands(commands.Cog):
    """The commands of ``/subscriptions``, as a base of the cog of subscriptions."""

    _services: Services

    subscriptions = app_commands.Group(
        name="subscriptions", description=command_text("command-subscriptions")
    )

    @subscriptions.command(name="list", description=command_text("command-subscriptions-list"))
    async def list_them(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        mine = await self._theirs(context)
        say = context.say
        lines = [
            say(
                "subscription-line",
                id=one.id,
                what=what_of(one, say),
                when=when_of(one, say),
                where=where_of(one, say),
                paused=say("subscription-paused") if one.paused else "",
            )
            for one in mine[:_SHOWN]
        ]
        words = "\n".join(lines) or say("subscriptions-none")
        await interaction.response.send_message(embed=note(words).embed, ephemeral=True)

    @subscriptions.command(name="pause", description=command_text("command-subscriptions-pause"))
    @app_commands.rename(which="id")
    @app_commands.describe(which=command_text("command-subscriptions-id"))
    async def pause(self, interaction: discord.Interaction[Any], which: int) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        one = await self._one(context, which)
        await self._pause(interaction, context, one, paused=True)

    @subscriptions.command(name="resume", description=command_text("command-subscriptions-resume"))
    @app_commands.rename(which="id")
    @app_commands.describe(which=command_text("command-subscriptions-id"))
    async def resume(self, interaction: discord.Interaction[Any], which: int) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        one = await self._one(context, which)
        await self._pause(interaction, context, one, paused=False)

    @subscriptions.command(name="edit", description=command_text("command-subscriptions-edit"))
    @app_commands.rename(which="id")
    @app_commands.describe(
        which=command_text("command-subscriptions-id"),
        at=command_text("command-subscribe-time"),
        weekday=command_text("command-subscriptions-weekday"),
        topic=command_text("command-digest-topic"),
        most_a_day=command_text("command-subscribe-most"),
        quiet_from=command_text("command-subscribe-quiet-from"),
        quiet_until=command_text("command-subscribe-quiet-until"),
        zone=command_text("command-subscribe-zone"),
    )
    @app_commands.choices(weekday=[*WEEKDAYS, _EVERY_DAY])
    async def edit(
        self,
        interaction: discord.Interaction[Any],
        which: int,
        at: app_commands.Range[str, 1, 20] | None = None,
        weekday: app_commands.Choice[int] | None = None,
        topic: app_commands.Range[str, 1, 100] | None = None,
        most_a_day: app_commands.Range[int, 1, 24] | None = None,
        quiet_from: app_commands.Range[str, 1, 20] | None = None,
        quiet_until: app_commands.Range[str, 1, 20] | None = None,
        zone: app_commands.Range[str, 1, 60] | None = None,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        one = await self._one(context, which)
        before = one.quiet_from, one.quiet_until
        start, end = quiet_minutes(quiet_from, quiet_until, interaction.locale.value, before)
        is_digest = one.kind == "digest"
        given: dict[str, Any] = {
            "at_minute": minute_of(at, interaction.locale.value) if at else None,
            "topic": topic,
            "most_a_day": most_a_day,
            "quiet_from": start,
            "quiet_until": end,
            "zone": zone_named(zone) if zone else None,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        if weekday is not None:
            changes["weekday"] = weekday.value if weekday.value != _EVERY_DAY.value else None
        other = _OF_ALERTS if is_digest else _OF_DIGESTS
        if not changes or other & changes.keys():
            raise UserError("subscription-edit-digest" if is_digest else "subscription-edit-topic")
        now, database = self._services.library.clock(), self._services.library.database
        edited = await edit_subscription(database, one, **changes)
        if is_digest:
            # Today's digest isn't sent late if its new time has already passed.
            due = schedule_of(edited).due(now, edited.done_until)
            if due is not None:
                await done_until(database, one.id, due)
        words = context.say(
            "subscription-edited",
            id=one.id,
            what=what_of(edited, context.say),
            when=when_of(edited, context.say),
        )
        await interaction.response.send_message(embed=note(words).embed, ephemeral=True)

    @subscriptions.command(name="remove", description=command_text("command-subscriptions-remove"))
    @app_commands.rename(which="id")
    @app_commands.describe(which=command_text("command-subscriptions-id"))
    async def remove(self, interaction: discord.Interaction[Any], which: int) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        one = await self._one(context, which)
        now = self._services.library.clock()
        await end_subscription(self._services.library.database, one.id, "removed", now)
        await interaction.response.send_message(
            embed=note(context.say("subscription-removed", id=one.id)).embed, ephemeral=True
        )

    @pause.autocomplete("which")
    @resume.autocomplete("which")
    @edit.autocomplete("which")
    @remove.autocomplete("which")
    async def _ids(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[int]]:
        context = await self._services.contexts.of_interaction(interaction)
        named = [
            (unmarked(f"{one.id}: {what_of(one, context.say)}", 100), one.id)
            for one in await self._theirs(context)
        ]
        return [
            app_commands.Choice(name=name, value=number)
            for name, number in named
            if holds_words(name, str(typed))
        ][:_SHOWN]

    async def _pause(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        one: Subscription,
        *,
        paused: bool,
    ) -> None:
        if one.paused != paused:
            now = self._services.library.clock()
            await pause_subscription(self._services.library.database, one.id, paused, now)
        key = "subscription-is-paused" if paused else "subscription-goes-on"
        words = context.say(key, id=one.id)
        await interaction.response.send_message(embed=note(words).embed, ephemeral=True)

    async def _theirs(self, context: RequestContext) -> list[Subscription]:
        """Return a person's own subscriptions; for a moderator also those to the server's
        channels."""
        database = self._services.library.database
        mine = await active_subscriptions(database, user_id=context.user.id)
        if context.guild_id is None or not context.is_moderator:
            return mine
        here = await active_subscriptions(database, guild_id=context.guild_id)
        return [*mine, *(s for s in here if s.channel_id is not None and s not in mine)]

    async def _one(self, context: RequestContext, which: int) -> Subscription:
        one = await subscription_by_id(self._services.library.database, which)
        if one is None or one not in await self._theirs(context):
            raise UserError("subscription-unknown", id=which)
        return one


def when_of(subscription: Subscription, say: Say) -> str:
    """Return when a subscription sends, in words."""
    if subscription.at_minute is None:
        often = say("subscription-alerts", most=subscription.most_a_day)
        start, end = subscription.quiet_from, subscription.quiet_until
        if start is None or end is None:
            return often
        hours = {"start": clock(start), "end": clock(end)}
        return say("subscription-quiet", when=often, zone=subscription.zone, **hours)
    at = clock(subscription.at_minute)
    if subscription.weekday is None:
        return say("subscription-daily", time=at, zone=subscription.zone)
    day = say(f"weekday-{subscription.weekday}")
    return say("subscription-weekly", day=day, time=at, zone=subscription.zone)


def where_of(subscription: Subscription, say: Say) -> str:
    """Return where a subscription sends: a channel, or direct messages."""
    if subscription.channel_id is None:
        return say("subscription-direct")
    return f"<#{subscription.channel_id}>"
