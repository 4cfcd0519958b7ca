"""Answer one question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.answering import prompt_injection
from bot.answering.answer_request import AnswerRequest
from bot.answering.assembly import (
    CitationNumberer,
    publishers_corrections,
    replayed,
    with_other_outlets,
)
from bot.answering.cache import AnswerCache
from bot.answering.conflicts import ConflictResolution
from bot.answering.conversation import (
    Conversation,
    RewrittenQuestion,
    history,
    inherit_time_range,
    rewrite_follow_up,
    turn_of,
)
from bot.answering.misspelt import as_meant
from bot.answering.models import (
    Answer,
    AnswerCompleted,
    Event,
    Reason,
    SearchCompleted,
)
from bot.answering.nearest import nearest_coverage
from bot.answering.other_reading import says_nothing_new, tells_of
from bot.answering.question_reader import QuestionReader
from bot.answering.quoted_answer import ReadAnswer, read_answer
from bot.answering.reading_notes import reading_notes
from bot.answering.replies import Replies, ReplyRequest
from bot.answering.replies.decline_reasons import told_by_limits, why_declined
from bot.answering.replies.flatten import asked_back, joined
from bot.answering.replies.told_differences import append_difference
from bot.answering.router.classifier import LEANING
from bot.answering.router.languages import language_named
from bot.answering.router.parts import parts_of
from bot.answering.router.router import RoutedMessage, read_message
from bot.i18n import reply_text
from bot.storage.usage import DailyUsage
from retrieval.errors import Note
from retrieval.library import Library
from retrieval.models import Reference, SearchResults
from retrieval.runtime.concurrency import cancel
from retrieval.runtime.executors import ASKING
from retrieval.timestamps import TimeRange, to_micros

if TYPE_CHECKING:
    from bot.answering.composer import Composer

__all__ = ["AnswerEngine", "AnswerRequest"]

_log = logging.getLogger(__name__)

_HOUR = timedelta(hours=1) // timedelta(microseconds=1)
_SOMETHING = "Hi, does anyone know what happened on Monday? thanks"
# Before any report.
_EVER = datetime(1800, 1, 1, tzinfo=UTC)


class AnswerEngine:
    """Answers questions from a library's corpora: with a model's sentences if it has a
    ``composer``, otherwise with quotations."""

    def __init__(self, library: Library, composer: Composer | None = None) -> None:
        self._library = library
        self._reader = QuestionReader(library)
        self._composer = composer
        self._cache = AnswerCache()
        self._replies = Replies(library, composer)

    async def warm_up(self) -> None:
        """Load what the first question would otherwise wait for. Raise ``EmbedderError``."""
        await self._library.embedder.embed_questions(["warm"])
        await ASKING.run(prompt_injection.warm_up)
        await read_message(_SOMETHING, Conversation(), _EVER)

    async def answer(self, asked: AnswerRequest) -> Answer:
        """Answer, or decline with the nearest coverage. If the model fails, answer with quotations."""
        return await self._answer(asked, lambda event: None)

    async def stream(self, asked: AnswerRequest) -> AsyncGenerator[Event, None]:
        """Yield events while an answer is made; the last event is ``AnswerCompleted``.

        Ending the iteration cancels the work. An answer has so few sentences that the queue between
        needs no limit.
        """
        events: asyncio.Queue[Event | None] = asyncio.Queue()

        async def work() -> Answer:
            try:
                return await self._answer(asked, events.put_nowait)
            finally:
                events.put_nowait(None)

        task = asyncio.create_task(work())
        try:
            while (event := await events.get()) is not None:
                yield event
            yield AnswerCompleted(await task)
        finally:
            await cancel(task)

    def after(
        self, conversation: Conversation, asked: AnswerRequest, answer: Answer
    ) -> Conversation:
        """Return the conversation with this turn added."""
        if answer.form in ("smalltalk", "help") or (answer.reply and answer.reason is None):
            return conversation  # "source?" doesn't refer to "thanks"
        question = as_meant(answer.asked or asked.question, answer.notes)
        standalone = RewrittenQuestion(question, True, answer.since, answer.until, asked.source)
        return conversation.after(turn_of(answer, standalone))

    @property
    def has_model(self) -> bool:
        """Return whether a language model is configured."""
        return self._composer is not None

    async def check_model(self) -> None:
        """Check that the model server is available. Raise ``ModelError``."""
        if self._composer is not None:
            await self._composer.model.check()

    async def spent(self, corpus: str | None = None) -> DailyUsage:
        """Return the model's usage today, for one corpus or for all."""
        return await self._composer.spent(corpus) if self._composer else DailyUsage(0, 0, 0.0)

    async def _answer(self, asked: AnswerRequest, emit: Callable[[Event], None]) -> Answer:
        """Answer a message as it is read; if that finds nothing, as it may be read otherwise."""
        message = await self._read(asked)
        # A model's sentences are shown as they arrive; quotations can wait for the other reading.
        waits = message.either and self._composer is None
        events: list[Event] = []
        answer = await self._answered(asked, message, events.append if waits else emit)
        if message.either and says_nothing_new(answer, asked.conversation, repeating=waits):
            other = await self._read_otherwise(asked, message)
            if other is not None:
                return replace(replayed(other, emit), question=asked.question)
        for event in events:
            emit(event)
        if message.kind == "followup" and answer.abstained:
            answer = asked_back(answer, message, asked.conversation)
        return replace(answer, question=asked.question)

    async def _read(self, asked: AnswerRequest) -> RoutedMessage:
        return await read_message(
            asked.question, asked.conversation, asked.within.as_of, self._asking_model(asked.corpus)
        )

    async def _read_otherwise(self, asked: AnswerRequest, message: RoutedMessage) -> Answer | None:
        """Answer what may continue the last turn as if it were standalone, or the other way round;
        None if that finds nothing either."""
        before = asked.conversation
        if message.kind in LEANING:
            asked = replace(asked, conversation=Conversation())
            read = replace(await self._read(asked), language=message.language)
            if read.kind in LEANING:
                return None
        elif message.kind in ("question", "topic"):
            read = replace(message, kind="followup")
        else:
            return None
        answer = await self._answered(asked, read, lambda event: None)
        if says_nothing_new(answer, before, repeating=True):
            return None
        sure = message.leans if message.kind in LEANING else 1 - message.leans
        # What isn't a question is answered only from what is about it.
        found = read.kind not in ("question", "followup") or tells_of(
            answer, message.question, sure
        )
        return answer if found else None

    async def _answered(
        self, asked: AnswerRequest, message: RoutedMessage, emit: Callable[[Event], None]
    ) -> Answer:
        """Reply to a message according to its kind; as a question, it may be two."""
        if message.kind == "general":
            defined = await self._definition(asked)
            if defined is not None:
                return replayed(defined, emit)
        reply = await self._replies.reply(
            ReplyRequest(message, asked.within, asked.corpus, asked.source, asked.conversation)
        )
        if reply is not None:
            last = asked.conversation.last
            about = None
            if not reply.reply:
                # What continues an answer is about the same question.
                about = last.question if last and message.kind in LEANING else message.question
            return replace(replayed(reply, emit), asked=reply.asked or about)
        asked = replace(asked, replies_in=message.language)
        if message.kind == "language":
            asked = self._in_language(asked, message)
        parts = parts_of(message.question) if message.kind == "question" else [message.question]
        if len(parts) == 1:
            return await self._searched(replace(asked, question=parts[0]), message, emit)
        answers = [
            await self._searched(replace(asked, question=part), message, lambda event: None)
            for part in parts
        ]
        return replayed(joined(answers), emit)

    async def _definition(self, asked: AnswerRequest) -> Answer | None:
        """Return what an article says a thing is; general knowledge isn't news otherwise."""
        found = await self._reader.search(asked, asked.question)
        read = await ASKING.run(read_answer, found, None)
        if not read.selection.tells:
            return None
        quoted = read.answer(found, asked.replies_in)
        return replace(quoted, citations=with_other_outlets(quoted.citations, found))

    def _asking_model(self, corpus: str) -> Callable[[str], Awaitable[str | None]] | None:
        """Return a function that asks the model for the kind of a message; None without a model."""
        composer = self._composer
        if composer is None:
            return None
        return lambda text: composer.kind_of(text, corpus)

    def _in_language(self, asked: AnswerRequest, message: RoutedMessage) -> AnswerRequest:
        return replace(asked, language=language_named(message.text) or asked.language)

    async def _searched(
        self, asked: AnswerRequest, message: RoutedMessage, emit: Callable[[Event], None]
    ) -> Answer:
        standalone = await self._standalone(asked, message)
        understood = _with_moved_citations(asked, standalone)
        key = await self._key(understood)
        if (known := self._cache.get(key)) is not None:
            return replace(known, question=asked.question, usage=None, cached=True)
        found, read = await self._reader.read(understood, follows=standalone.changed)
        emit(SearchCompleted(len(found.hits)))
        answer = await self._made(understood, found, read, emit)
        answer = replace(
            answer,
            question=asked.question,
            citations=with_other_outlets(answer.citations, found),
            notes=(
                *answer.notes,
                *reading_notes(answer, found, f"{message.text} {message.question}"),
                *publishers_corrections(answer, found),
            ),
            asked=understood.question if understood.question != message.text else None,
            since=found.since,
            until=found.until if found.until < understood.within.as_of else None,
        )
        if answer.problem is None and not found.impaired:
            self._cache.put(key, answer)
        return answer

    async def _made(
        self,
        asked: AnswerRequest,
        found: SearchResults,
        read: ReadAnswer,
        emit: Callable[[Event], None],
    ) -> Answer:
        if read.reason is not None:
            return await self._decline(asked, found, read.reason, read.missing)
        reconciled = read.resolution
        quoted = read.answer(found, asked.replies_in)
        if self._composer is None:
            return replayed(quoted, emit)
        async with self._composer.room(asked.corpus) as granted:
            if granted:
                return await self._written(self._composer, asked, found, reconciled, quoted, emit)
        note = Note("note-no-budget").then(Note("note-answer-quoted"))
        return replayed(replace(quoted, notes=(*quoted.notes, note)), emit)

    async def _written(
        self,
        composer: Composer,
        asked: AnswerRequest,
        found: SearchResults,
        reconciled: ConflictResolution,
        quoted: Answer,
        emit: Callable[[Event], None],
    ) -> Answer:
        """Return the model's answer if any of it is supported; a decline if it doesn't know; else
        quotations."""
        shown = CitationNumberer(emit)
        composition = await composer.compose(
            asked.question,
            found.hits,
            corpus=asked.corpus,
            as_of=asked.within.as_of,
            language=asked.language,
            passed=shown,
            retracted=shown.clear,
            withdrawn=reconciled.withdrawn,
        )
        error = composition.error
        if error is not None:
            _log.warning("%s", error)
        if shown.sentences:
            answer = shown.answer(asked.question, quoted.notes, composition, composer.model.name)
            if reconciled.difference is not None:
                answer = append_difference(answer, reconciled.difference, emit, asked.replies_in)
        elif composition.refused:
            answer = await self._decline(asked, found, "not-answered")
        else:
            why = Note(
                error.public
                if error
                else "note-cut"
                if composition.cut and not composition.dropped
                else "note-other-language"
                if composition.other_language
                else "note-not-in-sources"
            )
            note = why.then(Note("note-answer-quoted"))
            answer = replayed(replace(quoted, notes=(*quoted.notes, note)), emit)
        return replace(
            answer,
            usage=composition.usage,
            dropped=tuple(composition.dropped),
            problem=error.note if error else None,
        )

    async def _decline(
        self,
        asked: AnswerRequest,
        found: SearchResults,
        reason: Reason,
        missing: Sequence[str] = (),
    ) -> Answer:
        """Decline; ``missing`` are words of the question that no article found has."""
        nearest = await self._nearest(asked, found)
        why = ""
        if nearest:
            why = await ASKING.run(why_declined, found, reason, asked.replies_in, missing)
        text = why or reply_text(asked.replies_in, "decline-unknown")
        declined = Answer(asked.question, text, True, notes=found.notes, reason=reason)
        declined = replace(declined, nearest=tuple(nearest[:3]), reply=bool(why))
        return told_by_limits(declined, asked.replies_in)

    async def _nearest(self, asked: AnswerRequest, found: SearchResults) -> list[Reference]:
        """Return what is about the question, of whatever date if nothing is in the range."""
        if not found.hits and (found.since is not None or found.phrase is not None):
            found = await self._library.search(
                asked.question, TimeRange(asked.within.as_of, _EVER), corpus=asked.corpus
            )
        return await ASKING.run(nearest_coverage, found)

    async def _standalone(self, asked: AnswerRequest, message: RoutedMessage) -> RewrittenQuestion:
        conversation, as_of = asked.conversation, asked.within.as_of
        last = conversation.last
        if last is None or message.kind not in LEANING:
            return RewrittenQuestion(asked.question)
        if message.kind != "followup":  # nothing to continue from: ask once more
            return RewrittenQuestion(last.question, True, last.since, last.until, last.source)
        if self._composer is not None:
            text = await self._composer.standalone(
                history(conversation), asked.question, asked.corpus
            )
            if text is not None:
                changed = RewrittenQuestion(text, True)
                return inherit_time_range(changed, conversation.last, asked.question, as_of)
        return rewrite_follow_up(asked.question, conversation, as_of)

    async def _key(self, asked: AnswerRequest) -> Hashable:
        within = asked.within
        return (
            " ".join(asked.question.casefold().split()),
            asked.corpus,
            asked.source,
            asked.limit,
            asked.language,
            asked.day_first,
            within.since,
            within.until,
            to_micros(within.as_of) // _HOUR,
            await self._library.catalogue.revision(asked.corpus),
        )


def _with_moved_citations(asked: AnswerRequest, standalone: RewrittenQuestion) -> AnswerRequest:
    """Return ``asked`` as understood; what it says itself takes precedence over earlier turns."""
    within = asked.within
    if within.since is None and within.until is None:
        within = TimeRange(within.as_of, standalone.since, standalone.until)
    return replace(
        asked,
        question=standalone.question,
        within=within,
        source=asked.source or standalone.source,
    )
