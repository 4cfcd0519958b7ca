"""Answers as messages: checked text, numbered sources, how they were made and as of when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import discord

from bot.answering.models import QUOTATIONS, Answer, AnswerSentence, Citation, grouped
from bot.i18n import Say, say_note
from bot.storage.answer_notes import AnswerNote
from bot.ui.citation_links import citation_links, linked_marks
from bot.ui.escaping import link, plain, unmarked
from bot.ui.layouts import Block, Layout, on_pages
from bot.ui.pages import ANSWER, DESCRIPTION, EMBED, FIELD, FIELDS, QUIET, Page, note
from bot.ui.splitting import split
from retrieval.models import Reference
from retrieval.timestamps import parse_span

_QUOTE = 600
_NOTES = 3
_OUTLETS = 6
_NEAREST = 3
_NOTED = "📝"
_NOTE = 900
_AROUND = 250  # characters of a paragraph on either side of a quotation
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})
_NO_LINKS: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AnswerContext:
    """What surrounds an answer. ``asked`` is the question if nothing else shows it; ``is_empty``
    says that there are no articles yet; ``remark`` is a line of the bot below it, escaped; ``note``
    is what moderators say about it."""

    question_id: str
    as_of: datetime
    say: Say
    asked: str | None = None
    remark: str | None = None
    is_empty: bool = False
    note: AnswerNote | None = None


def writing(sentences: Sequence[AnswerSentence], frame: AnswerContext) -> Page:
    """Return the page of an answer that is still being written."""
    pages = split([*map(_visible_sentences, sentences), "…"], DESCRIPTION)
    embed = discord.Embed(description=pages[0], colour=ANSWER)
    _head(embed, frame)
    embed.set_footer(text=frame.say("writing"))
    return Page(embed)


def cut_short(sentences: Sequence[AnswerSentence], frame: AnswerContext) -> Page:
    """Return the page of an answer that a restart interrupted."""
    said = split([*map(_visible_sentences, sentences), frame.say("cut-short")], DESCRIPTION)
    embed = discord.Embed(description=said[0], colour=QUIET)
    _head(embed, frame)
    embed.set_footer(text=frame.say("footer-id", id=frame.question_id))
    return Page(embed)


def answer_pages(answer: Answer, frame: AnswerContext) -> list[Page]:
    """Return the whole answer: one message, or several for a long one, with the sources in the
    last."""
    if answer.abstained:
        return [_decline(answer, frame)]
    if not answer.citations:
        return [_of_the_bot(answer, frame)]
    notes = [f"-# {plain(say_note(note, frame.say), 300)}" for note in answer.notes[:_NOTES]]
    notes += [f"-# {frame.remark}"] if frame.remark else []
    glue = "\n" if answer.form in ("digest", "timeline") else " "
    texts = split(_paragraphs(answer), DESCRIPTION, glue)
    embeds = [discord.Embed(description=text, colour=ANSWER) for text in texts]
    _head(embeds[0], frame)
    if len("\n".join([texts[-1], *notes])) <= DESCRIPTION + 500:
        embeds[-1].description = "\n".join([texts[-1], *notes])
    sources = [_cited(*each, frame.say) for each in grouped(answer.citations).items()]
    embeds += _with_lines(embeds[-1], frame.say("sources"), sources)
    _foot(embeds[-1], answer, frame)
    set_note_field(embeds[-1], frame.note, frame.say)
    return [Page(embed) for embed in embeds]


def _decline(answer: Answer, frame: AnswerContext) -> Page:
    """Return a decline: that it isn't known, why, and the nearest articles."""
    limit = answer.left_nothing
    if frame.is_empty and (limit or not answer.reply):
        lines = [frame.say("nothing-here-yet")]
    elif limit or answer.reply:
        lines = [plain(answer.text)]
    else:
        lines = [f"**{frame.say('refusal')}**"]
        if answer.reason is not None:
            lines.append(frame.say(f"why-{answer.reason}"))
    embed = discord.Embed(description="\n".join(lines), colour=QUIET)
    _head(embed, frame)
    nearest = [source_line(article, "•") for article in answer.nearest[:_NEAREST]]
    if nearest:
        _with_lines(embed, frame.say("nearest"), nearest)
    _foot(embed, answer, frame)
    return Page(set_note_field(embed, frame.note, frame.say))


def set_note_field(embed: discord.Embed, said: AnswerNote | None, say: Say) -> discord.Embed:
    """Show what moderators say about an answer above its sources, or nothing for None. Sources
    without room beside it are left out, the last first: the button shows them all."""
    for index in reversed(range(len(embed.fields))):
        if (embed.fields[index].name or "").startswith(_NOTED):
            embed.remove_field(index)
    if said is not None:
        name, value = f"{_NOTED} {say('note-title')}", _note_text(said)
        _make_room(embed, len(name) + len(value))
        embed.insert_field_at(0, name=name, value=value, inline=False)
    return embed


def _note_text(said: AnswerNote) -> str:
    """Return a note with its author, within the length of a field."""
    by = f"\n-# <@{said.user_id}> · <t:{int(said.at.timestamp())}:D>"
    most = _NOTE
    while (more := len(plain(said.text, most)) + len(by) - FIELD) > 0:
        most -= (more + 1) // 2  # an escaped character takes two
    return plain(said.text, most) + by


def _make_room(embed: discord.Embed, length: int) -> None:
    """Leave out lines of fields, the last first, until a field of ``length`` characters fits."""
    dropped = 0
    while embed.fields and (
        len(embed) + length + len(_more(dropped)) > EMBED or len(embed.fields) >= FIELDS
    ):
        last = len(embed.fields) - 1
        kept, _, _ = (embed.fields[last].value or "").rpartition("\n")
        dropped += 1
        if kept:
            embed.set_field_at(last, name=embed.fields[last].name, value=kept, inline=False)
        else:
            embed.remove_field(last)
    if dropped and embed.fields:
        last = len(embed.fields) - 1
        shown = f"{embed.fields[last].value}{_more(dropped)}"
        if len(shown) <= FIELD:
            embed.set_field_at(last, name=embed.fields[last].name, value=shown, inline=False)


def _more(dropped: int) -> str:
    return f"\n-# +{dropped}" if dropped else ""


def _of_the_bot(answer: Answer, frame: AnswerContext) -> Page:
    """Return small talk, help or what the bot says about itself, without sources."""
    embed = discord.Embed(description=answer.text, colour=ANSWER)
    _head(embed, frame)
    embed.set_footer(text=frame.say("footer-id", id=frame.question_id))
    return Page(embed)


def _paragraphs(answer: Answer) -> list[str]:
    """Return the sentences as they are shown: events and stories on lines of their own."""
    mark = "• " if answer.form in ("digest", "timeline") else ""
    uses = [n for sentence in answer.sentences for n in sentence.citations]
    links = citation_links(answer.citations, uses)
    return [f"{mark}{_visible_sentences(sentence, links)}" for sentence in answer.sentences]


def sources_pages(
    citations: Sequence[Citation],
    say: Say,
    removed: Mapping[str, datetime],
    texts: Mapping[str, str] = _NO_TEXTS,
    pictures: Mapping[str, str] = _NO_TEXTS,
) -> list[Page]:
    """Return the quoted passages of an answer below their articles, each within its paragraph if
    ``texts`` (by article id) has it. Articles are in blocks of their own, with their pictures from
    ``pictures``. For ``removed`` articles (by id, with the time) that is shown instead."""
    blocks = []
    for article, cited in grouped(citations).items():
        source = _cited(article, cited, say)
        moment = removed.get(article.article_id)
        if moment is not None:
            at = f"<t:{int(moment.timestamp())}:D>"
            blocks.append(Block(say("source-removed", at=at), source))
            continue
        text = texts.get(article.article_id, "")
        quoted = [f"> {marks([each.n])} {_in_paragraph(each.quote, text)}" for each in cited]
        picture, title = pictures.get(article.article_id), unmarked(article.title, 200)
        first, *more = split(quoted, DESCRIPTION - len(source), "\n")
        blocks += [Block(first, source, picture, title), *map(Block, more)]
    if not blocks:
        return [note(say("no-sources"))]
    return [Page.of_layout(Layout(part, colour=QUIET)) for part in on_pages(blocks)]


def _in_paragraph(quoted: str, text: str) -> str:
    """Return a quotation in bold within its paragraph, or alone if it isn't found there."""
    at = text.find(quoted) if quoted else -1
    said = plain(quoted, _QUOTE)
    if at < 0:
        return said
    before = text[text.rfind("\n", 0, at) + 1 : at]
    after = text[at + len(quoted) :].split("\n", 1)[0]
    if not before.strip() and not after.strip():
        return said
    if len(before) > _AROUND:
        before = "… " + before[-_AROUND:].partition(" ")[2]
    return " ".join(filter(None, (plain(before), f"**{said}**", plain(after, _AROUND))))


def _head(embed: discord.Embed, frame: AnswerContext) -> None:
    if frame.asked:
        embed.set_author(name=unmarked(frame.asked, 250))


def _foot(embed: discord.Embed, answer: Answer, frame: AnswerContext) -> None:
    """Set the footer; Discord shows the time after it in the reader's time zone."""
    made_of = frame.say("quotations-only") if answer.model == QUOTATIONS else answer.model
    parts = [] if answer.abstained else [unmarked(made_of, 80)]
    parts.append(frame.say("footer-id", id=frame.question_id))
    embed.set_footer(text=" · ".join(parts))
    embed.timestamp = frame.as_of


def _visible_sentences(sentence: AnswerSentence, links: Mapping[int, str] = _NO_LINKS) -> str:
    date = f"({timestamp(sentence.date)})" if sentence.date else ""
    parts = (plain(sentence.text), date, linked_marks(sentence.citations, links))
    return " ".join(part for part in parts if part)


def marks(numbers: Iterable[int]) -> str:
    """Return citation marks: ``[1][2]``."""
    return "".join(f"[{n}]" for n in numbers)


def source_line(article: Reference, mark: str) -> str:
    """Return a source after its ``mark``: publisher, date and linked title."""
    parts = [plain(article.source or "", 60), timestamp(article.published_at)]
    parts.append(link(article.title or article.url or "…", article.url))
    return f"{mark} {' · '.join(part for part in parts if part)}"


def _cited(article: Reference, cited: Sequence[Citation], say: Say) -> str:
    """Return a source after all its numbers, with others who have its story."""
    source = source_line(article, marks(each.n for each in cited))
    also = list(dict.fromkeys(name for each in cited for name in each.also))
    if not also:
        return source
    names = ", ".join(plain(name, 40) for name in also[:_OUTLETS])
    more = f" +{len(also) - _OUTLETS}" if len(also) > _OUTLETS else ""
    return f"{source} · {say('also-in', outlets=f'{names}{more}')}"


def timestamp(published_at: str | None) -> str:
    """Return Discord's timestamp, shown to all readers in their own time zone; empty for an unknown
    date."""
    if published_at is None:
        return ""
    try:
        span = parse_span(published_at)
    except ValueError:
        return ""
    if span.is_day:
        # Noon in UTC is on the same day nearly everywhere.
        noon = span.start.astimezone(UTC) + timedelta(hours=12)
        return f"<t:{int(noon.timestamp())}:D>"
    return f"<t:{int(span.start.timestamp())}:f>"


def _with_lines(embed: discord.Embed, name: str, lines: Iterable[str]) -> list[discord.Embed]:
    """Put lines into fields of ``embed``, and return further embeds for those without room."""
    further: list[discord.Embed] = []
    for text in split(lines, FIELD, "\n"):
        if len(embed) + len(text) + len(name) > EMBED or len(embed.fields) == FIELDS:
            embed = discord.Embed(colour=embed.colour)
            further.append(embed)
        embed.add_field(name=name if not embed.fields else "\u200b", value=text, inline=False)
    return further
