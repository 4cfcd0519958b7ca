"""Assemble an answer: numbered sources, other outlets, correction notices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.answering.conflicts import ConflictResolution
from bot.answering.models import (
    Answer,
    AnswerSentence,
    Citation,
    Event,
    SentenceAccepted,
    SentencesRetracted,
    text_with_citations,
)
from bot.answering.sentence_dates import date_beside
from retrieval.errors import Note
from retrieval.models import SearchResults

if TYPE_CHECKING:
    from bot.answering.generation import GenerationResult
    from bot.answering.prompt_passages import PromptPassage
    from bot.answering.sentence_check import VerifiedSentence

_NOTICE = 300


class CitationNumberer:
    """Numbers the sources of sentences in the order in which they are first cited."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._numbers: dict[int, int] = {}
        self.sentences: list[AnswerSentence] = []
        self.citations: list[Citation] = []

    def __call__(self, passed: VerifiedSentence, passages: Sequence[PromptPassage]) -> None:
        new = []
        for n in passed.sources:
            if n not in self._numbers:
                self._numbers[n] = len(self._numbers) + 1
                one = passages[n - 1]
                new.append(Citation(self._numbers[n], one.passage.article, one.quote))
        sentence = AnswerSentence(
            passed.text, tuple(sorted(self._numbers[n] for n in passed.sources))
        )
        self.sentences.append(sentence)
        self.citations += new
        self._emit(SentenceAccepted(sentence, tuple(new)))

    def clear(self) -> None:
        """Discard all sentences: they were thoughts, not an answer."""
        if self.sentences:
            self._numbers.clear()
            self.sentences.clear()
            self.citations.clear()
            self._emit(SentencesRetracted())

    def answer(
        self, question: str, notes: tuple[Note, ...], composition: GenerationResult, model: str
    ) -> Answer:
        """Return the whole answer, with a note on what is missing from it."""
        if composition.error is not None:
            notes = (*notes, Note(composition.error.public).then(Note("note-shown-until-then")))
        elif composition.cut:
            notes = (*notes, Note("note-cut"))
        count = sum(sentence.left_out for sentence in composition.dropped)
        if composition.error is None and count:
            notes = (*notes, Note("note-left-out", count=count))
        sentences = tuple(self.sentences)
        return Answer(
            question,
            text_with_citations(sentences),
            False,
            sentences,
            tuple(self.citations),
            model=model,
            notes=notes,
        )


def publishers_corrections(answer: Answer, found: SearchResults) -> list[Note]:
    """Return the correction notices of cited articles that the answer doesn't quote."""
    cited = {citation.article.article_id for citation in answer.citations}
    notices = {
        hit.passage.correction: hit.passage.article.source or hit.passage.article.title
        for hit in found.hits
        if hit.passage.correction and hit.passage.article.article_id in cited
    }
    return [
        Note("note-corrected-report", who=who, notice=notice[:_NOTICE])
        for notice, who in notices.items()
        if notice not in answer.text
        and not any(note.code == "note-corrected" for note in answer.notes)
    ]


def with_other_outlets(citations: Sequence[Citation], found: SearchResults) -> tuple[Citation, ...]:
    """Return each source with the outlets that report its story too and aren't sources
    themselves."""
    also = {hit.passage.article.article_id: hit.also for hit in reversed(found.hits)}
    cited = {citation.article.article_id for citation in citations}
    named = {citation.article.source for citation in citations}

    def others(citation: Citation) -> tuple[str, ...]:
        told = (
            one for one in also.get(citation.article.article_id, ()) if one.article_id not in cited
        )
        names = dict.fromkeys(one.source for one in told if one.source and one.source not in named)
        return tuple(names)

    return tuple(replace(citation, also=others(citation)) for citation in citations)


def replayed(answer: Answer, emit: Callable[[Event], None]) -> Answer:
    """Return the same answer, emitting its sentences as if they had just been written."""
    for sentence in answer.sentences:
        new = tuple(c for c in answer.citations if c.n in sentence.citations)
        emit(SentenceAccepted(sentence, new))
    return answer


def answer_of_quotations(found: SearchResults, reconciled: ConflictResolution) -> Answer:
    """Return the answer made of quotations, with both sides where reports differ."""
    quotations = reconciled.quotations
    citations = tuple(
        Citation(n, quotation.hit.passage.article, quotation.text)
        for n, quotation in enumerate(quotations, 1)
    )
    sentences = tuple(
        AnswerSentence(each.quote, (each.n,), date_beside(each.quote, each.article, found.hits))
        for each in citations
    )
    notes = (*found.notes, *reconciled.notes)
    return Answer(
        found.question, text_with_citations(sentences), False, sentences, citations, notes=notes
    )
