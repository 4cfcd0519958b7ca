"""Messages made of Discord's newer components: blocks of text below one another. A picture is
beside the head of its block only, since on a phone the text needs the whole width.

Such a message can't be changed back to embeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import discord

from bot.ui.escaping import plain
from bot.ui.splitting import split

# Discord allows 4,000 characters and 40 components per message, including headings, small print
# and buttons; a block has up to five with its separator.
_TEXT, _BLOCKS = 3_600, 6
_ALT = 256


@dataclass(frozen=True, slots=True)
class Block:
    """Text in markup below a head, and the URL of a picture beside the head with its ``alt``
    text."""

    text: str
    head: str = ""
    picture: str | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a message shows within one frame: a heading, blocks separated by lines, and small print,
    all in markup."""

    blocks: tuple[Block, ...]
    title: str = ""
    footer: str = ""
    colour: int = 0

    def to_record(self) -> dict[str, Any]:
        """Return the layout for JSON; ``from_record`` reads it back."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Layout:
        """Restore a layout from its record."""
        return cls(**{**record, "blocks": tuple(Block(**each) for each in record["blocks"])})

    @classmethod
    def of_embed(cls, embed: discord.Embed) -> Layout:
        """Return an embed without fields as a layout."""
        colour = embed.colour.value if embed.colour is not None else 0
        blocks = (Block(embed.description),) if embed.description else ()
        return cls(blocks, plain(embed.title or ""), plain(embed.footer.text or ""), colour)

    def view(self, buttons: discord.ui.View | None) -> discord.ui.LayoutView:
        """Return the message, with a row of buttons below the frame."""
        framed: list[discord.ui.Item[Any]] = []
        if self.title:
            framed.append(discord.ui.TextDisplay(f"### {self.title}"))
        for number, block in enumerate(self.blocks):
            if number:
                framed.append(discord.ui.Separator())
            framed += _drawn(block)
        if self.footer:
            framed.append(discord.ui.TextDisplay(f"-# {self.footer}"))
        view = discord.ui.LayoutView(timeout=None)
        view.add_item(discord.ui.Container(*framed, accent_colour=self.colour or None))
        if buttons is not None and buttons.children:
            view.add_item(discord.ui.ActionRow(*buttons.children))
        return view


def on_pages(
    blocks: Iterable[Block], most: int = _TEXT, many: int = _BLOCKS
) -> list[tuple[Block, ...]]:
    """Distribute blocks over pages of at most ``most`` characters and ``many`` blocks. A longer
    block is split; its head and picture are above its beginning."""
    pages: list[list[Block]] = []
    room = 0
    for block in blocks:
        for number, text in enumerate(split([block.text], most - len(block.head)) or [""]):
            part = replace(block, text=text) if number == 0 else Block(text)
            size = len(part.head) + len(text)
            if not pages or size > room or len(pages[-1]) == many:
                pages.append([])
                room = most
            pages[-1].append(part)
            room -= size
    return [tuple(page) for page in pages]


def shown_texts(message: discord.Message) -> Iterator[str]:
    """Yield the footers of a message's embeds and every text among its components."""
    for embed in message.embeds:
        yield embed.footer.text or ""
    yield from _texts(message.components)


def _texts(components: Sequence[Any]) -> Iterator[str]:
    for part in components:
        if isinstance(part, discord.TextDisplay):
            yield part.content
        yield from _texts(getattr(part, "children", ()))


def _drawn(block: Block) -> list[discord.ui.Item[Any]]:
    if block.picture is None or not block.head:
        return [discord.ui.TextDisplay("\n".join(filter(None, (block.head, block.text))))]
    picture: discord.ui.Thumbnail[Any] = discord.ui.Thumbnail(
        block.picture, description=block.alt[:_ALT] or None
    )
    head: discord.ui.Section[Any] = discord.ui.Section(
        discord.ui.TextDisplay(block.head), accessory=picture
    )
    return [head, discord.ui.TextDisplay(block.text)] if block.text else [head]
