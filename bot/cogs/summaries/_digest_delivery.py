"""Deliver what people subscribed to, in channels and direct messages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import discord

from bot.answering.summaries.service import Digest
from bot.bootstrap import Services
from bot.cogs.summaries._direct_channels import DirectChannels
from bot.cogs.summaries._pictures import digest_pictures
from bot.cogs.summaries._service import SummaryRunner
from bot.i18n import Say, translator_for
from bot.storage.answers import set_message
from bot.storage.subscriptions import Delivery, Subscription
from bot.subscriptions.runner import DeliveryImpossible, DeliveryRefused
from bot.ui.delivery_channels import join
from bot.ui.escaping import plain
from bot.ui.failures import described
from bot.ui.layouts import shown_texts
from bot.ui.pager import page_view
from bot.ui.pages import Page, note
from bot.ui.summaries import SummaryContext, digest_pages

_LOOKED_AT = 50  # messages searched for one that may have arrived
_ABOUT_NOW = timedelta(minutes=2)  # how far Discord's clock may differ from ours
_NO_CHANNEL, _NO_MEMBER, _NO_USER, _NO_DIRECT = 10003, 10007, 10013, 50007
# Discord's permanent refusals; every other one may pass.
_FINAL = {
    _NO_CHANNEL: "ended-channel-gone",
    _NO_MEMBER: "ended-left-server",
    _NO_USER: "ended-no-user",
    _NO_DIRECT: "ended-no-direct",
}


class DiscordDigestSender:
    """Sends digests and alerts to Discord."""

    def __init__(self, client: discord.Client, services: Services, runner: SummaryRunner) -> None:
        self._client = client
        self._direct = DirectChannels(client)
        self._services = services
        self._runner = runner

    async def deliver(self, subscription: Subscription, digest: Digest | None, nonce: str) -> None:
        """Send a digest, or that there is nothing new if it is None. Raises ``DeliveryImpossible``,
        ``DeliveryRefused`` and what discord.py raises."""
        say = translator_for(subscription.locale)
        channel = await self._channel(subscription, say)
        around = SummaryContext(nonce[:8], self._services.library.clock(), say)
        if digest is None:
            nothing = note(say("nothing-new"))
            nothing.embed.set_footer(text=say("footer-id", id=around.id))
            pages = [nothing]
        else:
            title = None
            if subscription.kind == "topic":
                title = say("alert-title", topic=subscription.topic or "")
            settings = await self._services.guild_settings.of(subscription.guild_id)
            pictures = await digest_pictures(self._services, settings, digest)
            pages = digest_pages(digest, around, title, pictures=pictures)
        await self._send(subscription, channel, pages, around, nonce)

    async def has_arrived(self, subscription: Subscription, delivery: Delivery) -> bool:
        """Return whether a message since the beginning of the delivery bears its id. Raises as
        ``deliver`` does."""
        say = translator_for(subscription.locale)
        channel = await self._channel(subscription, say)
        me = self._client.user
        try:
            async for message in channel.history(after=delivery.at - _ABOUT_NOW, limit=_LOOKED_AT):
                mine = me is not None and message.author.id == me.id
                if mine and any(delivery.id[:8] in text for text in shown_texts(message)):
                    return True
        except discord.Forbidden:
            return False  # it may write but not read there: the nonce has to suffice
        return False

    async def tell_end(self, subscription: Subscription, why: str) -> None:
        """Tell the subscriber that a subscription has ended, and why."""
        say = translator_for(subscription.locale)
        user = self._client.get_user(subscription.user_id) or await self._client.fetch_user(
            subscription.user_id
        )
        words = say("subscription-ended", what=what_of(subscription, say), why=why)
        await user.send(embed=note(words).embed)

    async def _channel(self, subscription: Subscription, say: Say) -> discord.abc.Messageable:
        """Return the target channel. Raises ``DeliveryImpossible`` if it is gone, and
        ``DeliveryRefused`` if the bot may not write there at present."""
        with _refusals_told(say):
            if subscription.channel_id is None:
                await self._require_member(subscription, say)
                return await self._direct.of(subscription.user_id)
            channel = self._client.get_channel(
                subscription.channel_id
            ) or await self._client.fetch_channel(subscription.channel_id)
            if not isinstance(channel, discord.abc.Messageable):
                raise DeliveryRefused(say("ended-channel-gone"))
            return channel

    async def _require_member(self, subscription: Subscription, say: Say) -> None:
        """Ensure that the subscriber is still a member of the server whose articles these are."""
        if subscription.guild_id is None:
            return
        # Ask Discord, not the cache: an unavailable server doesn't end a subscription.
        member = await self._client.http.get_member(subscription.guild_id, subscription.user_id)
        settings = await self._services.guild_settings.of(subscription.guild_id)
        may_ask = {*settings.ask_roles, *settings.moderator_roles}
        if settings.ask_roles and not may_ask & {int(role) for role in member["roles"]}:
            raise DeliveryRefused(say("ended-not-allowed"))

    async def _send(
        self,
        subscription: Subscription,
        channel: discord.abc.Messageable,
        pages: list[Page],
        around: SummaryContext,
        nonce: str,
    ) -> None:
        say, first = around.say, pages[0]
        view = page_view(around.id, 0, len(pages), say)
        private = subscription.channel_id is None
        target = await channel._get_channel()
        if view is not None:
            await self._runner.keep(
                around.id,
                pages,
                subscription.corpus,
                None if private else subscription.guild_id,
                target.id,
                subscription.user_id,
                private=private,
            )
        await join(channel)
        with _refusals_told(say):
            # discord.py lets Discord enforce the nonce: the same message is accepted once.
            try:
                message = await channel.send(nonce=nonce, **replace(first, view=view).sent())
            except discord.HTTPException as error:
                self._direct.note(error)
                raise
        if view is not None:
            database = self._services.library.database
            await set_message(database, around.id, message.channel.id, message.id)


@contextlib.contextmanager
def _refusals_told(say: Say) -> Iterator[None]:
    """Turn Discord's refusals in the block into permanent or passing ones, with texts for the
    subscriber."""
    try:
        yield
    except (discord.NotFound, discord.Forbidden) as error:
        if error.code in _FINAL:
            raise DeliveryImpossible(say(_FINAL[error.code])) from error
        raise DeliveryRefused(f"{say('ended-not-allowed')} ({described(error)})") from error


def what_of(subscription: Subscription, say: Say) -> str:
    """Return what a subscription sends, escaped: ``digest on bridges``."""
    if subscription.topic is None:
        return say("subscription-what-digest")
    kind = "topic" if subscription.kind == "topic" else "digest-topic"
    return say(f"subscription-what-{kind}", topic=plain(subscription.topic, 100))
