"""Many pages in one message, turned by who asked for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import discord

from bot import errors
from bot.errors import Refused
from bot.texts import Say
from bot.ui.pages import DESCRIPTION, QUIET, Page
from bot.ui.splitting import split

_SECONDS = 900.0

Check = Callable[[discord.Interaction[Any]], Awaitable[object]]


class Pager(discord.ui.View):
    """``check`` raises ``Refused`` for a person who may not turn pages (any more)."""

    def __init__(self, pages: Sequence[Page], user_id: int, check: Check, say: Say) -> None:
        super().__init__(timeout=_SECONDS)
        self._pages = pages
        self._user_id = user_id
        self._check = check
        self._say = say
        self._at = 0
        self._back = self._button("button-back", -1)
        self._on = self._button("button-on", 1)
        self._enable()

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        if interaction.user.id != self._user_id:
            raise Refused("not-yours")
        await self._check(interaction)
        return True

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: discord.ui.Item[Any], /
    ) -> None:
        await errors.report(interaction, error, self._say, "turning a page")

    def _button(self, key: str, step: int) -> discord.ui.Button[Any]:
        async def turn(interaction: discord.Interaction[Any]) -> None:
            self._at = max(0, min(len(self._pages) - 1, self._at + step))
            self._enable()
            await interaction.response.edit_message(embed=self._pages[self._at].embed, view=self)

        button: discord.ui.Button[Any] = discord.ui.Button(label=self._say(key))
        button.callback = turn  # type: ignore[method-assign]
        self.add_item(button)
        return button

    def _enable(self) -> None:
        self._back.disabled = self._at == 0
        self._on.disabled = self._at == len(self._pages) - 1


def paged(
    title: str, lines: Iterable[str], say: Say, *, head: str | None = None, glue: str = "\n",
    most: int = 10,
) -> list[Page]:  # fmt: skip
    """Lines on pages of ``most`` lines, ``head`` above the first; at least one page."""
    every = [*([] if head is None else [head]), *lines]
    parts = [every[first : first + most] for first in range(0, len(every), most)]
    texts = [text for part in parts for text in split(part, DESCRIPTION, glue)]
    embeds = [
        discord.Embed(title=title[:250], description=text, colour=QUIET) for text in texts or [""]
    ]
    for number, embed in enumerate(embeds, start=1):
        if len(embeds) > 1:
            embed.set_footer(text=say("page", page=number, pages=len(embeds)))
    return [Page(embed) for embed in embeds]
