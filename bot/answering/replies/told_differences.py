"""Answer with both sides where articles differ, each with its publisher and day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.answering.conflicts import Difference, ToldValue
from bot.answering.models import (
    Answer,
    AnswerSentence,
    Citation,
    Conflict,
    ConflictValue,
    Event,
    SentenceAccepted,
    text_with_citations,
)
from bot.i18n import day_text, reply_text
from retrieval.models import Reference
from retrieval.text.tokens import stands_whole

# Both sides fit into so many words at the beginning; sentences beyond them are left out.
_WORDS = 120


def with_difference(answer: Answer, difference: Difference, language: str) -> Answer:
    """Return ``answer`` led by what its sources differ on: a figure with its former value, or each
    side with its publisher and day. ``language`` is for the bot's own words."""
    citations = list(answer.citations)
    newer, older = (_numbered(told, citations) for told in difference.values)
    if difference.changed:
        led = [_changed(difference, newer, older, answer, language)]
    else:
        led = [
            AnswerSentence(_attributed(told, language), (n,))
            for told, n in zip(difference.values, (newer, older), strict=True)
        ]
    said = {told.quotation.text for told in difference.values}
    sentences = list(led)
    words = sum(len(sentence.text.split()) for sentence in led)
    for sentence in answer.sentences:
        if any(text in sentence.text for text in said):
            continue
        words += len(sentence.text.split())
        if words <= _WORDS:
            sentences.append(sentence)
    conflicts = answer.conflicts
    if not difference.changed:
        values = (
            ConflictValue(told.value, (n,))
            for told, n in zip(difference.values, (newer, older), strict=True)
        )
        conflicts = (*conflicts, Conflict(difference.subject, tuple(values)))
    return _renumbered(replace(answer, conflicts=conflicts), sentences, citations)


def append_difference(
    answer: Answer, difference: Difference, emit: Callable[[Event], None], language: str
) -> Answer:
    """Return a written ``answer``, followed by those sides of a difference that it doesn't give."""
    if difference.changed:
        return answer  # the model was shown both days
    citations, sentences = list(answer.citations), list(answer.sentences)
    numbers = []
    for told in difference.values:
        known = len(citations)
        n = _numbered(told, citations)
        numbers.append(n)
        if not any(stands_whole(told.value, sentence.text) for sentence in answer.sentences):
            sentences.append(AnswerSentence(_attributed(told, language), (n,)))
            emit(SentenceAccepted(sentences[-1], tuple(citations[known:])))
    values = (
        ConflictValue(told.value, (n,)) for told, n in zip(difference.values, numbers, strict=True)
    )
    return replace(
        answer,
        text=text_with_citations(tuple(sentences)),
        sentences=tuple(sentences),
        citations=tuple(citations),
        conflicts=(Conflict(difference.subject, tuple(values)),),
    )


def attributed(article: Reference, text: str, language: str) -> str:
    """Return a sentence after the publisher and the day of its article."""
    at = article.published_at
    parts = (article.source or article.title, at and day_text(at, language))
    return f"{', '.join(part for part in parts if part)}: {text}"


def _attributed(told: ToldValue, language: str) -> str:
    return attributed(told.quotation.hit.passage.article, told.quotation.text, language)


def _changed(
    difference: Difference, newer: int, older: int, answer: Answer, language: str
) -> AnswerSentence:
    """Return the sentence with the newest figure, and the former one in a clause."""
    new, old = difference.values
    at = old.quotation.hit.passage.article.published_at
    clause = reply_text(
        language,
        "figure-up" if difference.rises else "figure-down",
        figure=old.value,
        date=at or "",
    )
    whole = new.quotation.text
    known = {sentence.text: sentence.date for sentence in answer.sentences}
    return AnswerSentence(
        f"{whole.removesuffix('.')} ({clause}){'.' * whole.endswith('.')}",
        (newer, older),
        known.get(new.quotation.text),
    )


def _numbered(told: ToldValue, citations: list[Citation]) -> int:
    """Return the number of a side's source, which is added if it is new."""
    article, quote = told.quotation.hit.passage.article, told.quotation.text
    for citation in citations:
        if citation.article == article and quote in citation.quote:
            return citation.n
    citations.append(Citation(len(citations) + 1, article, quote))
    return len(citations)


def _renumbered(
    answer: Answer, sentences: list[AnswerSentence], citations: list[Citation]
) -> Answer:
    """Return the answer with these sentences, without sources that none of them cites."""
    order = list(dict.fromkeys(n for sentence in sentences for n in sentence.citations))
    number = {n: place for place, n in enumerate(order, 1)}
    told = tuple(
        replace(sentence, citations=tuple(number[n] for n in sentence.citations))
        for sentence in sentences
    )
    by_number = {citation.n: citation for citation in citations}
    return replace(
        answer,
        text=text_with_citations(told),
        sentences=told,
        citations=tuple(replace(by_number[n], n=number[n]) for n in order),
        conflicts=tuple(conflict.renumbered(number) for conflict in answer.conflicts),
    )
