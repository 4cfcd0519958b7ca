"""Who says what: one sentence of each publisher about one event."""

from __future__ import annotations

from bot.answering.models import Answer
from bot.answering.replies.coverage import CoveringArticle, coverage_of, latest_event, loaded
from bot.answering.replies.flatten import quoted_answer
from bot.answering.replies.told_differences import attributed
from bot.answering.summaries.lexrank import extract
from bot.answering.summaries.models import CitedSentence
from retrieval.library import Library
from retrieval.runtime.executors import ASKING
from retrieval.timestamps import TimeRange

_PUBLISHERS = 8
_CLOSE = 0.2


async def by_publisher(
    library: Library, question: str, subject: str, within: TimeRange, corpus: str
) -> Answer | None:
    """What each publisher's newest report on the last event of a subject says; None if none is."""
    covering = await coverage_of(library, subject, within, corpus)
    close = [one for one in covering.articles if one.score >= _CLOSE]
    newest: dict[str, CoveringArticle] = {}
    for one in sorted(latest_event(close), key=lambda one: -one.at):
        newest.setdefault(one.article.source or one.article.title, one)
    chosen = list(newest.values())[:_PUBLISHERS]
    if not chosen:
        return None
    reads = await loaded(library, chosen)

    def told() -> list[CitedSentence]:
        lines = []
        for read in reversed(reads):
            article = read.report.article
            for one in extract([read.passages], 1, wanted=covering.names):
                text = attributed(article, one.text)
                lines.append(CitedSentence(text, (one.passage,), (one.text,)))
        return lines

    lines = await ASKING.run(told)
    return quoted_answer(question, lines) if lines else None
