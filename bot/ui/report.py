"""What moderators read about what was asked: the report, and notes on answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self

import discord

from bot.i18n import Say
from bot.storage.answers import StoredAnswer
from bot.storage.usage import DailyUsage
from bot.ui.escaping import plain, unmarked
from bot.ui.pages import ANSWER, FIELD, Page
from bot.ui.splitting import split

_SUBJECTS = 8
_QUESTIONS = 3
_MARKED = 8
_MENU = 25
_QUESTION = 150


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A question without an answer: how often it was asked, and how many people asked the
    moderators."""

    answer_id: str
    question: str
    times: int
    wanted: int


@dataclass(frozen=True, slots=True)
class Subject:
    """Questions without an answer on one subject; a single question has the ``name`` None."""

    name: str | None
    questions: tuple[Unanswered, ...]

    def as_one(self) -> list[Unanswered]:
        """Return all questions counted as one."""
        times, wanted = (
            sum(each.times for each in self.questions),
            sum(each.wanted for each in self.questions),
        )
        return [Unanswered("", "", times, wanted)]


@dataclass(frozen=True, slots=True)
class ActivityReport:
    """What was asked in a time. ``unhelpful`` has answers with how many people found them helpful
    and how many didn't; ``sources`` says how many answers cite a publisher; ``usage`` is that of
    all servers if they share their articles (``shared``)."""

    since: datetime
    until: datetime
    asked: int
    subjects: tuple[Subject, ...]
    unhelpful: tuple[tuple[StoredAnswer, int, int], ...]
    sources: tuple[tuple[str, int], ...]
    usage: DailyUsage
    shared: bool = False

    @property
    def unanswered(self) -> int:
        """How many questions had no answer."""
        return sum(each.times for subject in self.subjects for each in subject.questions)


class NoteHandler(Protocol):
    """The bot as the buttons and menus of a report see it."""

    async def note_pressed(self, interaction: discord.Interaction[Any], answer_id: str) -> None:
        """Answer the interaction of the button. Never raises."""

    async def answer_chosen(self, interaction: discord.Interaction[Any], answer_id: str) -> None:
        """Answer the interaction of the menu. Never raises."""


class NoteButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"newsdesk:note:(?P<answer>[0-9a-z]{8})",
):
    """Opens the form for a note on an answer."""

    def __init__(self, answer_id: str, label: str | None = None) -> None:
        self._answer_id = answer_id
        super().__init__(discord.ui.Button(label=label, custom_id=f"newsdesk:note:{answer_id}"))

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a button from its custom id."""
        return cls(match["answer"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the press on to the handler."""
        handler: NoteHandler = interaction.client.services.components.notes
        await handler.note_pressed(interaction, self._answer_id)


class ReportMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template="newsdesk:report"):
    """Chooses an answer of a report to look at."""

    def __init__(self, menu: discord.ui.Select[Any]) -> None:
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a menu from its custom id."""
        return cls(item)  # type: ignore[arg-type]

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the choice on to the handler."""
        handler: NoteHandler = interaction.client.services.components.notes
        await handler.answer_chosen(interaction, self.item.values[0])


def note_view(answer_id: str, say: Say) -> discord.ui.View:
    """Return the button that opens the form for a note on an answer."""
    view = discord.ui.View(timeout=None)
    view.add_item(NoteButton(answer_id, say("button-note")))
    return view


def report_page(report: ActivityReport, say: Say) -> Page:
    """Return the report with a menu of the answers in it."""
    days = (f"<t:{int(moment.timestamp())}:d>" for moment in (report.since, report.until))
    first, last = days
    head = say(
        "report-head", since=first, until=last, count=report.asked, unanswered=report.unanswered
    )
    embed = discord.Embed(title=say("report-title"), description=head, colour=ANSWER)
    shown = report.subjects[:_SUBJECTS]
    lines = [line for subject in shown for line in _subject_lines(subject, say)]
    _field(embed, say("report-unanswered"), _with_rest(lines, len(report.subjects) - len(shown)))
    marked = [
        f"👎 {bad} · 👍 {good} · {plain(given.question or '', _QUESTION)}"
        for given, good, bad in report.unhelpful[:_MARKED]
    ]
    _field(embed, say("report-unhelpful"), _with_rest(marked, len(report.unhelpful) - len(marked)))
    named = ", ".join(f"{plain(name, 40)} ({count})" for name, count in report.sources)
    _field(embed, say("report-sources"), [named] if named else [])
    used = report.usage
    money = f", ${used.cost:.2f}" if used.cost else ""
    words = say("usage-line", calls=used.calls, tokens=f"{used.tokens:,}", cost=money)
    _field(embed, say("report-cost-shared" if report.shared else "report-cost"), [words])
    return Page(embed, _menu(report, say))


def _subject_lines(subject: Subject, say: Say) -> list[str]:
    lines = [_question_line(each, say) for each in subject.questions[:_QUESTIONS]]
    more = len(subject.questions) - len(lines)
    if subject.name is not None:
        total = subject.as_one()[0].times
        lines = [f"- **{plain(subject.name, 60)}** ({total})", *(f"  {line}" for line in lines)]
    return _with_rest(lines, more)


def _question_line(question: Unanswered, say: Say) -> str:
    times = f" ×{question.times}" if question.times > 1 else ""
    wanted = f" · 🙋 {question.wanted}" if question.wanted else ""
    return f"- {plain(question.question, _QUESTION)}{times}{wanted}"


def _with_rest(lines: Sequence[str], more: int) -> list[str]:
    return [*lines, f"-# +{more}"] if more > 0 else list(lines)


def _field(embed: discord.Embed, name: str, lines: Sequence[str]) -> None:
    texts = split(lines or ["–"], FIELD, "\n")
    for text in texts[:2]:
        embed.add_field(name=name, value=text, inline=False)
        name = "\u200b"


def _menu(report: ActivityReport, say: Say) -> discord.ui.View | None:
    """The answers that moderators may want to look at: what helped nobody, then what nothing answered."""
    found = {given.id: f"👎 {given.question}" for given, _, _ in report.unhelpful}
    for subject in report.subjects:
        for each in subject.questions:
            found.setdefault(each.answer_id, each.question)
    options = [
        discord.SelectOption(label=unmarked(label, 100) or "…", value=answer_id)
        for answer_id, label in list(found.items())[:_MENU]
    ]
    if not options:
        return None
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="newsdesk:report", placeholder=say("report-choose"), options=options
    )
    view = discord.ui.View(timeout=None)
    view.add_item(ReportMenu(menu))
    return view
