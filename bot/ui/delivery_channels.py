"""Ways to show an answer: in the response to a command, in a channel, directly.

Each shows one message and edits it. All methods raise what discord.py raises.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from typing import Any

import aiohttp
import discord

from bot.ui.failures import NO_HISTORY, THREAD_ARCHIVED
from bot.ui.pages import Page


class DeliveryChannel(ABC):
    """``message`` is the last message shown, the one with the buttons; ``earlier`` are the ids of
    those above it."""

    message: discord.Message | discord.PartialMessage | None = None
    earlier: tuple[int, ...] = ()

    def _goes_on(self) -> None:
        if self.message is not None:
            self.earlier = (*self.earlier, self.message.id)

    @abstractmethod
    async def show(self, page: Page) -> None:
        """Show the first page, or replace it."""

    @abstractmethod
    async def add(self, page: Page) -> None:
        """Show one more page below."""

    async def withdraw(self) -> None:
        """Remove what was shown, since the answer goes elsewhere."""


class InteractionDelivery(DeliveryChannel):
    """The response to a deferred interaction, visible to one person if it is private."""

    def __init__(self, interaction: discord.Interaction[Any], *, private: bool) -> None:
        self._interaction = interaction
        self._private = private

    async def show(self, page: Page) -> None:
        shown = self.message if isinstance(self.message, discord.Message) else None
        page = page.fitting(shown)
        self.message = await self._interaction.edit_original_response(**page.edited())

    async def add(self, page: Page) -> None:
        self._goes_on()
        self.message = await self._interaction.followup.send(
            ephemeral=self._private, wait=True, **page.sent()
        )

    async def withdraw(self) -> None:
        # The token has expired; a public response can still be deleted like any own message.
        if not self._private and self.message is not None and self._interaction.channel is not None:
            channel: Any = self._interaction.channel
            await channel.get_partial_message(self.message.id).delete()


class ChannelDelivery(DeliveryChannel):
    """A message in a channel, as a reply if there is a message to reply to."""

    def __init__(
        self, channel: discord.abc.Messageable, reply_to: discord.Message | None, nonce: str
    ) -> None:
        self._channel = channel
        self._reply_to = reply_to
        self._nonce = nonce
        self._first: discord.Message | None = None
        self._count = 0

    async def show(self, page: Page) -> None:
        if self._first is None:
            await join(self._channel)
            self._first = self.message = await self._send(page)
            return
        page = page.fitting(self._first)
        try:
            await self._first.edit(**page.edited())
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED or not isinstance(self._channel, discord.Thread):
                raise
            await self._channel.edit(archived=False)
            await self._first.edit(**page.edited())

    async def add(self, page: Page) -> None:
        self._goes_on()
        self.message = await self._send(page)

    async def withdraw(self) -> None:
        if self._first is not None:
            await self._first.delete()

    async def _send(self, page: Page) -> discord.Message:
        # Discord accepts a message with the same nonce only once, however often it is sent.
        self._count += 1
        nonce = f"{self._nonce}-{self._count}"
        if self._reply_to is not None:
            reference = self._reply_to.to_reference(fail_if_not_exists=False)
            try:
                return await self._channel.send(
                    nonce=nonce, reference=reference, mention_author=False, **page.sent()
                )
            except discord.HTTPException as error:
                if error.code != NO_HISTORY:
                    raise
                self._reply_to = None
        return await self._channel.send(nonce=nonce, **page.sent())


class DMDelivery(ChannelDelivery):
    """A direct message to a person."""

    def __init__(self, person: discord.abc.User, nonce: str) -> None:
        super().__init__(person, None, nonce)  # type: ignore[arg-type]


async def join(channel: object) -> None:
    """Join a thread before writing in it. If that fails, writing tells why."""
    if isinstance(channel, discord.Thread) and channel.me is None:
        with contextlib.suppress(discord.HTTPException, aiohttp.ClientError):
            await channel.join()
