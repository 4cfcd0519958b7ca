"""Reply to messages that ask for something other than the answer to a question.

What writes a reply is imported when one is asked for: most messages are questions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from bot.answering.conversation import Conversation, Turn
from bot.answering.models import Answer, Form
from bot.answering.replies.about import OwnCosts, about_itself
from bot.answering.replies.periods import (
    in_words,
    is_a_time,
    is_recent,
    last_week,
    names_no_time,
    period_of,
)
from bot.answering.replies.quotes import quoted_words, who_said
from bot.answering.router.classifier import SMALL_TALK
from bot.answering.router.router import RoutedMessage
from bot.answering.summaries.models import NothingToSummarize, no_progress
from bot.i18n import describe, language_of, reply_text
from retrieval.library import Library
from retrieval.timestamps import TimeRange, parse_span

if TYPE_CHECKING:
    from bot.answering.composer import Composer
    from bot.answering.replies.followups import Earlier
    from bot.answering.summaries.service import SummaryService

_STORIES = 5
_EVENTS = 10
# With fewer sentences than a digest needs, and no time named, the last week is reported.
_FEW = 5


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """A message with everything that its reply depends on."""

    message: RoutedMessage
    within: TimeRange
    corpus: str
    source: str | None
    conversation: Conversation


class Replies:
    """Replies with small talk, help, digests, summaries, topics and follow-ups."""

    def __init__(self, library: Library, composer: Composer | None) -> None:
        self._library = library
        self._composer = composer
        self._zone = library.config.zone

    @cached_property
    def _summaries(self) -> SummaryService:
        from bot.answering.summaries.service import SummaryService

        return SummaryService(self._library, self._composer, self._zone)

    async def reply(self, asked: ReplyRequest) -> Answer | None:
        """Return the reply to a message; None if it has to be answered as a question. Raises
        ``StorageError`` and ``EmbedderError``."""
        message = asked.message
        if message.kind in SMALL_TALK:
            return self._line(asked, message.kind, "smalltalk")
        if message.kind == "help":
            return self._line(asked, "help", "help")
        if message.kind in ("general", "chore"):
            return self._line(asked, f"decline-{message.kind}", "declined")
        ways: dict[str, Callable[[ReplyRequest], Awaitable[Answer | None]]] = {
            "status": self._status,
            "opinion": self._opinion,
            "digest": self._digest,
            "summary": self._summary,
            "timeline": self._timeline,
            "topic": self._topic,
            "sources": self._sources,
            "sure": self._sure,
            "more": self._more,
            "shorter": self._shorter,
            "followup": self._unclear,
            "language": self._unclear,
            "compare": self._compare,
            "question": self._quoted,
        }
        way = ways.get(message.kind)
        return await way(asked) if way else None

    def _line(self, asked: ReplyRequest, key: str, form: Form, **variables: object) -> Answer:
        text = reply_text(asked.message.language, key, **variables)
        return Answer(asked.message.text, text, form == "declined", form=form, reply=True)

    async def _status(self, asked: ReplyRequest) -> Answer:
        composer = self._composer
        spent = await composer.spent(asked.corpus) if composer else None
        costs = OwnCosts(composer.model.name if composer else None, spent.cost if spent else 0.0)
        text = await about_itself(
            self._library,
            asked.corpus,
            asked.within.as_of,
            asked.message.language,
            asked.message.subject,
            costs,
        )
        return Answer(asked.message.text, text, False, form="help", reply=True)

    async def _opinion(self, asked: ReplyRequest) -> Answer:
        declined = self._line(asked, "decline-opinion", "declined")
        if not asked.message.subject:
            return declined
        nearest = await self._library.nearest(
            asked.message.subject, asked.within.as_of, corpus=asked.corpus
        )
        return replace(declined, nearest=tuple(nearest[:3]))

    async def _digest(self, asked: ReplyRequest) -> Answer | None:
        """Return the main stories of the time asked for, or of the newest day if none was."""
        message, zone, as_of = asked.message, self._zone, asked.within.as_of
        period = period_of(message.question, message.subject, asked.within, zone)
        topic = message.subject or None
        if topic is not None and is_a_time(topic, as_of, zone):
            topic = None
        timeless = names_no_time(message.question, as_of, zone) and asked.within.since is None
        try:
            answer = await self._digest_of(asked, period, topic)
            if timeless and len(answer.sentences) < _FEW:
                answer = await self._digest_of(asked, last_week(as_of), topic)
            return answer
        except NothingToSummarize as error:
            why = describe(error.note, language_of(asked.message.language))
        if topic is not None:
            return await self._topic(replace(asked, within=period))
        newest = await self._newest_day(asked)
        if newest is None:
            return self._nothing(asked, why)
        if timeless:
            return await self._digest_of(asked, newest, None)
        words = reply_text(
            message.language,
            "nothing-of-time",
            period=in_words(period),
            newest=(newest.since or newest.as_of).date().isoformat(),
        )
        answer = self._nothing(asked, words if is_recent(period) else why)
        if is_recent(period):
            latest = await self._digest_of(asked, newest, None)
            articles = dict.fromkeys(citation.article for citation in latest.citations)
            answer = replace(answer, nearest=tuple(articles)[:3])
        return answer

    async def _digest_of(self, asked: ReplyRequest, period: TimeRange, topic: str | None) -> Answer:
        from bot.answering.replies.flatten import digest_answer

        digest = await self._summaries.digest(
            asked.corpus, period, topic=topic, source=asked.source, limit=_STORIES
        )
        answer = digest_answer(asked.message.text, digest)
        return replace(answer, since=digest.since, until=digest.until)

    async def _newest_day(self, asked: ReplyRequest) -> TimeRange | None:
        """Return the range from the day of the newest article until now."""
        corpus = await self._library.catalogue.corpora.by_name(asked.corpus)
        if corpus is None:
            return None
        newest = await self._library.catalogue.articles.newest(corpus, asked.within.as_of, 1)
        if not newest or newest[0].published_at is None:
            return None
        last = parse_span(newest[0].published_at)
        midnight = last.start.replace(hour=0, minute=0, second=0, microsecond=0)
        return TimeRange(asked.within.as_of, midnight, None)

    async def _summary(self, asked: ReplyRequest) -> Answer | None:
        if not asked.message.subject:
            return self._line(asked, "decline-nothing-earlier", "declined")
        from bot.answering.replies.topics import summary_of
        from bot.answering.summaries.generative import GenerativeWriter

        writer = (
            GenerativeWriter(self._composer, asked.corpus, asked.within.as_of, no_progress)
            if self._composer
            else None
        )
        return await summary_of(
            self._library,
            asked.message.text,
            asked.message.subject,
            asked.within,
            asked.corpus,
            asked.source,
            writer,
        )

    async def _timeline(self, asked: ReplyRequest) -> Answer | None:
        from bot.answering.replies.flatten import timeline_answer

        try:
            timeline = await self._summaries.timeline(
                asked.corpus,
                asked.within,
                asked.message.subject,
                source=asked.source,
                limit=_EVENTS,
            )
        except NothingToSummarize:
            return None
        return timeline_answer(asked.message.text, timeline, asked.message.language)

    async def _topic(self, asked: ReplyRequest) -> Answer | None:
        if not asked.message.subject:
            return None
        from bot.answering.replies.topics import newest_on

        return await newest_on(
            self._library,
            asked.message.text,
            asked.message.subject,
            asked.within,
            asked.corpus,
            asked.source,
            asked.message.language,
        )

    async def _compare(self, asked: ReplyRequest) -> Answer | None:
        if not asked.message.subject:
            return None
        from bot.answering.replies.compare import by_publisher

        return await by_publisher(
            self._library,
            asked.message.text,
            asked.message.subject,
            asked.within,
            asked.corpus,
            asked.message.language,
        )

    async def _quoted(self, asked: ReplyRequest) -> Answer | None:
        """Return who said some words, from where they occur; None if the message asks about
        none."""
        message = asked.message
        words = quoted_words(message.text)
        if words is None:
            return None
        said = await who_said(self._library, message.text, words, asked.within, asked.corpus)
        if said is not None:
            return said
        nearest = await self._library.nearest(
            message.question, asked.within.as_of, corpus=asked.corpus
        )
        declined = self._line(asked, "decline-not-quoted", "declined", words=words)
        return replace(declined, nearest=tuple(nearest[:3]))

    async def _sources(self, asked: ReplyRequest) -> Answer:
        turn = asked.conversation.last
        if turn is None:
            return self._line(asked, "decline-nothing-earlier", "declined")
        if not turn.citations:
            return self._line(asked, "decline-no-sources", "declined")
        from bot.answering.replies.followups import sources_again

        return sources_again(asked.message.text, turn, asked.message.language)

    async def _sure(self, asked: ReplyRequest) -> Answer | None:
        turn = asked.conversation.last
        if turn is None:
            return self._line(asked, "decline-nothing-earlier", "declined")
        if not turn.citations:
            return None  # it is searched once more
        from bot.answering.replies.followups import checked_again

        return await checked_again(self._library, asked.message.text, self._earlier(asked, turn))

    async def _more(self, asked: ReplyRequest) -> Answer | None:
        turn = asked.conversation.last
        if turn is None:
            return self._line(asked, "decline-nothing-earlier", "declined")
        from bot.answering.replies.followups import more_of

        earlier = self._earlier(asked, turn)
        subject = asked.message.subject
        more = await more_of(self._library, asked.message.text, subject, earlier)
        if more is None and turn.citations:
            return self._line(asked, "decline-no-more", "declined")
        return more

    async def _shorter(self, asked: ReplyRequest) -> Answer | None:
        turn = asked.conversation.last
        if turn is None:
            return self._line(asked, "decline-nothing-earlier", "declined")
        from bot.answering.replies.followups import shorter

        return shorter(asked.message.text, turn) if turn.sentences else None

    async def _unclear(self, asked: ReplyRequest) -> Answer | None:
        """Leave a follow-up to be answered as a question, if there is something that it follows."""
        if asked.conversation.last is None:
            return self._line(asked, "decline-nothing-earlier", "declined")
        return None

    def _earlier(self, asked: ReplyRequest, turn: Turn) -> Earlier:
        within = asked.within
        if within.since is None and within.until is None:
            within = TimeRange(within.as_of, turn.since, turn.until)
        from bot.answering.replies.followups import Earlier

        turns = asked.conversation.turns
        # A sentence may be shown after its day: its source has it without.
        shown = [s.text for each in turns for s in each.sentences]
        quoted = [c.quote for each in turns for c in each.citations]
        digest = next((each for each in reversed(turns) if each.open), None)
        told = tuple(dict.fromkeys([*shown, *quoted]))
        return Earlier(turn, within, asked.corpus, told, digest)

    def _nothing(self, asked: ReplyRequest, why: str) -> Answer:
        return Answer(asked.message.text, why, True, reason="nothing-in-range", reply=True)
