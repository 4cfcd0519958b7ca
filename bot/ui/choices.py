"""The menu of servers in direct messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol, Self

import discord

from bot.i18n import Say
from bot.ui.escaping import unmarked
from bot.ui.pages import Page, note


class ServerMenuHandler(Protocol):
    """The bot as the menu sees it."""

    async def chose(self, interaction: discord.Interaction[Any], value: str) -> None:
        """Answer the interaction of the menu. Never raises."""


class ServerMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template="newsdesk:server"):
    """Works after a restart, like buttons; the handler checks the choice."""

    def __init__(self, menu: discord.ui.Select[Any]) -> None:
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a menu from its custom id."""
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the choice on to the handler."""
        handler: ServerMenuHandler = interaction.client.services.components.guild_menu
        await handler.chose(interaction, self.item.values[0])


def server_menu(guilds: Sequence[discord.Guild], say: Say) -> Page:
    """Ask from which server's articles to answer; at most 25 servers."""
    options = [
        discord.SelectOption(label=unmarked(guild.name, 100) or "…", value=str(guild.id))
        for guild in guilds
    ]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="newsdesk:server", placeholder=say("dm-choose")[:150], options=options
    )
    view = discord.ui.View(timeout=None)
    view.add_item(ServerMenu(menu))
    return note(say("dm-choose")).with_view(view)
