"""Summarize one article or one story: with a model as far as it is supported, else by quoting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.answering.generation import PromptTask
from bot.answering.models import QUOTATIONS
from bot.answering.summaries import extractive
from bot.answering.summaries.extractive import LoadedReport
from bot.answering.summaries.generative import ARTICLE, CHANGES, STORY, VOICES, GenerativeWriter
from bot.answering.summaries.models import (
    CitedSentence,
    KeyFigure,
    Kind,
    NothingToSummarize,
    Section,
    SectionName,
    Summary,
    SummaryNumberer,
    texts_of,
)
from retrieval.catalogue.coverage import Report
from retrieval.models import Passage
from retrieval.runtime.executors import ASKING
from retrieval.text.sentences import sentences

_VOICES_READ = 12  # passages


async def sum_up_article(read: LoadedReport, writer: GenerativeWriter | None) -> Summary:
    """Summarize an article. Raises ``NothingToSummarize`` (``no-whole-sentence``)."""
    title = read.report.article.title
    lines = await _written(writer, ARTICLE, title, read.passages, extractive.ARTICLE_SENTENCES)
    if not lines:
        lines = await ASKING.run(extractive.article_lines, read.passages)
    if not lines:
        raise NothingToSummarize("no-whole-sentence", title=title)
    numbering = SummaryNumberer()
    sections = (numbering.section("summary", lines),)
    figures = await _figures([read], numbering)
    return _summary("article", title, [read.report], sections, figures, numbering, writer)


async def sum_up_story(
    reads: Sequence[LoadedReport],
    writer: GenerativeWriter | None,
    reports: Sequence[Report] = (),
) -> Summary:
    """Summarize a story. ``reads`` are those of its ``reports`` that are read, oldest first;
    without ``reports``, all of them.

    Raises ``NothingToSummarize`` (``no-whole-sentence-on``).
    """
    about = reads[-1].report.article.title
    whole = [passage for read in reversed(reads) for passage in read.passages]
    stale = await ASKING.run(extractive.retracted_statements, reads)
    happened = _without(stale, await _written(writer, STORY, about, whole, 4))
    if not happened:
        happened = await ASKING.run(extractive.lead_sentences, reads)
    if not happened:
        raise NothingToSummarize("no-whole-sentence-on", about=about)
    # Differences are found by comparing outlets; a model's word would have to be trusted.
    disputed = await ASKING.run(extractive.disputed, reads, texts_of(happened))
    speaking = [p for p in whole if any(map(extractive.names_a_speaker, sentences(p.text)))]
    voices = _without(stale, await _written(writer, VOICES, about, speaking[:_VOICES_READ], 4))
    if not voices:
        voices = await ASKING.run(
            extractive.quoted_speakers, reads, texts_of([*happened, *disputed])
        )
    _, later = extractive.split_sections(reads)
    news = [passage for read in reversed(later) for passage in read.passages]
    changed = await _written(writer, CHANGES, about, news, 3)
    if not changed:
        changed = await ASKING.run(
            extractive.changed, reads, texts_of([*happened, *voices, *disputed])
        )
    numbering = SummaryNumberer()
    told_by: list[tuple[SectionName, list[CitedSentence]]] = [
        ("what-happened", happened),
        ("who-says-what", _new(voices, happened)),
        ("disputed", disputed),
        ("changed", _new(changed, [*happened, *voices, *disputed])),
    ]
    sections = tuple(numbering.section(name, lines) for name, lines in told_by if lines)
    figures = await _figures(reads, numbering)
    title = happened[0].passages[0].article.title or about
    reports = reports or [read.report for read in reads]
    return _summary("story", title, reports, sections, figures, numbering, writer)


async def _written(
    writer: GenerativeWriter | None,
    task: PromptTask,
    about: str,
    passages: Sequence[Passage],
    most: int,
) -> list[CitedSentence]:
    if writer is None or not passages:
        return []
    return await writer.lines(task, about, passages, most)


async def _figures(
    reads: Sequence[LoadedReport], numbering: SummaryNumberer
) -> tuple[KeyFigure, ...]:
    found = await ASKING.run(extractive.key_figures, reads)
    return tuple(KeyFigure(text, numbering.sentence(line)) for text, line in found)


def _without(stale: Callable[[str], bool], lines: Sequence[CitedSentence]) -> list[CitedSentence]:
    return [line for line in lines if not stale(line.text)]


def _new(lines: Sequence[CitedSentence], before: Sequence[CitedSentence]) -> list[CitedSentence]:
    said = set(texts_of(before))
    return [line for line in lines if line.text not in said]


def _summary(
    kind: Kind,
    title: str,
    reports: Sequence[Report],
    sections: tuple[Section, ...],
    figures: tuple[KeyFigure, ...],
    numbering: SummaryNumberer,
    writer: GenerativeWriter | None,
) -> Summary:
    summary = Summary(
        kind,
        title,
        reports[-1].story_id,
        sections,
        figures,
        tuple(numbering.citations),
        tuple(report.article for report in reports),
    )
    if writer is None:
        return summary
    return replace(
        summary,
        model=writer.model if writer.wrote else QUOTATIONS,
        notes=writer.notes("summary"),
        usage=writer.usage,
        dropped=tuple(writer.dropped),
        problem=writer.error.note if writer.error else None,
    )
