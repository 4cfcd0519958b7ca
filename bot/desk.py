"""The desk: takes a question, waits for its turn, has it answered and sees that the answer appears."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

import discord

from bot import errors
from bot.answering.answers import Answer, Finished, Said, Sentence
from bot.answering.conversation import Conversation
from bot.answering.engine import THE_QUESTIONS_LANGUAGE, AnswerEngine, Asked
from bot.conversations import Answered, Conversations, Topic
from bot.kept import as_record
from bot.limits import AnswerQueue
from bot.logs import about, details, new_id
from bot.texts import Say
from bot.ui.answers import Frame, answer_pages, cut_short, writing
from bot.ui.buttons import answer_view
from bot.ui.pages import Page
from bot.ui.places import Gone, Place
from bot.ui.waiting import WaitingNotice
from retrieval.catalogue.given import Given, keep_answer, set_message
from retrieval.library import Library
from retrieval.moments import TimeRange

_log = logging.getLogger(__name__)

_MOST_DEFERENCE = 1.0
LONGEST_QUESTION = 1_000


@dataclass(frozen=True, slots=True)
class Query:
    """A question with who asked it, where, and what it may see.

    ``conversation`` is what was said before; afterwards it is remembered under ``topics``.
    ``shown`` says whether the question stands above its answer. ``exempt`` is free of limits.
    """

    text: str
    corpus: str
    user_id: int
    server_id: int | None
    channel_id: int
    say: Say
    conversation: Conversation = field(default_factory=Conversation)
    topics: tuple[Topic, ...] = ()
    since: datetime | None = None
    source: str | None = None
    language: str = THE_QUESTIONS_LANGUAGE
    exempt: bool = False
    shown: bool = True
    id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True)
class Served:
    """An answer that people see, and the message that it ends in."""

    answer: Answer
    conversation: Conversation
    message: discord.Message | discord.PartialMessage


class Desk:
    """Answers questions side by side within the limits, each exactly once."""

    def __init__(
        self,
        library: Library,
        engine: AnswerEngine,
        queue: AnswerQueue,
        conversations: Conversations,
        seconds: float,
    ) -> None:
        self._library = library
        self._engine = engine
        self._queue = queue
        self._conversations = conversations
        self._seconds = seconds
        self._serving: dict[asyncio.Task[Served | None], Query] = {}
        self._cut = asyncio.Event()
        self._unacknowledged = 0
        self._all_acknowledged = asyncio.Event()
        self._all_acknowledged.set()

    async def serve(self, query: Query, place: Place) -> Served | None:
        """Answer ``query`` in ``place``; None if it ended without an answer, which was told."""
        task = asyncio.create_task(self._guarded(query, place), name=f"question {query.id}")
        self._serving[task] = query
        task.add_done_callback(lambda done: self._serving.pop(done, None))
        return await asyncio.shield(task)

    @property
    def is_busy(self) -> bool:
        return bool(self._serving)

    @contextlib.contextmanager
    def acknowledging(self) -> Iterator[None]:
        """While somebody has not been told yet that an answer is coming, no answer is begun."""
        self._unacknowledged += 1
        self._all_acknowledged.clear()
        try:
            yield
        finally:
            self._unacknowledged -= 1
            if not self._unacknowledged:
                self._all_acknowledged.set()

    def drop_server(self, server_id: int) -> None:
        """End what is being answered for a server that is gone."""
        for task, query in list(self._serving.items()):
            if query.server_id == server_id:
                task.cancel()

    async def settled(self, query_id: str, seconds: float = 1.0) -> None:
        """Wait until what is shown of an answer is on the books too; a button may be that fast."""
        tasks = [task for task, query in self._serving.items() if query.id == query_id]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def close(self, seconds: float) -> None:
        """Take no more questions; wait so long for answers under way, then have them say they were cut."""
        self._queue.close()
        serving = set(self._serving)
        if serving:
            _log.info("waiting for answers", extra=details(answers=len(serving)))
            await asyncio.wait(serving, timeout=seconds)
        self._cut.set()
        if serving := set(self._serving):
            _, late = await asyncio.wait(serving, timeout=5)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _guarded(self, query: Query, place: Place) -> Served | None:
        """One line in the log for every question, whatever becomes of it."""
        where = {"server": query.server_id, "channel": query.channel_id, "user": query.user_id}
        with about(query.id):
            started = time.monotonic()
            _log.info("asked", extra=details(**where, characters=len(query.text)))
            outcome = "failed"
            try:
                served = await self._serve(query, place)
                outcome = "not answered" if served is None else _outcome(served.answer)
                return served
            except Gone:
                outcome = "its message was deleted"
                return None
            except asyncio.CancelledError:
                outcome = "dropped"
                raise
            except Exception as error:  # noqa: BLE001 - told and logged in one place
                errors.log(error, "answering", **where)
                with contextlib.suppress(Gone):
                    await place.finish([errors.page_for(error, query.say, query.id)])
                return None
            finally:
                await place.close()
                ms = round((time.monotonic() - started) * 1000)
                _log.info("ended", extra=details(outcome=outcome, ms=ms))

    async def _serve(self, query: Query, place: Place) -> Served | None:
        if len(query.text) > LONGEST_QUESTION:
            raise errors.Refused("question-too-long", most=LONGEST_QUESTION, length=len(query.text))

        waiting = WaitingNotice(place, query.say)
        # Everything of a direct message counts for no server but for its person.
        server = query.server_id or query.user_id
        turn = self._queue.place(server, query.user_id, exempt=query.exempt, moved=waiting.moved)
        try:
            async with turn:
                waiting.end()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_MOST_DEFERENCE):
                        await self._all_acknowledged.wait()
                asked, frame = await self._asked(query)
                answer = await self._made(asked, frame, place)
        finally:
            waiting.end()
        if isinstance(answer, Page):
            await place.finish([answer])
            return None
        if answer.problem:
            _log.warning("the model failed: %s", answer.problem)
        return await self._shown(query, asked, answer, frame, place)

    async def _asked(self, query: Query) -> tuple[Asked, Frame]:
        # A corpus that does not exist would be told of with the names of all others.
        now = self._library.clock()
        await self._library.ensure_corpus(query.corpus)
        asked = Asked(
            query.text, TimeRange(now, query.since), query.corpus, query.source,
            language=query.language, conversation=query.conversation,
        )  # fmt: skip
        return asked, Frame(query.id, now, query.say, query.text if query.shown else None)

    async def _made(self, asked: Asked, frame: Frame, place: Place) -> Answer | Page:
        """The answer, or what there is of it if the bot stops meanwhile."""
        said: list[Sentence] = []

        async def make() -> Answer:
            async with (
                asyncio.timeout(self._seconds),
                contextlib.aclosing(self._engine.stream(asked)) as events,
            ):
                async for event in events:
                    if isinstance(event, Said):
                        said.append(event.sentence)
                        place.update(lambda: writing(said, frame))
                    elif isinstance(event, Finished):
                        return event.answer
            raise RuntimeError("The engine ended without an answer.")

        making = asyncio.create_task(make())
        ends = [asyncio.create_task(self._cut.wait()), asyncio.create_task(place.until_gone())]
        try:
            await asyncio.wait([making, *ends], return_when=asyncio.FIRST_COMPLETED)
            if making.done():
                return making.result()
            if place.is_gone:
                raise Gone
            return cut_short(said, frame)
        finally:
            for task in (making, *ends):
                task.cancel()
            await asyncio.gather(making, *ends, return_exceptions=True)

    async def _shown(
        self, query: Query, asked: Asked, answer: Answer, frame: Frame, place: Place
    ) -> Served | None:
        # Kept before it is shown: its buttons work from the first moment on.
        given = Given(
            query.id, frame.as_of, query.corpus, query.server_id, query.channel_id, None,
            query.user_id, query.text, place.private, as_record(answer),
        )  # fmt: skip
        catalogue = self._library.catalogue
        await keep_answer(catalogue, given)
        *before, last = answer_pages(answer, frame)
        view = answer_view(query.id, answer, private=place.private, say=query.say)
        message = await place.finish([*before, last.with_view(view)])
        if message is None:
            return None
        if place.earlier:
            pages = {"earlier": list(place.earlier)}
            await keep_answer(catalogue, replace(given, answer=given.answer | pages))
        await set_message(catalogue, query.id, message.channel.id, message.id)
        conversation = self._engine.after(query.conversation, asked, answer)
        for topic in (Answered(query.id), *query.topics):
            self._conversations.remember(topic, conversation, query.user_id)
        return Served(answer, conversation, message)


def _outcome(answer: Answer) -> str:
    return f"not known ({answer.reason})" if answer.abstained else "answered"
