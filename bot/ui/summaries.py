"""Summaries, digests, timelines and comparisons as messages: checked text, numbered sources,
pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

import discord

from bot.answering.models import QUOTATIONS, AnswerSentence, Citation, grouped
from bot.answering.summaries.comparison import Comparison
from bot.answering.summaries.digest import DigestEntry
from bot.answering.summaries.models import Summary
from bot.answering.summaries.service import Digest
from bot.answering.summaries.timeline import Timeline, TimelineEvent
from bot.charts.coverage import Chart
from bot.i18n import Say, say_note
from bot.ui.answers import marks, source_line, timestamp
from bot.ui.escaping import plain, unmarked
from bot.ui.layouts import Block, Layout, on_pages
from bot.ui.pages import ANSWER, Page, Picture
from bot.ui.splitting import split
from retrieval.errors import Note

_PAGE = 2_400  # characters: what fits on a screen
_OUTLETS = 6
_NOTES = 3
_PICTURE = "timeline.png"
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SummaryContext:
    """What surrounds a summary: its id, the moment, the language."""

    id: str
    as_of: datetime
    say: Say


def summary_pages(
    summary: Summary, around: SummaryContext, pictures: Mapping[str, str] = _NONE
) -> list[Page]:
    """Return the pages of a summary. The first shows a picture of one of its articles, the newest
    first, if ``pictures`` has a URL for its id."""
    say = around.say
    blocks = []
    for section in summary.sections:
        head = [] if section.name == "summary" else [f"**{say(f'section-{section.name}')}**"]
        lines = [f"{'• ' if head else ''}{_shown(sentence)}" for sentence in section.sentences]
        blocks.append("\n".join([*head, *lines]) if head else " ".join(lines))
    if summary.figures:
        lines = [f"• {plain(f.text)} {marks(f.sentence.citations)}" for f in summary.figures]
        blocks.append("\n".join([f"**{say('summary-key-figures')}**", *lines]))
    blocks += _sources(summary.citations, say)
    outlets = _outlets(summary.outlets, len(summary.articles), say)
    title = summary.title if summary.kind == "article" else f"{summary.title} ({outlets})"
    pages = _pages(
        title, blocks, _notes(summary.notes, say), summary.model, around, summary.citations
    )
    newest_first = (article.article_id for article in reversed(summary.articles))
    if picture := _picture_of(newest_first, pictures):
        # Below the text: beside it, a phone has no room for both.
        pages[0].embed.set_image(url=picture)
    return pages


def digest_pages(
    digest: Digest,
    around: SummaryContext,
    title: str | None = None,
    pictures: Mapping[str, str] = _NONE,
) -> list[Page]:
    """Return the pages of a digest, with each story in a block of its own with its lines, outlets
    and sources, and its picture if ``pictures`` has one by article id; ``title`` replaces the usual
    one."""
    say = around.say
    if title is None:
        title = (
            say("digest-title-topic", topic=digest.topic) if digest.topic else say("digest-title")
        )
    blocks = [
        _story(n, entry, _picture_of(_articles_of(entry), pictures), say)
        for n, entry in enumerate(digest.entries, 1)
    ]
    if notes := _notes(digest.notes, say)[:_NOTES]:
        blocks.append(Block("\n".join(f"-# {plain(note, 300)}" for note in notes)))
    cited = [citation for entry in digest.entries for citation in entry.citations]
    articles = tuple(dict.fromkeys(citation.article.article_id for citation in cited))
    parts = on_pages(blocks, _PAGE)
    at = f"<t:{int(around.as_of.timestamp())}:f>"
    pages = []
    for number, part in enumerate(parts, 1):
        # A layout shows markup everywhere, unlike an embed's title and footer.
        small = plain(" · ".join(_small_print(number, len(parts), digest.model, around)))
        layout = Layout(part, plain(title, 250), f"{small} {at}", ANSWER)
        pages.append(Page.of_layout(layout, articles))
    return pages


def timeline_pages(timeline: Timeline, chart: Chart | None, around: SummaryContext) -> list[Page]:
    """Return the pages of a timeline. The first carries the picture, which stays while pages are
    turned."""
    blocks = [_event(n, event, around.say) for n, event in enumerate(timeline.events, 1)]
    notes = [*_notes(timeline.notes, around.say), *(_key_of(chart) if chart else ())]
    if timeline.total > len(timeline.events):
        notes.append(around.say("timeline-more", shown=len(timeline.events), total=timeline.total))
    title = around.say("timeline-title", topic=timeline.topic)
    cited = [citation for event in timeline.events for citation in event.citations]
    pages = _pages(title, blocks, notes, timeline.model, around, cited)
    if chart is None:
        return pages
    for page in pages:
        page.embed.set_image(url=f"attachment://{_PICTURE}")
    picture = Picture(_PICTURE, chart.png, chart.alt)
    return [replace(pages[0], picture=picture), *pages[1:]]


def comparison_pages(comparison: Comparison, around: SummaryContext) -> list[Page]:
    """Return the pages of a comparison, with a block for each row: who, what they say, and
    where."""
    blocks = []
    by_number = {citation.n: citation for citation in comparison.citations}
    for row in comparison.rows:
        who = plain(", ".join(row.publishers), 200)
        cited = [by_number[n] for n in row.sentence.citations]
        blocks.append("\n".join([f"**{who}**", _shown(row.sentence), *_source_lines(cited, "-# ")]))
    title = around.say("comparison-title", topic=comparison.topic)
    return _pages(title, blocks, (), QUOTATIONS, around, comparison.citations)


def _key_of(chart: Chart) -> list[str]:
    """Return the names that the picture couldn't write, without duplicates."""
    return [" · ".join(f"{letters}: {name}" for letters, name in chart.key)] if chart.key else []


def _story(n: int, entry: DigestEntry, picture: str | None, say: Say) -> Block:
    title = plain(entry.title, 200)
    if entry.story.is_update:
        title = say("story-update", title=title)
    outlets = _outlets(entry.story.outlets, len(entry.story.reports), say)
    told = " ".join(map(_shown, entry.sentences))
    text = "\n".join([told, *_source_lines(entry.citations, "-# ")])
    return Block(text, f"**{n}. {title}**\n-# {outlets}", picture, unmarked(entry.title, 200))


def _event(n: int, event: TimelineEvent, say: Say) -> str:
    day = timestamp(event.day.isoformat()) if event.day else say("undated")
    return "\n".join(
        [f"**{n}.** {day} {plain(event.sentence.text)}", *_source_lines(event.citations, "-# ")]
    )


def _articles_of(entry: DigestEntry) -> list[str]:
    """Return the ids of a story's articles, first those that are cited."""
    cited = [citation.article.article_id for citation in entry.citations]
    return [*cited, entry.story.latest.article.article_id]


def _picture_of(article_ids: Iterable[str], pictures: Mapping[str, str]) -> str | None:
    return next((pictures[each] for each in article_ids if each in pictures), None)


def _notes(notes: Sequence[Note], say: Say) -> list[str]:
    return [say_note(note, say) for note in notes]


def _pages(
    title: str,
    blocks: Sequence[str],
    notes: Sequence[str],
    model: str,
    around: SummaryContext,
    cited: Sequence[Citation],
) -> list[Page]:
    articles = tuple(dict.fromkeys(citation.article.article_id for citation in cited))
    texts = split([*blocks, *(f"-# {plain(note, 300)}" for note in notes[:_NOTES])], _PAGE, "\n\n")
    pages = []
    for number, text in enumerate(texts, 1):
        embed = discord.Embed(title=unmarked(title, 250), description=text, colour=ANSWER)
        embed.set_footer(text=" · ".join(_small_print(number, len(texts), model, around)))
        embed.timestamp = around.as_of
        pages.append(Page(embed, articles=articles))
    return pages


def _small_print(number: int, count: int, model: str, around: SummaryContext) -> list[str]:
    """Return what is below a page, except for the time, which follows it."""
    say = around.say
    made_of = say("quotations-only") if model == QUOTATIONS else unmarked(model, 80)
    paged = [say("page-of", page=number, pages=count)] if count > 1 else []
    return [*paged, made_of, say("footer-id", id=around.id)]


def _sources(citations: Sequence[Citation], say: Say) -> list[str]:
    lines = list(_source_lines(citations))
    return ["\n".join([f"**{say('sources')}**", *lines])] if lines else []


def _source_lines(citations: Sequence[Citation], before: str = "") -> Iterable[str]:
    for article, cited in grouped(citations).items():
        yield before + source_line(article, marks(citation.n for citation in cited))


def _outlets(names: Sequence[str], articles: int, say: Say) -> str:
    shown = ", ".join(plain(name, 40) for name in names[:_OUTLETS])
    more = f" +{len(names) - _OUTLETS}" if len(names) > _OUTLETS else ""
    return say("reported-by", outlets=f"{shown}{more}" or "…", count=articles)


def _shown(sentence: AnswerSentence) -> str:
    return f"{plain(sentence.text)} {marks(sentence.citations)}".strip()
