"""Compare what each publisher says about the last event of a subject."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answering.models import Answer, AnswerSentence, text_with_citations
from bot.answering.replies.coverage import CoveringArticle, coverage_of, latest_event, loaded
from bot.answering.summaries.comparison import Comparison, ComparisonRow, compared
from bot.answering.summaries.lexrank import ExtractedSentence, extract
from bot.answering.summaries.models import EmptyCorpus, NothingOnTopic, NothingToSummarize
from bot.i18n import day_text
from retrieval.library import Library
from retrieval.runtime.executors import ASKING
from retrieval.timestamps import DAY_MICROS, TimeRange

PUBLISHERS = 8
_CLOSE = 0.2
_MAINLY = 0.7  # least share of the score of a publisher's closest article
_ASKED_FOR = 12
_BESIDE = 7 * DAY_MICROS


async def compare(
    library: Library, topic: str, within: TimeRange, corpus: str, limit: int = PUBLISHERS
) -> Comparison:
    """Return one sentence from the newest report of each of at most ``limit`` publishers on a
    topic.

    Raises ``NothingOnTopic``, and ``EmptyCorpus`` if there is no corpus.
    """
    if await library.catalogue.corpora.by_name(corpus) is None:
        raise EmptyCorpus(corpus)
    covering = await coverage_of(library, topic, within, corpus)
    event = latest_event([one for one in covering.articles if one.score >= _CLOSE])
    best = _best_of_each(event)
    if event:
        # One publisher may have written most of the results: the others are searched by name.
        dated = [one.at for one in event if one.at] or [0]
        for name in (await library.source_names(corpus))[:_ASKED_FOR]:
            if len(best) >= limit or name in best:
                continue
            own = await coverage_of(library, topic, within, corpus, name)
            near = [
                one
                for one in own.articles
                if min(dated) - _BESIDE <= one.at <= max(dated) + _BESIDE
            ]
            best = _best_of_each(near) | best
    chosen = sorted(best.values(), key=lambda one: -one.score)[:limit]
    reads = await loaded(library, chosen)

    def said() -> list[ExtractedSentence]:
        return [
            sentence
            for read in reversed(reads)
            for sentence in extract([read.passages], 1, wanted=covering.names)
        ]

    comparison = compared(topic, await ASKING.run(said))
    if not comparison.rows:
        raise NothingOnTopic(topic, within)
    return comparison


def _best_of_each(articles: Sequence[CoveringArticle]) -> dict[str, CoveringArticle]:
    """Return by publisher the newest of its articles that are mainly about the topic."""
    named = [(one.article.source or one.article.title, one) for one in articles]
    main: dict[str, float] = {}
    for name, one in named:
        main[name] = max(main.get(name, 0.0), one.score)
    found: dict[str, CoveringArticle] = {}
    for name, one in sorted(named, key=lambda pair: -pair[1].at):
        if one.score >= _MAINLY * main[name]:
            found.setdefault(name, one)
    return found


async def by_publisher(
    library: Library, question: str, subject: str, within: TimeRange, corpus: str, language: str
) -> Answer | None:
    """Return a comparison as an answer; None if no article is about the subject."""
    try:
        comparison = await compare(library, subject, within, corpus)
    except NothingToSummarize:
        return None
    sentences = tuple(
        AnswerSentence(f"{who(row, language)}: {row.sentence.text}", row.sentence.citations)
        for row in comparison.rows
    )
    text = text_with_citations(sentences)
    return Answer(question, text, False, sentences, comparison.citations)


def who(row: ComparisonRow, language: str) -> str:
    """Return the publishers of a row and the day of the newest of their reports: ``BBC, Wire, 3
    November 2023``."""
    dates = [article.published_at for article in row.articles if article.published_at]
    return ", ".join([*row.publishers, *([day_text(max(dates), language)] if dates else [])])
