"""What one message shows."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

import discord

# Discord's limits, less some room for marks of our own.
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
    """A picture that an embed shows as ``attachment://NAME``; ``alt`` is for who can't see it."""

    name: str
    data: bytes
    alt: str

    def file(self) -> discord.File:
        """To be sent once: made anew for each try."""
        return discord.File(io.BytesIO(self.data), self.name, description=self.alt[:1_024])


@dataclass(frozen=True, slots=True)
class Page:
    """One message: an embed and what can be done with it. ``articles`` are the ids of those that it
    rests on, where that matters later."""

    embed: discord.Embed
    view: discord.ui.View | None = None
    picture: Picture | None = None
    articles: tuple[str, ...] = ()

    def with_view(self, view: discord.ui.View) -> Page:
        return replace(self, view=view)


def note(text: str, colour: int = QUIET) -> Page:
    """A few words of ours, already escaped where they are not ours."""
    return Page(discord.Embed(description=text, colour=colour))
