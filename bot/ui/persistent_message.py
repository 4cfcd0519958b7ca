"""A message that is edited for hours: by an interaction's token while that lives, then like any
other."""

from __future__ import annotations

from typing import Any

import discord

from bot.ui.delivery_channels import DeliveryChannel
from bot.ui.pages import Page

# Unknown webhook, unknown interaction, invalid webhook token.
_TOKEN_OVER = frozenset({10015, 10062, 50027})


class PersistentMessage(DeliveryChannel):
    """The public response to an interaction, or a message from before a restart.

    A token lives for fifteen minutes. If the bot may not edit the message afterwards, a new one is
    posted; if it was deleted, ``show`` raises ``discord.NotFound``.
    """

    def __init__(
        self,
        channel: discord.abc.Messageable | None,
        message_id: int | None,
        interaction: discord.Interaction[Any] | None = None,
    ) -> None:
        super().__init__()
        self._channel = channel
        self._interaction = interaction
        self.message_id = message_id

    async def show(self, page: Page) -> None:
        parts: dict[str, Any] = {"embed": page.embed, "view": page.view}
        if await self._by_token(parts):
            return
        if self._channel is None:
            raise discord.ClientException("There is no channel to write in.")
        if self.message_id is not None:
            channel: Any = self._channel
            try:
                self.message = await channel.get_partial_message(self.message_id).edit(**parts)
            except discord.Forbidden:
                self.message_id = None
            else:
                return
        await self.add(page)

    async def add(self, page: Page) -> None:
        if self._channel is None:
            raise discord.ClientException("There is no channel to write in.")
        more: dict[str, Any] = {} if page.view is None else {"view": page.view}
        self.message = await self._channel.send(embed=page.embed, **more)
        self.message_id = self.message.id

    async def _by_token(self, parts: dict[str, Any]) -> bool:
        if self._interaction is None or self._interaction.is_expired():
            return False
        try:
            self.message = await self._interaction.edit_original_response(**parts)
        except discord.HTTPException as error:
            if error.code not in _TOKEN_OVER:
                raise
            self._interaction = None
            return False
        self.message_id = self.message.id
        return True
