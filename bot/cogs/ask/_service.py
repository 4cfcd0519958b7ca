"""From somebody's words to the desk, the same for every way to ask."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeGuard

import discord

from bot.answering.conversation import Conversation
from bot.answering.engine import AnswerRequest
from bot.answering.serialization import from_record
from bot.client import NewsdeskBot
from bot.cogs.ask._dm_corpora import DMGuildResolver
from bot.errors import UserError
from bot.services.answers import PostedAnswer, QuestionRequest
from bot.services.conversations import AnswerKey, ChannelUserKey, ConversationKey, ThreadKey
from bot.services.permissions import RequestContext
from bot.storage.answers import StoredAnswer, answer_by_message
from bot.ui.choices import server_menu
from bot.ui.delivery import MessageDelivery
from bot.ui.escaping import plain
from retrieval.catalogue.database import Database
from retrieval.moderation import removals
from retrieval.text.time_expressions import read_time
from retrieval.timestamps import TimeRange, parse_span

_MOST_WAITING = 1_000

# Goes on with what somebody wanted, once they chose a server in direct messages.
Again = Callable[[RequestContext, MessageDelivery], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ConversationContext:
    """What was said before. ``corpus`` is the one that it was answered from, None if that is open."""

    conversation: Conversation
    corpus: str | None = None


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """What somebody asks, before it is known from which corpus.

    ``about`` is what was said before; without it the last conversation with this person goes on.
    ``topics`` are remembered besides. ``shown`` if nothing else shows the question.
    """

    text: str
    since: datetime | None = None
    source: str | None = None
    about: ConversationContext | None = None
    topics: tuple[ConversationKey, ...] = field(default=())
    shown: bool = True


class AskService:
    """Asks the desk, and first, in direct messages, which server it is about."""

    def __init__(self, bot: NewsdeskBot, direct: DMGuildResolver) -> None:
        self._bot = bot
        self.direct = direct
        # What waits for the choice of a server, by person.
        self._waiting: OrderedDict[int, Again] = OrderedDict()

    def admit(self, visit: RequestContext, text: str) -> None:
        """Whether this person may ask here and now. Raises ``UserError`` or ``TooSoon``."""
        visit.require_asking()
        if not text.strip():
            raise UserError("question-empty", example=visit.say("example-question"))
        if not visit.is_exempt:
            self._bot.cooldown.take(visit.user.id)

    async def ask(
        self, visit: RequestContext, question: AskedQuestion, place: MessageDelivery
    ) -> PostedAnswer | None:
        """Answer in ``place``; None if there was no answer, which was told there."""

        async def again(visit: RequestContext, place: MessageDelivery) -> object:
            return await self.ask(visit, replace(question, shown=True), place)

        earlier = question.about
        corpus = await self.corpus_of(visit, place, again, earlier.corpus if earlier else None)
        if corpus is None:
            return None
        with_this_person = ChannelUserKey(visit.channel_id, visit.user.id, corpus)
        conversation = (
            earlier.conversation if earlier else self._bot.conversations.of(with_this_person)
        )
        query = QuestionRequest(
            text=question.text.strip(), corpus=corpus, user_id=visit.user.id,
            server_id=visit.server_id, channel_id=visit.channel_id, say=visit.say,
            conversation=conversation or Conversation(),
            topics=(*question.topics, with_this_person), since=question.since,
            source=question.source, language=visit.answers_in, exempt=visit.is_exempt,
            shown=question.shown,
        )  # fmt: skip
        return await self._bot.desk.serve(query, place)

    async def corpus_of(
        self, visit: RequestContext, place: MessageDelivery, again: Again, wanted: str | None = None
    ) -> str | None:
        """What to read: the server's corpus; directly ``wanted`` or that of the server shared.

        None if there are several: then a menu asks in ``place`` for one, and ``again`` goes on.
        Raises ``UserError`` for what this person may not read (any more).
        """
        if visit.corpus is not None:
            return visit.corpus
        if wanted is not None:
            if not await self.direct.may_read(visit.user, wanted):
                raise UserError("dm-no-servers")
            return wanted
        corpus = await self.direct.corpus_for(visit.user)
        if corpus is None:
            self._wait(visit.user.id, again)
            servers = await self.direct.servers_of(visit.user)
            await place.finish([server_menu(servers, visit.say)])
        return corpus

    async def suggesting_from(self, visit: RequestContext) -> str | None:
        """The corpus whose names may be suggested to this person; None if there is none."""
        if not visit.may_ask_here:
            return None
        if visit.corpus is not None:
            return visit.corpus
        try:
            return await self.direct.corpus_for(visit.user, suggesting=True)
        except UserError:
            return None

    async def require_reading(self, visit: RequestContext, given: StoredAnswer) -> None:
        """Whether this person may read what is kept, here and now. Raises ``UserError``."""
        # What came directly is its reader's alone, also where it was asked in a server.
        if given.server_id != visit.server_id and visit.server_id is not None:
            raise UserError("not-yours")
        if (given.private or visit.server_id is None) and given.user_id != visit.user.id:
            raise UserError("not-yours")
        if visit.server_id is None and not await self.direct.may_read(visit.user, given.corpus):
            raise UserError("dm-no-servers")

    async def removed_of(self, given: StoredAnswer, article_ids: list[str]) -> str | None:
        """When one of these was removed, as Discord shows it; None if all are there."""
        moments = await removals(self._bot.library, given.corpus, article_ids)
        return f"<t:{int(max(moments.values()).timestamp())}:D>" if moments else None

    def waiting_of(self, user_id: int) -> Again | None:
        """What waited for a choice of this person, once."""
        return self._waiting.pop(user_id, None)

    def forget(self, user_id: int) -> None:
        """Forget what a person wanted to ask, and which server they chose."""
        self._waiting.pop(user_id, None)
        self.direct.forget(user_id)

    async def after(self, given: StoredAnswer | None) -> ConversationContext | None:
        """What was said up to an answer, from what is kept of it if need be."""
        if given is None:
            return None
        conversation = self._bot.conversations.of(AnswerKey(given.id)) or self._revived(given)
        return ConversationContext(conversation, given.corpus) if conversation else None

    async def after_message(self, message_id: int) -> ConversationContext | None:
        """The same for the answer in a message; a thread has the id of the message it began with."""
        return await self.after(await answer_by_message(self._database, message_id))

    def topics_in(self, channel: object) -> tuple[ConversationKey, ...]:
        """What is remembered besides: a thread that the bot opened has one conversation for all."""
        return (ThreadKey(channel.id),) if self.is_our_thread(channel) else ()

    async def going_on_in(self, channel: object) -> ConversationContext | None:
        """The conversation of a thread that the bot opened."""
        if not self.is_our_thread(channel):
            return None
        remembered = self._bot.conversations.of(ThreadKey(channel.id))
        return (
            ConversationContext(remembered) if remembered else await self.after_message(channel.id)
        )

    def is_our_thread(self, channel: object) -> TypeGuard[discord.Thread]:
        me = self._bot.user
        return isinstance(channel, discord.Thread) and me is not None and channel.owner_id == me.id

    def since(self, words: str | None) -> datetime | None:
        """``2023-11-03`` or words such as `last week`. Raises ``UserError`` for what is neither."""
        if not words or not words.strip():
            return None
        try:
            return parse_span(words).start
        except ValueError:
            now, zone = self._bot.library.clock(), self._bot.library.config.zone
            since = read_time(words, now, zone).since
            if since is None:
                raise UserError("unknown-date", text=plain(words, 60)) from None
            return since

    def _wait(self, user_id: int, again: Again) -> None:
        self._waiting[user_id] = again
        self._waiting.move_to_end(user_id)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)

    @property
    def _database(self) -> Database:
        return self._bot.library.database

    def _revived(self, given: StoredAnswer) -> Conversation | None:
        if not given.answer or given.question is None:
            return None
        asked = AnswerRequest(given.question, TimeRange(given.at), given.corpus)
        answer = from_record(given.question, given.answer)
        return self._bot.engine.after(Conversation(), asked, answer)
