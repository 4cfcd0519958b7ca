"""Many pages in one message, turned by buttons.

What everybody reads is stored with the message and can be turned after a restart (``PageHandler``);
what only one person may read, such as a moderator's list, is held in memory for a while
(``PagedLists``).
"""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import discord

from bot.errors import UserError
from bot.i18n import Say
from bot.ops.logging import new_id
from bot.ui import error_pages
from bot.ui.layouts import Layout
from bot.ui.pages import DESCRIPTION, QUIET, Page
from bot.ui.splitting import split

_SECONDS = 900.0
_MOST_HELD = 200
_LAYOUT = "layout"  # no key of an embed

Check = Callable[[discord.Interaction[Any]], Awaitable[object]]


class PageHandler(Protocol):
    """What turns stored pages."""

    async def turn(self, interaction: discord.Interaction[Any], kept_id: str, number: int) -> None:
        """Answer the interaction with page ``number`` (0 is the first). Never raises."""


class PageButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"newsdesk:page:(?P<kept>[0-9a-z]{8}):(?P<number>\d{1,6})",
):
    """Goes to a page of what is stored or held under an id."""

    def __init__(
        self, kept_id: str, number: int, label: str | None = None, *, disabled: bool = False
    ) -> None:
        self._kept_id = kept_id
        self._number = number
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label,
                disabled=disabled,
                custom_id=f"newsdesk:page:{kept_id}:{number}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a button from its custom id."""
        return cls(match["kept"], int(match["number"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the press on to what holds the pages."""
        services = interaction.client.services
        handler: PageHandler = (
            services.lists if self._kept_id in services.lists else services.components.page_turner
        )
        await handler.turn(interaction, self._kept_id, self._number)


@dataclass(frozen=True, slots=True)
class LazyPages:
    """``count`` pages, each loaded when it is turned to; numbers begin at 0."""

    count: int
    load: Callable[[int], Awaitable[Page]]


@dataclass(frozen=True, slots=True)
class _StoredPages:
    pages: LazyPages
    user_id: int
    check: Check
    say: Say
    until: float  # of the monotonic clock


class PagedLists:
    """Pages for one person, held for fifteen minutes or until newer ones need the room."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, _StoredPages] = OrderedDict()

    def __contains__(self, held_id: str) -> bool:
        held = self._held.get(held_id)
        return held is not None and time.monotonic() < held.until

    def hold(self, pages: Sequence[Page], user_id: int, check: Check, say: Say) -> Page:
        """Return the first page, with buttons to the others. ``check`` raises ``UserError`` for a
        person who may not turn pages any more."""

        async def load(number: int) -> Page:
            return pages[number]

        return self._hold(pages[0], LazyPages(len(pages), load), user_id, check, say)

    async def hold_lazily(self, pages: LazyPages, user_id: int, check: Check, say: Say) -> Page:
        """Do the same for pages that are loaded when somebody turns to them."""
        return self._hold(await pages.load(0), pages, user_id, check, say)

    def _hold(self, first: Page, pages: LazyPages, user_id: int, check: Check, say: Say) -> Page:
        if pages.count == 1:
            return first
        held_id = new_id()
        self._held[held_id] = _StoredPages(pages, user_id, check, say, time.monotonic() + _SECONDS)
        while len(self._held) > _MOST_HELD:
            self._held.popitem(last=False)
        return replace(first, view=page_view(held_id, 0, pages.count, say))

    async def turn(self, interaction: discord.Interaction[Any], held_id: str, number: int) -> None:
        """Show another page. Never raises: errors are shown to the person who pressed."""
        held = self._held[held_id]
        try:
            await interaction.response.defer()
            if interaction.user.id != held.user_id or number >= held.pages.count:
                raise UserError("not-yours")
            await held.check(interaction)
            view = page_view(held_id, number, held.pages.count, held.say)
            page = await held.pages.load(number)
            shown = replace(page, view=view).fitting(interaction.message)
            await interaction.edit_original_response(**shown.edited())
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            await error_pages.report(interaction, error, held.say, "turning a page")


def page_view(kept_id: str, number: int, count: int, say: Say) -> discord.ui.View | None:
    """Return buttons for back and forth from page ``number`` (0 is the first) of ``count``; None
    for a single page."""
    if count < 2:
        return None
    view = discord.ui.View(timeout=None)
    # Two buttons of a message need different ids: page 999,998 stands for one before the first.
    back = number - 1 if number else 999_998
    on = number + 1 if number + 1 < count else 999_999
    view.add_item(PageButton(kept_id, back, say("button-page-back"), disabled=number == 0))
    view.add_item(PageButton(kept_id, on, say("button-page-on"), disabled=number + 1 == count))
    return view


def as_record(pages: Sequence[Page]) -> dict[str, Any]:
    """Return pages for JSON; ``pages_of`` reads them back."""
    articles = dict.fromkeys(article for page in pages for article in page.articles)
    return {"pages": [_page_record(page) for page in pages], "articles": list(articles)}


def pages_of(record: dict[str, Any]) -> list[Page]:
    """Return stored pages; none if the record is of something else."""
    return [_page_of(page) for page in record.get("pages", [])]


def _page_record(page: Page) -> dict[str, Any]:
    if page.layout is not None:
        return {_LAYOUT: page.layout.to_record()}
    return dict(page.embed.to_dict())


def _page_of(record: dict[str, Any]) -> Page:
    if _LAYOUT in record:
        return Page.of_layout(Layout.from_record(record[_LAYOUT]))
    return Page(discord.Embed.from_dict(record))


def articles_of(record: dict[str, Any]) -> list[str]:
    """Return the ids of the articles that stored pages are based on."""
    return list(record.get("articles", []))


def paged(
    title: str,
    lines: Iterable[str],
    say: Say,
    *,
    head: str | None = None,
    glue: str = "\n",
    most: int = 10,
) -> list[Page]:
    """Return lines on pages of at most ``most`` lines, with ``head`` above the first; at least one
    page."""
    every = [*([] if head is None else [head]), *lines]
    parts = [every[first : first + most] for first in range(0, len(every), most)]
    texts = [text for part in parts for text in split(part, DESCRIPTION, glue)]
    embeds = [
        discord.Embed(title=title[:250], description=text, colour=QUIET) for text in texts or [""]
    ]
    for number, embed in enumerate(embeds, start=1):
        if len(embeds) > 1:
            embed.set_footer(text=say("page-of", page=number, pages=len(embeds)))
    return [Page(embed) for embed in embeds]
