"""From a person's words to a posted answer, the same for every way to ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeGuard
from zoneinfo import ZoneInfo

import discord

from bot.answering.conversation import Conversation
from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.answering.serialization import from_record
from bot.errors import UserError
from bot.services.answers import AnswerService, PostedAnswer, QuestionRequest
from bot.services.conversations import (
    AnswerKey,
    ChannelUserKey,
    ConversationKey,
    Conversations,
    ThreadKey,
)
from bot.services.dm_guilds import DMGuildResolver
from bot.services.permissions import RequestContext
from bot.services.rate_limits import Cooldown
from bot.storage.answers import StoredAnswer, answer_by_message
from bot.ui.choices import server_menu
from bot.ui.delivery import MessageDelivery
from bot.ui.escaping import plain
from retrieval.library import Library
from retrieval.moderation import removals
from retrieval.text.time_expressions.options import read_option
from retrieval.timestamps import TimeRange, parse_span

_MOST_WAITING = 1_000

# Goes on with what somebody wanted, once they chose a server in direct messages.
Resume = Callable[[RequestContext, MessageDelivery], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ConversationContext:
    """The conversation so far. ``corpus`` is the one it was answered from; None if it isn't known
    yet."""

    conversation: Conversation
    corpus: str | None = None


class AskService:
    """Has questions answered. In direct messages, it first finds out which guild they are about."""

    def __init__(
        self,
        client: discord.Client,
        library: Library,
        engine: AnswerEngine,
        answers: AnswerService,
        conversations: Conversations,
        cooldown: Cooldown,
        dm_guilds: DMGuildResolver,
    ) -> None:
        self._client = client
        self._library = library
        self._engine = engine
        self._answers = answers
        self._conversations = conversations
        self._cooldown = cooldown
        self.dm_guilds = dm_guilds
        # What waits for the choice of a server, by person.
        self._waiting: OrderedDict[int, Resume] = OrderedDict()

    def admit(self, context: RequestContext, text: str) -> None:
        """Check that this person may ask here and now. Raise ``UserError`` or ``TooSoon``."""
        context.require_asking()
        if not text.strip():
            raise UserError("question-empty", example=context.say("example-question"))
        if not context.is_exempt:
            self._cooldown.take(context.user.id)

    def request(
        self,
        context: RequestContext,
        text: str,
        *,
        since: datetime | None = None,
        source: str | None = None,
        about: ConversationContext | None = None,
        topics: tuple[ConversationKey, ...] = (),
        shown: bool = True,
    ) -> QuestionRequest:
        """Return this person's question. ``about`` is the conversation so far; ``shown`` is True if
        nothing else shows the question."""
        return QuestionRequest(
            text=text.strip(),
            corpus=about.corpus if about else None,
            user_id=context.user.id,
            guild_id=context.guild_id,
            channel_id=context.channel_id,
            say=context.say,
            conversation=about.conversation if about else None,
            topics=topics,
            since=since,
            source=source,
            language=context.answers_in,
            exempt=context.is_exempt,
            meter=context.meter,
            shown=shown,
            day_first=context.day_first,
        )

    async def ask(
        self, context: RequestContext, delivery: MessageDelivery, request: QuestionRequest
    ) -> PostedAnswer | None:
        """Answer in ``delivery``. Return None if there was no answer; the person has been told why."""
        resume = partial(self.ask, request=replace(request, shown=True))
        corpus = await self.corpus_of(context, delivery, resume, request.corpus)
        if corpus is None:
            return None
        with_this_person = ChannelUserKey(context.channel_id, context.user.id, corpus)
        request = replace(
            request,
            corpus=corpus,
            conversation=request.conversation or await self._conversations.of(with_this_person),
            topics=(*request.topics, with_this_person),
        )
        if context.guild_id is None and not context.elsewhere:
            meter = await self.dm_guilds.meter_of(context.user, corpus, context.channel_id)
            request = replace(request, meter=meter)
        return await self._answers.answer(request, corpus, delivery)

    async def corpus_of(
        self,
        context: RequestContext,
        delivery: MessageDelivery,
        resume: Resume,
        wanted: str | None = None,
    ) -> str | None:
        """Return the corpus to read: the server's; in direct messages ``wanted``, or that of the
        shared server.

        If several are possible, return None and ask in ``delivery`` with a menu; ``resume`` then
        continues. Raise ``UserError`` if this person may not read the corpus.
        """
        if context.corpus is not None:
            return context.corpus
        if wanted is not None:
            if not await self.dm_guilds.may_read(context.user, wanted):
                raise UserError("dm-no-servers")
            return wanted
        corpus = await self.dm_guilds.corpus_for(context.user)
        if corpus is None:
            self._wait(context.user.id, resume)
            servers = await self.dm_guilds.servers_of(context.user)
            await delivery.finish([server_menu(servers, context.say)])
        return corpus

    async def suggesting_from(self, context: RequestContext) -> list[str]:
        """Return the corpora whose names may be suggested to this person: the server's; in direct
        messages that of the chosen server, or all that they may read."""
        if not context.may_ask_here:
            return []
        if context.corpus is not None:
            return [context.corpus]
        try:
            return await self.dm_guilds.corpora_for(context.user)
        except UserError:
            return []

    async def require_reading(
        self, context: RequestContext, given: StoredAnswer, *, asking: bool = True
    ) -> None:
        """Raise ``UserError`` if this person may not read a stored answer here and now.

        With ``asking=False``, Discord isn't asked whether they are still in the server whose
        articles direct messages use: a form has to open at once.
        """
        # What came directly is its reader's alone, also where it was asked in a server.
        if given.guild_id != context.guild_id and context.guild_id is not None:
            raise UserError("not-yours")
        if (given.private or context.guild_id is None) and given.user_id != context.user.id:
            raise UserError("not-yours")
        if not asking or context.guild_id is not None or given.corpus == context.corpus:
            return
        if not await self.dm_guilds.may_read(context.user, given.corpus):
            raise UserError("dm-no-servers")

    async def removed_of(self, given: StoredAnswer, article_ids: list[str]) -> str | None:
        """Return when one of these articles was removed, formatted for Discord; None if none was."""
        moments = await removals(self._library, given.corpus, article_ids)
        return f"<t:{int(max(moments.values()).timestamp())}:D>" if moments else None

    def waiting_of(self, user_id: int) -> Resume | None:
        """Return what waits for this person's choice, and forget it."""
        return self._waiting.pop(user_id, None)

    def forget(self, user_id: int) -> None:
        """Forget this person's waiting question and chosen server."""
        self._waiting.pop(user_id, None)
        self.dm_guilds.forget(user_id)

    async def after(self, given: StoredAnswer | None) -> ConversationContext | None:
        """Return the conversation up to an answer, from the stored answer if necessary."""
        if given is None:
            return None
        conversation = await self._conversations.of(AnswerKey(given.id)) or self._revived(given)
        return ConversationContext(conversation, given.corpus) if conversation else None

    async def after_message(self, message_id: int) -> ConversationContext | None:
        """Return the same for the answer in a message. A thread has the id of the message that it
        began with."""
        return await self.after(await answer_by_message(self._library.database, message_id))

    def topics_in(self, channel: object) -> tuple[ConversationKey, ...]:
        """Return the other keys to store a conversation under: a thread opened by the bot has one
        conversation for all."""
        return (ThreadKey(channel.id),) if self.is_our_thread(channel) else ()

    async def going_on_in(self, channel: object) -> ConversationContext | None:
        """Return the conversation of a thread that the bot opened."""
        if not self.is_our_thread(channel):
            return None
        remembered = await self._conversations.of(ThreadKey(channel.id))
        return (
            ConversationContext(remembered) if remembered else await self.after_message(channel.id)
        )

    def is_our_thread(self, channel: object) -> TypeGuard[discord.Thread]:
        """Return whether the bot opened this thread."""
        me = self._client.user
        return isinstance(channel, discord.Thread) and me is not None and channel.owner_id == me.id

    async def since(
        self, words: str | None, locale: str | None = None, zone: str | None = None
    ) -> datetime | None:
        """Parse ``2023-11-03`` or words such as `last week`, in any language; ``locale``'s is tried
        first. Days are those of ``zone``, otherwise of the operator's time zone.

        Takes seconds if no language knows the words: acknowledge the interaction first. Raise
        ``UserError`` if it is neither.
        """
        if not words or not words.strip():
            return None
        try:
            return parse_span(words).start
        except ValueError:
            now = self._library.clock()
            where = ZoneInfo(zone) if zone else self._library.config.zone
            first = [locale.split("-")[0]] if locale else ()
            read = await asyncio.to_thread(read_option, words, now, where, languages=first)
            if read is None or read.since is None:
                raise UserError("unknown-date", text=plain(words, 60)) from None
            return read.since

    def _wait(self, user_id: int, resume: Resume) -> None:
        self._waiting[user_id] = resume
        self._waiting.move_to_end(user_id)
        while len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)

    def _revived(self, given: StoredAnswer) -> Conversation | None:
        if not given.answer or given.question is None:
            return None
        asked = AnswerRequest(given.question, TimeRange(given.at), given.corpus)
        answer = from_record(given.question, given.answer)
        return self._engine.after(Conversation(), asked, answer)
