"""From somebody's words to the desk, the same for every way to ask."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeGuard

import discord

from bot.answering.conversation import Conversation
from bot.answering.engine import Asked
from bot.client import NewsdeskBot
from bot.cogs.ask._direct import DirectCorpora
from bot.conversations import Answered, InThread, Topic, With
from bot.desk import Query, Served
from bot.errors import Refused
from bot.kept import from_record
from bot.ui.choices import server_menu
from bot.ui.escaping import plain
from bot.ui.places import Place
from bot.visits import Visit
from retrieval.catalogue import Catalogue
from retrieval.catalogue.given import Given, answer_by_id, answer_by_message
from retrieval.moments import TimeRange, parse_span
from retrieval.timewords import read_time

_MOST_WAITING = 1_000


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, before it is known from which corpus.

    ``about`` is a conversation to go on with; without it the last one with this person goes on.
    ``topics`` are remembered besides. ``shown`` if nothing else shows the question.
    """

    text: str
    since: datetime | None = None
    source: str | None = None
    about: Conversation | None = None
    topics: tuple[Topic, ...] = field(default=())
    shown: bool = True


class Asking:
    """Asks the desk, and first, in direct messages, which server it is about."""

    def __init__(self, bot: NewsdeskBot, direct: DirectCorpora) -> None:
        self._bot = bot
        self.direct = direct
        # Questions that wait for a choice, by person.
        self._waiting: OrderedDict[int, Question] = OrderedDict()

    def admit(self, visit: Visit, text: str) -> None:
        """Whether this person may ask here and now. Raises ``Refused`` or ``TooSoon``."""
        visit.require_asking()
        if not text.strip():
            raise Refused("question-empty", example=visit.say("example-question"))
        if not visit.is_exempt:
            self._bot.cooldown.take(visit.user.id)

    async def ask(self, visit: Visit, question: Question, place: Place) -> Served | None:
        """Answer in ``place``; None if there was no answer, which was told there."""
        corpus = visit.corpus or await self.direct.corpus_for(visit.user)
        if corpus is None:
            self._wait(visit.user.id, question)
            servers = await self.direct.servers_of(visit.user)
            await place.finish([server_menu(servers, visit.say)])
            return None
        with_this_person = With(visit.channel_id, visit.user.id, corpus)
        conversation = question.about or self._bot.conversations.of(with_this_person)
        query = Query(
            question.text.strip(), corpus, visit.user.id, visit.server_id, visit.channel_id,
            visit.say, conversation or Conversation(), (*question.topics, with_this_person),
            question.since, question.source, visit.answers_in, visit.is_exempt, question.shown,
        )  # fmt: skip
        return await self._bot.desk.serve(query, place)

    def waiting_of(self, user_id: int) -> Question | None:
        """The question that waited for a choice of this person, once."""
        return self._waiting.pop(user_id, None)

    async def after(self, answer_id: str) -> Conversation | None:
        """What was said up to an answer, from what is kept of it if need be."""
        remembered = self._bot.conversations.of(Answered(answer_id))
        return remembered or self._revived(await answer_by_id(self._catalogue, answer_id))

    async def after_message(self, message_id: int) -> Conversation | None:
        """The same for the answer in a message; a thread has the id of the message it began with."""
        given = await answer_by_message(self._catalogue, message_id)
        if given is None:
            return None
        return self._bot.conversations.of(Answered(given.id)) or self._revived(given)

    def topics_in(self, channel: object) -> tuple[Topic, ...]:
        """What is remembered besides: a thread that the bot opened has one conversation for all."""
        return (InThread(channel.id),) if self.is_our_thread(channel) else ()

    async def going_on_in(self, channel: object) -> Conversation | None:
        """The conversation of a thread that the bot opened."""
        if not self.is_our_thread(channel):
            return None
        remembered = self._bot.conversations.of(InThread(channel.id))
        return remembered or await self.after_message(channel.id)

    def is_our_thread(self, channel: object) -> TypeGuard[discord.Thread]:
        me = self._bot.user
        return isinstance(channel, discord.Thread) and me is not None and channel.owner_id == me.id

    def since(self, words: str | None) -> datetime | None:
        """``2023-11-03`` or words such as `last week`. Raises ``Refused`` for what is neither."""
        if not words or not words.strip():
            return None
        try:
            return parse_span(words).start
        except ValueError:
            now, zone = self._bot.library.clock(), self._bot.library.config.zone
            since = read_time(words, now, zone).since
            if since is None:
                raise Refused("unknown-date", text=plain(words, 60)) from None
            return since

    def _wait(self, user_id: int, question: Question) -> None:
        self._waiting[user_id] = replace(question, shown=True)
        self._waiting.move_to_end(user_id)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)

    @property
    def _catalogue(self) -> Catalogue:
        return self._bot.library.catalogue

    def _revived(self, given: Given | None) -> Conversation | None:
        if given is None or not given.answer or given.question is None:
            return None
        asked = Asked(given.question, TimeRange(given.at), given.corpus)
        answer = from_record(given.question, given.answer)
        return self._bot.engine.after(Conversation(), asked, answer)
