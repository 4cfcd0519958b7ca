"""Links as people write them, and those in a message."""

from __future__ import annotations

import re

import discord

from bot.errors import UserError
from bot.ui.escaping import plain
from retrieval.errors import InvalidURL
from retrieval.web.urls import split_http_url, without_credentials

_LINK = re.compile(r"https?://[^\s<>|\]]+")
# Punctuation that ends a sentence or a quotation around a link, in any script.
_AFTER = ".,;:!?'\"*`”’»」。、，！？"
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[:/?].*)?", re.ASCII)


def link_of(words: str) -> str:
    """Return a URL that may be fetched, with `https://` added if it is missing.

    Raises ``UserError`` (``not-a-link``) for anything else, and for URLs with a password.
    """
    link = _ended(_ended(words.strip()).strip("<>"))
    if "://" not in link and _HOST.fullmatch(link):
        link = f"https://{link}"
    try:
        split_http_url(link)
    except InvalidURL as error:
        shown = plain(without_credentials(link), 100)
        raise UserError("not-a-link", text=shown, reason=error.note) from error
    return link


def links_in(text: str) -> list[str]:
    """Return the URLs in a text as written, without duplicates and without the punctuation after
    them."""
    return list(dict.fromkeys(_ended(link) for link in _LINK.findall(text)))


def _ended(link: str) -> str:
    """Return a link without the punctuation after it; a closing bracket stays if the link opens
    it."""
    while link and (link[-1] in _AFTER or (link[-1] == ")" and link.count(")") > link.count("("))):
        link = link[:-1]
    return link


def links_of(message: discord.Message) -> list[str]:
    """Return the links of a message, of what it forwards and of its embeds."""
    parts = parts_of(message)
    written = [link for part in parts for link in links_in(part.content)]
    embedded = [embed.url for part in parts for embed in part.embeds if embed.url]
    return list(dict.fromkeys([*written, *embedded]))


def parts_of(message: discord.Message) -> list[discord.Message | discord.MessageSnapshot]:
    """Return a message and those that it forwards."""
    return [message, *message.message_snapshots]
