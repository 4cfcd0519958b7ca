"""Wait for a question's turn, have it answered, and post the answer."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import discord

from bot.answering.answer_request import THE_QUESTIONS_LANGUAGE, AnswerRequest
from bot.answering.conversation import Conversation
from bot.answering.engine import AnswerEngine
from bot.answering.models import (
    Answer,
    AnswerCompleted,
    AnswerSentence,
    SentenceAccepted,
    SentencesRetracted,
)
from bot.answering.serialization import as_record
from bot.errors import UserError
from bot.services.conversations import AnswerKey, ConversationKey, Conversations, Participant
from bot.services.requests import CutShort, Request, RequestRunner
from bot.services.usage_limits import UsageLimits
from bot.storage.answer_notes import note_on
from bot.storage.answers import StoredAnswer, save_answer, set_message
from bot.ui.answers import AnswerContext, answer_pages, cut_short, writing
from bot.ui.buttons import answer_view
from bot.ui.delivery import MessageDelivery
from bot.ui.escaping import plain
from retrieval.catalogue.arrivals import shown_articles
from retrieval.library import Library
from retrieval.timestamps import TimeRange

_log = logging.getLogger(__name__)

LONGEST_QUESTION = 1_000
_TEXT = 100_000  # characters of an article


async def require_source(library: Library, corpus: str, name: str) -> None:
    """Raise ``UserError``, with the nearest names, if a corpus has nothing from this publisher."""
    unknown = await library.unknown_source(corpus, name)
    if unknown is not None:
        shown: dict[str, Any] = {k: plain(str(v), 200) for k, v in unknown.params.items()}
        raise UserError(unknown.code, **shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRequest(Request):
    """A question with who asked it, where, and what they may read.

    ``corpus`` is None until it is known; only direct messages start without one. ``conversation``
    is the context; without it, the last conversation with this person continues. Afterwards it is
    stored under ``topics``. ``shown`` says that the question appears above its answer.
    """

    text: str
    conversation: Conversation | None = None
    topics: tuple[ConversationKey, ...] = ()
    since: datetime | None = None
    source: str | None = None
    language: str = THE_QUESTIONS_LANGUAGE
    shown: bool = True
    day_first: bool = True


@dataclass(frozen=True, slots=True)
class PostedAnswer:
    """An answer that people see, and the last message of it."""

    answer: Answer
    conversation: Conversation
    message: discord.Message | discord.PartialMessage


class AnswerService:
    """Answers each question exactly once."""

    def __init__(
        self,
        library: Library,
        engine: AnswerEngine,
        requests: RequestRunner,
        conversations: Conversations,
        limits: UsageLimits,
        seconds: float,
    ) -> None:
        self._library = library
        self._engine = engine
        self._requests = requests
        self._conversations = conversations
        self._limits = limits
        self._seconds = seconds

    async def answer(
        self, request: QuestionRequest, corpus: str, delivery: MessageDelivery
    ) -> PostedAnswer | None:
        """Answer from ``corpus`` in ``delivery``. Return None if there was no answer; the person
        has been told why."""
        characters = len(request.text)
        async with self._requests.run(
            request, delivery, "answering", characters=characters
        ) as outcome:
            if characters > LONGEST_QUESTION:
                raise UserError("question-too-long", most=LONGEST_QUESTION, length=characters)
            # A corpus that does not exist would be told of with the names of all others.
            await self._library.ensure_corpus(corpus)
            if request.source:
                await require_source(self._library, corpus, request.source)
            said: list[AnswerSentence] = []
            try:
                async with (
                    self._limits.counted(request.meter),
                    self._requests.slot(request, delivery),
                ):
                    asked = self._engine_request(request, corpus)
                    context = self._answer_context(request, asked.within.as_of)
                    answer = await self._stream(asked, context, delivery, said)
            except CutShort:
                outcome.end("cut-short", "cut short")
                now = self._answer_context(request, self._library.clock())
                await delivery.finish([cut_short(said, now)])
                return None
            posted = await self._post(request, asked, context, answer, delivery)
            if posted is None:
                outcome.end("not-shown", "not answered")
                return None
            if answer.abstained:
                outcome.end("declined", f"not known ({answer.reason})")
            else:
                outcome.end("answered", "answered")
            self._requests.observer.answered(answer.form, answer.reason)
            return posted

    def _engine_request(self, request: QuestionRequest, corpus: str) -> AnswerRequest:
        return AnswerRequest(
            request.text,
            TimeRange(self._library.clock(), request.since),
            corpus,
            request.source,
            language=request.language,
            conversation=request.conversation or Conversation(),
            day_first=request.day_first,
        )

    def _answer_context(self, request: QuestionRequest, now: datetime) -> AnswerContext:
        return AnswerContext(request.id, now, request.say, request.text if request.shown else None)

    async def _stream(
        self,
        asked: AnswerRequest,
        context: AnswerContext,
        delivery: MessageDelivery,
        said: list[AnswerSentence],
    ) -> Answer:
        """The answer; ``said`` holds what there is of it so far."""
        async with (
            asyncio.timeout(self._seconds),
            contextlib.aclosing(self._engine.stream(asked)) as events,
        ):
            async for event in events:
                if isinstance(event, SentenceAccepted):
                    said.append(event.sentence)
                    delivery.update(partial(writing, said, context))
                elif isinstance(event, SentencesRetracted):
                    said.clear()
                elif isinstance(event, AnswerCompleted):
                    return event.answer
        raise RuntimeError("The engine ended without an answer.")

    async def _post(
        self,
        request: QuestionRequest,
        asked: AnswerRequest,
        context: AnswerContext,
        answer: Answer,
        delivery: MessageDelivery,
    ) -> PostedAnswer | None:
        # Stored before it is shown: its buttons work from the first moment on.
        stored = StoredAnswer(
            request.id,
            context.as_of,
            asked.corpus,
            request.guild_id,
            request.channel_id,
            None,
            request.user_id,
            request.text,
            delivery.private,
            as_record(answer),
        )
        database = self._library.database
        await save_answer(database, stored)
        if answer.abstained and not answer.nearest:
            context = replace(context, is_empty=await self._library.is_empty(asked.corpus))
        said = await note_on(database, asked.corpus, answer.asked, request.text)
        context = replace(context, note=said)
        *before, last = answer_pages(answer, context)
        view = answer_view(
            request.id,
            answer,
            private=delivery.private,
            say=request.say,
            sharable=request.guild_id is not None,
        )
        with self._requests.observer.stage("posting"):
            message = await delivery.finish([*before, last.with_view(view)])
        if message is None:
            return None
        if delivery.earlier:
            pages = {"earlier": list(delivery.earlier)}
            await save_answer(database, replace(stored, answer=stored.answer | pages))
        await set_message(database, request.id, message.channel.id, message.id)
        conversation = self._engine.after(asked.conversation, asked, answer)
        by = Participant(request.user_id, asked.corpus, request.guild_id)
        topics = (AnswerKey(request.id), *request.topics)
        await self._conversations.remember(topics, conversation, by)
        return PostedAnswer(answer, conversation, message)


async def texts_of(library: Library, article_ids: Sequence[str]) -> dict[str, str]:
    """Return the texts of these articles by id, of those that are visible."""
    shown = await shown_articles(library.database, list(dict.fromkeys(article_ids)), _TEXT)
    return {article_id: article.text for article_id, article in shown.items()}
