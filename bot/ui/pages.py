"""The contents of one message."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Any

import discord

from bot.ui.layouts import Layout

# Discord's limits, less some room for our own marks.
DESCRIPTION = 3_500
FIELD = 1_024
EMBED = 5_800
FIELDS = 24

ANSWER = 0x2F6FDE
QUIET = 0x8A919E
BUSY = 0xC9962B
FAILED = 0xB4483C


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that an embed shows as ``attachment://NAME``, with its ``alt`` text."""

    name: str
    data: bytes
    alt: str

    def file(self) -> discord.File:
        """Return the file to send, which can be sent once: make a new one for each attempt."""
        return discord.File(io.BytesIO(self.data), self.name, description=self.alt[:1_024])


@dataclass(frozen=True, slots=True)
class Page:
    """One message: an embed, or a ``layout`` instead, and its buttons. ``articles`` are the ids of
    those that it is based on, if that matters later."""

    embed: discord.Embed
    view: discord.ui.View | None = None
    picture: Picture | None = None
    articles: tuple[str, ...] = ()
    layout: Layout | None = None

    @classmethod
    def of_layout(cls, layout: Layout, articles: tuple[str, ...] = ()) -> Page:
        """Return a page that shows a layout."""
        return cls(discord.Embed(), articles=articles, layout=layout)

    def fitting(self, message: discord.Message | None) -> Page:
        """Return the page as it can replace what ``message`` shows: a layout stays one."""
        if self.layout is not None or message is None or not message.flags.components_v2:
            return self
        return replace(self, layout=Layout.of_embed(self.embed))

    def sent(self) -> dict[str, Any]:
        """Return discord.py's arguments for sending it."""
        if self.layout is not None:
            return {"view": self.layout.view(self.view)}
        parts: dict[str, Any] = {"embed": self.embed}
        if self.view is not None:
            parts["view"] = self.view
        return parts | ({"file": self.picture.file()} if self.picture is not None else {})

    def edited(self) -> dict[str, Any]:
        """Return discord.py's arguments for replacing what a message shows."""
        if self.layout is not None:
            return {"content": None, "embed": None, "view": self.layout.view(self.view)}
        parts: dict[str, Any] = {"embed": self.embed, "view": self.view}
        return parts | ({"attachments": [self.picture.file()]} if self.picture is not None else {})

    def with_view(self, view: discord.ui.View) -> Page:
        """Return the page with these buttons."""
        return replace(self, view=view)


def note(text: str, colour: int = QUIET) -> Page:
    """Return a page with a few words, which must be escaped if they aren't the bot's own."""
    return Page(discord.Embed(description=text, colour=colour))
