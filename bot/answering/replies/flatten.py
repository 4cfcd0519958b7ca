"""Turn digests, summaries and timelines into answers: a sequence of cited sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.answering.conversation import Conversation, without_subject
from bot.answering.models import (
    Answer,
    AnswerSentence,
    Citation,
    Conflict,
    Form,
    text_with_citations,
)
from bot.answering.router.router import RoutedMessage
from bot.answering.summaries.models import CitedSentence, Summary, SummaryNumberer
from bot.i18n import day_text, reply_text
from retrieval.errors import Note
from retrieval.models import Passage, Reference

if TYPE_CHECKING:
    from bot.answering.summaries.service import Digest
    from bot.answering.summaries.timeline import Timeline, TimelineEvent

_MOST_CHARS = 1_500
_EACH = 2  # sentences per question of a message


def quoted_answer(question: str, lines: Sequence[CitedSentence], form: Form = "answer") -> Answer:
    """Return an answer of these sentences, with their passages as its sources."""
    numberer = SummaryNumberer()
    sentences = tuple(numberer.sentence(line) for line in lines)
    return Answer(
        question,
        text_with_citations(sentences),
        False,
        sentences,
        tuple(numberer.citations),
        form=form,
    )


def quoted(text: str, passage: Passage) -> CitedSentence:
    """Return a sentence of a passage, joined if it spans several paragraphs."""
    return CitedSentence(" ".join(text.split()), (passage,), (text,))


def digest_answer(question: str, digest: Digest) -> Answer:
    """Return the stories of a digest in order, each with its sentences."""
    blocks = [(entry.sentences, entry.citations) for entry in digest.entries]
    return _joined(question, blocks, "digest", digest.model, digest.notes)


def summary_answer(question: str, summary: Summary) -> Answer:
    """Return the sentences of a summary without its key figures and without duplicates."""
    sentences = dict.fromkeys(s for section in summary.sections for s in section.sentences)
    blocks = [(tuple(sentences), summary.citations)]
    return _joined(question, blocks, "summary", summary.model, summary.notes)


def timeline_answer(question: str, timeline: Timeline, language: str) -> Answer:
    """Return the events of a timeline in order, each after its day if that is known."""

    def sentence(event: TimelineEvent) -> AnswerSentence:
        if event.day is None:
            return event.sentence
        text = dated(event.day.isoformat(), event.sentence.text, language)
        return AnswerSentence(text, event.sentence.citations)

    blocks = [((sentence(event),), event.citations) for event in timeline.events]
    return _joined(question, blocks, "timeline", timeline.model, timeline.notes)


def joined(answers: Sequence[Answer]) -> Answer:
    """Return the answers to the questions of one message as one, without those that are
    declined."""
    known = [answer for answer in answers if not answer.abstained]
    if not known:
        return answers[0]
    both = _joined(
        answers[0].question,
        [(answer.sentences[:_EACH], answer.citations) for answer in known],
        "answer",
        known[0].model,
        tuple(dict.fromkeys(note for answer in answers for note in answer.notes)),
    )
    usages = [answer.usage for answer in answers if answer.usage is not None]
    return replace(
        both,
        usage=sum(usages[1:], usages[0]) if usages else None,
        conflicts=tuple(_conflicts(known, both.citations)),
        problem=next((answer.problem for answer in answers if answer.problem), None),
    )


def asked_back(answer: Answer, message: RoutedMessage, conversation: Conversation) -> Answer:
    """Return a follow-up that wasn't understood as a question about what it meant. It has no
    reason, since articles lack nothing, and no follow-up continues from it.

    It is put as it was understood, unless that added words to search for: then the question is
    whether it continues from what somebody asked before.
    """
    if answer.asked is None:
        return answer
    asked = [turn.question for turn in reversed(conversation.turns)]
    if without_subject(answer.asked) != answer.asked and asked:
        whole = (question for question in asked if without_subject(question) == question)
        earlier = next(whole, without_subject(asked[0]))
        text = reply_text(message.language, "ask-back-about", earlier=earlier)
    else:
        second = answer.nearest[0].title if answer.nearest else message.text
        text = reply_text(message.language, "ask-back", first=answer.asked, second=second)
    return replace(answer, text=text, reply=True, reason=None)


def dated(published_at: str | None, sentence: str, language: str) -> str:
    """Return a sentence after the day of its report, as ``language`` writes days."""
    return f"{day_text(published_at, language)}: {sentence}" if published_at else sentence


def _conflicts(answers: Sequence[Answer], citations: Sequence[Citation]) -> Iterator[Conflict]:
    """Yield what the sources of each answer differ on, by their numbers in the joined one."""
    number = {(each.article, each.quote): each.n for each in citations}
    for answer in answers:
        own = {
            each.n: number[each.article, each.quote]
            for each in answer.citations
            if (each.article, each.quote) in number
        }
        for conflict in answer.conflicts:
            told = conflict.renumbered(own)
            if all(value.citations for value in told.values):
                yield told


def _joined(
    question: str,
    blocks: Iterable[tuple[Sequence[AnswerSentence], Sequence[Citation]]],
    form: Form,
    model: str,
    notes: tuple[Note, ...],
) -> Answer:
    """Return all blocks as one answer, with sources renumbered: each passage of an article once."""
    numbers: dict[tuple[Reference, str], int] = {}
    citations: list[Citation] = []
    sentences: list[AnswerSentence] = []
    length = 0
    for own, sources in blocks:
        by_number = {source.n: source for source in sources}
        for sentence in own:
            if sentences and length + len(sentence.text) > _MOST_CHARS:
                break
            cited = []
            for n in sentence.citations:
                source = by_number[n]
                key = (source.article, source.quote)
                if key not in numbers:
                    numbers[key] = len(numbers) + 1
                    citations.append(
                        Citation(numbers[key], source.article, source.quote, source.also)
                    )
                cited.append(numbers[key])
            sentences.append(AnswerSentence(sentence.text, tuple(cited)))
            length += len(sentence.text)
    made = tuple(sentences)
    return Answer(
        question,
        text_with_citations(made),
        False,
        made,
        tuple(citations),
        model=model,
        notes=notes,
        form=form,
    )
