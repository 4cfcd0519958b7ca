"""The desk: has a question answered when its turn has come and sees that the answer appears."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field, replace
from datetime import datetime

import discord

from bot import errors
from bot.answering.conversation import Conversation
from bot.answering.engine import THE_QUESTIONS_LANGUAGE, AnswerEngine, AnswerRequest
from bot.answering.models import Answer, AnswerCompleted, AnswerSentence, SentenceAccepted
from bot.answering.serialization import as_record
from bot.services.conversations import AnswerKey, ConversationKey, Conversations
from bot.services.requests import Request, RequestRunner
from bot.storage.answers import StoredAnswer, save_answer, set_message
from bot.ui.answers import AnswerContext, answer_pages, cut_short, writing
from bot.ui.buttons import answer_view
from bot.ui.delivery import MessageDelivery
from retrieval.library import Library
from retrieval.timestamps import TimeRange

_log = logging.getLogger(__name__)

LONGEST_QUESTION = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRequest(Request):
    """A question with who asked it, where, and what it may see.

    ``conversation`` is what was said before; afterwards it is remembered under ``topics``.
    ``shown`` says whether the question stands above its answer.
    """

    text: str
    corpus: str
    conversation: Conversation = field(default_factory=Conversation)
    topics: tuple[ConversationKey, ...] = ()
    since: datetime | None = None
    source: str | None = None
    language: str = THE_QUESTIONS_LANGUAGE
    shown: bool = True


@dataclass(frozen=True, slots=True)
class PostedAnswer:
    """An answer that people see, and the message that it ends in."""

    answer: Answer
    conversation: Conversation
    message: discord.Message | discord.PartialMessage


class AnswerService:
    """Answers questions, each exactly once."""

    def __init__(
        self,
        library: Library,
        engine: AnswerEngine,
        errands: RequestRunner,
        conversations: Conversations,
        seconds: float,
    ) -> None:
        self._library = library
        self._engine = engine
        self._errands = errands
        self._conversations = conversations
        self._seconds = seconds

    async def serve(self, query: QuestionRequest, place: MessageDelivery) -> PostedAnswer | None:
        """Answer ``query`` in ``place``; None if it ended without an answer, which was told."""

        async def work() -> tuple[str, PostedAnswer | None]:
            served = await self._serve(query, place)
            return ("not answered" if served is None else _outcome(served.answer)), served

        return await self._errands.run(query, place, "answering", work, characters=len(query.text))

    async def _serve(self, query: QuestionRequest, place: MessageDelivery) -> PostedAnswer | None:
        if len(query.text) > LONGEST_QUESTION:
            raise errors.UserError(
                "question-too-long", most=LONGEST_QUESTION, length=len(query.text)
            )
        said: list[AnswerSentence] = []

        async def make() -> tuple[AnswerRequest, AnswerContext, Answer]:
            asked, frame = await self._asked(query)
            return asked, frame, await self._made(asked, frame, place, said)

        made = await self._errands.run_when_slot_free(query, place, make)
        if made is None:
            await place.finish([cut_short(said, self._frame(query))])
            return None
        return await self._shown(query, *made, place)

    async def _asked(self, query: QuestionRequest) -> tuple[AnswerRequest, AnswerContext]:
        # A corpus that does not exist would be told of with the names of all others.
        frame = self._frame(query)
        await self._library.ensure_corpus(query.corpus)
        asked = AnswerRequest(
            query.text, TimeRange(frame.as_of, query.since), query.corpus, query.source,
            language=query.language, conversation=query.conversation,
        )  # fmt: skip
        return asked, frame

    def _frame(self, query: QuestionRequest) -> AnswerContext:
        text = query.text if query.shown else None
        return AnswerContext(query.id, self._library.clock(), query.say, text)

    async def _made(
        self,
        asked: AnswerRequest,
        frame: AnswerContext,
        place: MessageDelivery,
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
                    place.update(lambda: writing(said, frame))
                elif isinstance(event, AnswerCompleted):
                    return event.answer
        raise RuntimeError("The engine ended without an answer.")

    async def _shown(
        self,
        query: QuestionRequest,
        asked: AnswerRequest,
        frame: AnswerContext,
        answer: Answer,
        place: MessageDelivery,
    ) -> PostedAnswer | None:
        # Kept before it is shown: its buttons work from the first moment on.
        given = StoredAnswer(
            query.id, frame.as_of, query.corpus, query.server_id, query.channel_id, None,
            query.user_id, query.text, place.private, as_record(answer),
        )  # fmt: skip
        database = self._library.database
        await save_answer(database, given)
        *before, last = answer_pages(answer, frame)
        view = answer_view(query.id, answer, private=place.private, say=query.say)
        message = await place.finish([*before, last.with_view(view)])
        if message is None:
            return None
        if place.earlier:
            pages = {"earlier": list(place.earlier)}
            await save_answer(database, replace(given, answer=given.answer | pages))
        await set_message(database, query.id, message.channel.id, message.id)
        conversation = self._engine.after(query.conversation, asked, answer)
        for topic in (AnswerKey(query.id), *query.topics):
            self._conversations.remember(topic, conversation, query.user_id)
        return PostedAnswer(answer, conversation, message)


def _outcome(answer: Answer) -> str:
    return f"not known ({answer.reason})" if answer.abstained else "answered"
