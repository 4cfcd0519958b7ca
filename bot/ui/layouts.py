"""Messages made of Discord's newer components: blocks of text below one another. Where a block has a
picture, it stands beside the block's head alone: on a phone the text below needs the whole width.

A message that was sent so can't go back to embeds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import discord

from bot.ui.escaping import plain
from bot.ui.splitting import split

# Discord takes 4,000 characters and 40 components a message, headings, small print and buttons among
# them; a block has up to five with its line.
_TEXT, _BLOCKS = 3_600, 6
_ALT = 256


@dataclass(frozen=True, slots=True)
class Block:
    """Text in markup below a head, and the address of a picture beside the head; ``alt`` is for who
    can't see that."""

    text: str
    head: str = ""
    picture: str | None = None
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Layout:
    """What a message shows within one frame: a heading, blocks with lines between them and small print,
    all in markup."""

    blocks: tuple[Block, ...]
    title: str = ""
    footer: str = ""
    colour: int = 0

    def to_record(self) -> dict[str, Any]:
        """For JSON; ``from_record`` reads it back."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Layout:
        return cls(**{**record, "blocks": tuple(Block(**each) for each in record["blocks"])})

    @classmethod
    def of_embed(cls, embed: discord.Embed) -> Layout:
        """What an embed without fields says."""
        colour = embed.colour.value if embed.colour is not None else 0
        blocks = (Block(embed.description),) if embed.description else ()
        return cls(blocks, plain(embed.title or ""), plain(embed.footer.text or ""), colour)

    def view(self, buttons: discord.ui.View | None) -> discord.ui.LayoutView:
        """The message, with a row of buttons below the frame."""
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
    """Blocks by page: at most ``most`` characters and ``many`` blocks on each. One that is longer is
    cut; its head and picture stand above its beginning."""
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
    """The small print of a message's embeds and every text among its components."""
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
