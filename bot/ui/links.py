"""Links as people write them, and those of a message."""

from __future__ import annotations

import re

import discord

from bot.errors import UserError
from bot.ui.escaping import plain
from retrieval.errors import InvalidURL
from retrieval.web.urls import split_http_url, without_credentials

_LINK = re.compile(r"https?://[^\s<>|\]]+")
# What ends a sentence or a quotation around a link and is no part of it, in any script.
_AFTER = ".,;:!?'\"*`”’»」。、，！？"
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?:[:/?].*)?", re.ASCII)


def link_of(words: str) -> str:
    """An address that may be fetched; one without `https://` gets it.

    Raises ``UserError`` for what is none, also for one with a password in it.
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
    """The addresses in a text, each once, as they stand there, without what ends its sentence."""
    return list(dict.fromkeys(_ended(link) for link in _LINK.findall(text)))


def _ended(link: str) -> str:
    """A link without the punctuation that follows it; a bracket that it opens itself stays."""
    while link and (link[-1] in _AFTER or (link[-1] == ")" and link.count(")") > link.count("("))):
        link = link[:-1]
    return link


def links_of(message: discord.Message) -> list[str]:
    """The links of a message, of what it forwards and of its embeds."""
    parts = parts_of(message)
    written = [link for part in parts for link in links_in(part.content)]
    embedded = [embed.url for part in parts for embed in part.embeds if embed.url]
    return list(dict.fromkeys([*written, *embedded]))


def parts_of(message: discord.Message) -> list[discord.Message | discord.MessageSnapshot]:
    """A message and those that it forwards."""
    return [message, *message.message_snapshots]
