"""Reply to a topic with its newest story, or with a summary of what its reports say."""

from __future__ import annotations

from bot.answering.models import Answer
from bot.answering.replies.coverage import coverage_of, latest_event, loaded
from bot.answering.replies.flatten import dated, quoted_answer, summary_answer
from bot.answering.summaries.generative import GenerativeWriter
from bot.answering.summaries.lexrank import extract
from bot.answering.summaries.models import CitedSentence, NothingToSummarize
from bot.answering.summaries.summarize import sum_up_article, sum_up_story
from retrieval.library import Library
from retrieval.runtime.executors import ASKING
from retrieval.timestamps import TimeRange

_NEWEST = 2
_SENTENCES = 3
_CLOSE = 0.25  # least score; articles that merely name the subject have less
_ABOUT = 0.6
_SUMMED_UP = 8


async def newest_on(
    library: Library,
    question: str,
    subject: str,
    within: TimeRange,
    corpus: str,
    source: str | None,
    language: str,
) -> Answer | None:
    """Return the newest reports on a subject in two or three sentences, newest first, each with its
    day.

    None if no article is about it.
    """
    covering = await coverage_of(library, subject, within, corpus, source)
    close = [one for one in covering.newest_first if one.score >= _CLOSE]
    # Articles about it, by title or search, take precedence over those that name it among others.
    about = [one for one in close if one.score >= _ABOUT or covering.heads(one.article.title)]
    if not close:
        return None
    reads = await loaded(library, (about or close)[:_NEWEST])

    def told() -> list[CitedSentence]:
        lines: list[CitedSentence] = []
        for read in reversed(reads):
            said = [line.quotes[0] for line in lines]
            most = 2 if not lines else _SENTENCES - len(lines)
            found = extract([read.passages], 1, wanted=covering.names, told=said)
            known = [*said, *(one.text for one in found)]
            found += extract([read.passages], most - len(found), told=known) if found else []
            for one in found:
                line = CitedSentence.quoted(one)
                if one is found[0]:
                    line = CitedSentence(
                        dated(read.report.article.published_at, one.text, language),
                        line.passages,
                        line.quotes,
                    )
                lines.append(line)
        return lines

    lines = await ASKING.run(told)
    return quoted_answer(question, lines) if lines else None


async def summary_of(
    library: Library,
    question: str,
    subject: str,
    within: TimeRange,
    corpus: str,
    source: str | None,
    writer: GenerativeWriter | None,
) -> Answer | None:
    """Return what the reports on a subject say, the first and the newest of them; None if there are
    none."""
    covering = await coverage_of(library, subject, within, corpus, source)
    close = [one for one in covering.articles if one.score >= _CLOSE]
    close = latest_event(close)[:_SUMMED_UP]
    if not close:
        return None
    reads = await loaded(library, close)
    try:
        if len(reads) == 1:
            return summary_answer(question, await sum_up_article(reads[0], writer))
        return summary_answer(question, await sum_up_story(reads, writer))
    except NothingToSummarize:
        return None
