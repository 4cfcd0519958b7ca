"""The form behind ``/ingest text``."""

from __future__ import annotations

from typing import Any

import discord

from bot.client import NewsdeskBot
from bot.errors import Refused
from bot.job_board import announced
from bot.links import link_of
from bot.texts import Say
from bot.ui.escaping import plain
from bot.ui.forms import Form
from retrieval.catalogue.jobs import JobSource
from retrieval.moments import parse_span


class PasteForm(Form):
    """Title and text; a link and a date if they are known."""

    def __init__(self, bot: NewsdeskBot, say: Say) -> None:
        super().__init__(title=say("paste-title"), say=say)
        self._bot = bot
        self._title = _line(say("paste-headline"), 300)
        self._text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=say("paste-text"), style=discord.TextStyle.paragraph, max_length=4_000
        )
        self._link = _line(say("paste-link"), 500, required=False, hint="https://example.com/story")
        self._date = _line(say("paste-date"), 40, required=False, hint="2023-11-03")
        for item in (self._title, self._text, self._link, self._date):
            self.add_item(item)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        visit = await self._bot.visit(interaction)
        visit.require_moderator()
        title = " ".join(self._title.value.split())
        if not title or not self._text.value.strip():
            raise Refused("paste-empty")
        record = {"title": title, "text": self._text.value}
        if link := self._link.value.strip():
            record["url"] = link_of(link)
        if date := self._date.value.strip():
            record["published_at"] = _date(date)
        message_id = await announced(interaction)
        source = JobSource("text", title, record)
        await self._bot.board.bring_in(interaction, visit, [source], message_id)


def _line(
    label: str, most: int, *, required: bool = True, hint: str | None = None
) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(label=label, max_length=most, required=required, placeholder=hint)


def _date(words: str) -> str:
    try:
        parse_span(words)
    except ValueError as error:
        raise Refused("paste-unknown-date", text=plain(words, 40)) from error
    return words
