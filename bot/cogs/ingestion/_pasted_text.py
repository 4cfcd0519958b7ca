"""The form of ``/ingest text``."""

from __future__ import annotations

from typing import Any, NamedTuple

import discord

from bot.bootstrap import Services
from bot.errors import UserError
from bot.i18n import Say
from bot.services.job_progress import acknowledge_publicly
from bot.ui import error_pages
from bot.ui.escaping import plain
from bot.ui.forms import Form
from bot.ui.links import link_of
from retrieval.catalogue.jobs import JobSource
from retrieval.timestamps import parse_span

_KEPT_SECONDS = 900.0


class PastedInput(NamedTuple):
    """What was entered into the form."""

    title: str = ""
    text: str = ""
    link: str = ""
    date: str = ""


_NOTHING = PastedInput()


class PasteForm(Form):
    """Title and text, with optional link and date. ``pasted`` is filled in already."""

    def __init__(self, services: Services, say: Say, pasted: PastedInput = _NOTHING) -> None:
        super().__init__(title=say("paste-title"), say=say)
        self._services = services
        self._title = _line(say("paste-headline"), 300, pasted.title)
        self._text: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=say("paste-text"),
            style=discord.TextStyle.paragraph,
            max_length=4_000,
            default=pasted.text or None,
        )
        self._link = _line(
            say("paste-link"), 500, pasted.link, required=False, hint="https://example.com/story"
        )
        self._date = _line(say("paste-date"), 40, pasted.date, required=False, hint="2023-11-03")
        for item in (self._title, self._text, self._link, self._date):
            self.add_item(item)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Ingest the text. Raises ``UserError``."""
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        title = " ".join(self._title.value.split())
        if not title or not self._text.value.strip():
            raise UserError("paste-empty")
        record = {"title": title, "text": self._text.value}
        if link := self._link.value.strip():
            record["url"] = link_of(link)
        if date := self._date.value.strip():
            record["published_at"] = _date(date)
        message_id = await acknowledge_publicly(interaction)
        source = JobSource("text", title, record)
        await self._services.job_board.bring_in(interaction, context, [source], message_id)

    async def on_error(  # type: ignore[override]
        self, interaction: discord.Interaction[Any], error: Exception, /
    ) -> None:
        """Show the error with a button that opens the form again, with its contents."""
        pasted = PastedInput(
            *(item.value for item in (self._title, self._text, self._link, self._date))
        )
        again = _RetryView(self._services, self._say, pasted, interaction.user.id)
        await error_pages.report(interaction, error, self._say, "form PasteForm", view=again)


class _RetryView(discord.ui.View):
    """A button that opens the form again, for the person who filled it in."""

    def __init__(self, services: Services, say: Say, pasted: PastedInput, user_id: int) -> None:
        super().__init__(timeout=_KEPT_SECONDS)
        self._services = services
        self._say = say
        self._pasted = pasted
        self._user_id = user_id
        button: discord.ui.Button[Any] = discord.ui.Button(label=say("button-correct"))
        button.callback = self._open  # type: ignore[method-assign]
        self.add_item(button)

    async def _open(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        if interaction.user.id != self._user_id:
            raise UserError("not-yours")
        await interaction.response.send_modal(PasteForm(self._services, context.say, self._pasted))

    async def on_error(
        self, interaction: discord.Interaction[Any], error: Exception, item: Any, /
    ) -> None:
        """Show an error to the person."""
        await error_pages.report(interaction, error, self._say, "button correct")


def _line(
    label: str, most: int, filled: str, *, required: bool = True, hint: str | None = None
) -> discord.ui.TextInput[Any]:
    return discord.ui.TextInput(
        label=label, max_length=most, required=required, placeholder=hint, default=filled or None
    )


def _date(words: str) -> str:
    try:
        parse_span(words)
    except ValueError as error:
        raise UserError("paste-unknown-date", text=plain(words, 40)) from error
    return words
