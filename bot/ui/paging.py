"""Buttons that turn pages. They live on after a restart: the pages are kept with the message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol, Self

import discord

from bot.texts import Say
from bot.ui.pages import Page


class TurnsPages(Protocol):
    async def turn(
        self, interaction: discord.Interaction[Any], kept_id: str, number: int
    ) -> None: ...


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"newsdesk:page:(?P<kept>[0-9a-z]{8}):(?P<number>\d{1,3})",
):
    """Goes to a page of what is kept under an id; ``turn`` checks that it is this message's."""

    def __init__(
        self, kept_id: str, number: int, label: str | None = None, *, disabled: bool = False
    ) -> None:
        self._kept_id = kept_id
        self._number = number
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary, label=label, disabled=disabled,
                custom_id=f"newsdesk:page:{kept_id}:{number}",
            )
        )  # fmt: skip

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        return cls(match["kept"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        pages: TurnsPages = interaction.client.pages
        await pages.turn(interaction, self._kept_id, self._number)


def page_view(kept_id: str, number: int, count: int, say: Say) -> discord.ui.View | None:
    """Back and on, from page ``number`` (0 is the first) of ``count``; None for a single page."""
    if count < 2:
        return None
    view = discord.ui.View(timeout=None)
    # Two buttons of one message may not have the same id: before the first comes page 998.
    back, on = (number - 1 if number else 998), (number + 1 if number + 1 < count else 999)
    view.add_item(PageButton(kept_id, back, say("button-page-back"), disabled=number == 0))
    view.add_item(PageButton(kept_id, on, say("button-page-on"), disabled=number + 1 == count))
    return view


def as_record(pages: Sequence[Page]) -> dict[str, Any]:
    articles = dict.fromkeys(article for page in pages for article in page.articles)
    return {"pages": [page.embed.to_dict() for page in pages], "articles": list(articles)}


def embeds_of(record: dict[str, Any]) -> list[discord.Embed]:
    """The pages that were kept; none if it is something else."""
    return [discord.Embed.from_dict(page) for page in record.get("pages", [])]


def articles_of(record: dict[str, Any]) -> list[str]:
    """The ids of the articles that the pages rest on."""
    return list(record.get("articles", []))
