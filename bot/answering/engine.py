"""One question, one answer."""

from __future__ import annotations

import asyncio

import prompts
from bot.answering.answers import Answer, Citation, Sentence
from bot.answering.quoting import select
from retrieval.articles import Found
from retrieval.library import Library
from retrieval.moments import TimeRange


class AnswerEngine:
    """Answers questions from a library's corpora."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def answer(
        self,
        question: str,
        within: TimeRange,
        *,
        corpus: str,
        source: str | None = None,
        limit: int = 10,
    ) -> Answer:
        """Answer from what is in the range and of the source, or abstain with the nearest coverage."""
        found = await self._library.search(
            question, within, corpus=corpus, source=source, limit=limit
        )
        answer = await asyncio.to_thread(_quoted, found)
        if answer is not None:
            return answer
        nearest = await self._library.nearest(question, within.as_of, corpus=corpus)
        return Answer(
            question, prompts.render("refusal"), True, nearest=tuple(nearest), notes=found.notes
        )


def _quoted(found: Found) -> Answer | None:
    selection = select(found)
    if selection.thin:
        return None
    citations = tuple(
        Citation(n, quotation.hit.passage.article, quotation.text)
        for n, quotation in enumerate(selection.quotations, 1)
    )
    sentences = tuple(Sentence(citation.quote, (citation.n,)) for citation in citations)
    text = " ".join(f"{citation.quote} [{citation.n}]" for citation in citations)
    return Answer(found.question, text, False, sentences, citations, notes=found.notes)
