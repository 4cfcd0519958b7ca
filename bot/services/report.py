"""Reports on what a server asked and how it was answered, on demand and weekly for its moderators."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import discord

from bot.config.settings import Settings
from bot.i18n import Say, translator_for
from bot.ops.background import run_forever
from bot.ops.logging import details
from bot.services.guild_settings import GuildSettingsCache
from bot.services.permissions import RequestContexts
from bot.services.roles import Roles
from bot.storage.answer_notes import question_key, times_asked
from bot.storage.answers import AskedIn, StoredAnswer, answers_between, feedback_between
from bot.storage.usage import usage_since
from bot.ui import error_pages
from bot.ui.escaping import plain
from bot.ui.pages import Page, note
from bot.ui.report import ActivityReport, Subject, Unanswered, report_page
from retrieval.indexes.common_words import is_common
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel
from retrieval.text.common_words import common_words
from retrieval.text.stemming import stems

_log = logging.getLogger(__name__)

WEEK = timedelta(days=7)
_MOST_READ = 2_000  # answers
_SOURCES = 10
_EVERY_SECONDS = 300.0
_SEND_SECONDS = 60.0
_WEEKDAY, _HOUR = 0, 9  # Mondays at nine, local time
_WORD = re.compile(r"[^\W_]+")


class ReportService:
    """Makes reports, and sends them and members' requests to the moderators' channel."""

    def __init__(
        self,
        client: discord.Client,
        settings: Settings,
        library: Library,
        contexts: RequestContexts,
        guild_settings: GuildSettingsCache,
        roles: Roles,
    ) -> None:
        self._client = client
        self._roles = roles
        self._settings = settings
        self._library = library
        self._contexts = contexts
        self._guild_settings = guild_settings
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start sending weekly reports; call it once the servers are known."""
        if self._task is None:
            rounds = run_forever(self.send_due, "weekly reports", pause=_EVERY_SECONDS)
            self._task = asyncio.create_task(rounds, name="reports")

    async def stop(self) -> None:
        """Stop sending weekly reports."""
        if self._task is not None:
            await cancel(self._task)

    async def report(self, guild_id: int, since: datetime, until: datetime) -> ActivityReport:
        """Return what was asked in a server between two times. Direct messages count towards it,
        unless all servers share their articles: then they belong to none."""
        database, corpus = self._library.database, self._contexts.corpus_of(guild_id)
        here = AskedIn(corpus, guild_id, directly=not self._contexts.is_shared)
        given = await answers_between(database, here, since, until, _MOST_READ)
        marks = await feedback_between(database, here, since, until)
        declined = [each for each in given if _is_unanswered(each)]
        wanted = await times_asked(database, [each.id for each in declined])
        unhelpful = [(each, *marks[each.id]) for each in given if marks.get(each.id, (0, 0))[1]]
        unhelpful.sort(key=lambda entry: -entry[2])
        cited: Counter[str] = Counter()
        for each in given:
            cited.update({name for name in map(_source, each.answer.get("citations", ())) if name})
        return ActivityReport(
            since,
            until,
            len(given),
            tuple(await asyncio.to_thread(subjects, declined, wanted)),
            tuple(unhelpful),
            tuple(cited.most_common(_SOURCES)),
            await usage_since(database, since, corpus),
            self._contexts.is_shared,
        )

    async def tell_moderators(
        self, given: StoredAnswer, guild_ids: Collection[int], by: discord.abc.User | None
    ) -> None:
        """Tell the moderators' channels of these servers what somebody wants to know. ``by`` is
        None for a question in a direct message, which stays anonymous."""
        question = plain(given.question or "", 500)
        for guild in [each for each in self._client.guilds if each.id in guild_ids]:
            say = await self._say(guild)
            if by is None:
                words = say("moderators-are-asked-directly", question=question)
            else:
                name = plain(by.display_name, 80)
                words = say("moderators-are-asked", user=name, question=question)
            await self._send(guild, note(words), f"w{given.id}")

    async def send_due(self) -> int:
        """Send the reports that are due now. Return how many were sent."""
        sent = 0
        for guild in list(self._client.guilds):
            report = partial(self._report_if_due, guild)
            sent += bool(await self._roles.if_held(guild.id, report))
        if sent:
            _log.info("weekly reports sent", extra=details(reports=sent))
        return sent

    async def _report_if_due(self, guild: discord.Guild) -> bool:
        """Send a server its report if it is due; whether it was sent."""
        settings, sent = await self._guild_settings.of(guild.id), False
        if settings.moderators_channel is None:
            return False
        zone = ZoneInfo(settings.zone or self._settings.timezone)
        now = self._library.clock().astimezone(zone)
        begin = now - timedelta(days=(now.weekday() - _WEEKDAY) % 7)
        begin = begin.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
        due = begin if begin <= now else begin - WEEK
        week = f"{due:%G-W%V}"
        if settings.reported_week == week:
            return False
        if self._roles.is_shared:  # another process may have sent it meanwhile
            self._guild_settings.forget(guild.id)
            settings = await self._guild_settings.of(guild.id)
            if settings.reported_week == week:
                return False
        # Who has just chosen a channel waits for the end of a week.
        if settings.reported_week is not None:
            found = await self.report(guild.id, due - WEEK, due)
            if found.asked:
                page = report_page(found, await self._say(guild))
                if not await self._send(guild, page, f"report{week[-3:]}"):
                    return False
                sent = True
        await self._guild_settings.change(guild.id, reported_week=week)
        return sent

    async def _send(self, guild: discord.Guild, page: Page, what: str) -> bool:
        """False if it is to be tried again; what may not be sent is given up. ``what`` is sent to a
        server once, and has at most 9 characters."""
        channel_id = (await self._guild_settings.of(guild.id)).moderators_channel
        channel = guild.get_channel_or_thread(channel_id) if channel_id is not None else None
        if not isinstance(channel, discord.abc.Messageable):
            return True
        more: dict[str, Any] = {} if page.view is None else {"view": page.view}
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                # Discord takes a nonce once from a bot, in whatever server.
                nonce = f"{guild.id:x}{what}"
                await channel.send(embed=page.embed, nonce=nonce, **more)
        except (discord.Forbidden, discord.NotFound) as error:
            error_pages.log(error, "moderators' channel", server=guild.id)
        except (discord.HTTPException, OSError, TimeoutError) as error:
            error_pages.log(error, "moderators' channel", server=guild.id)
            return False
        return True

    async def _say(self, guild: discord.Guild) -> Say:
        settings = await self._guild_settings.of(guild.id)
        return translator_for(settings.language or guild.preferred_locale.value)


def subjects(given: Sequence[StoredAnswer], wanted: dict[str, int]) -> list[Subject]:
    """Group questions by subject, the subject with most questions first.

    Questions share a subject if they share a name, a number or another word that is rare in the
    news; ``wanted`` is, by answer, how many people asked the moderators.
    """
    alike: dict[str, list[StoredAnswer]] = defaultdict(list)
    for each in given:
        alike[question_key(each.question or "")].append(each)
    left = {
        key: (
            Unanswered(
                same[0].id,
                same[0].question or "",
                len(same),
                sum(wanted.get(a.id, 0) for a in same),
            ),
            _telling_words(same[0].question or ""),
        )
        for key, same in alike.items()
    }
    found: list[Subject] = []
    while left:
        weights: Counter[str] = Counter()
        for question, words in left.values():
            weights.update(dict.fromkeys(words, question.times))
        best = max(weights, key=lambda stem: (weights[stem], stem), default=None)
        having = [key for key, (_, words) in left.items() if best is not None and best in words]
        if best is None or len(having) < 2:
            found += [Subject(None, (question,)) for question, _ in left.values()]
            break
        name = Counter(left[key][1][best] for key in having).most_common(1)[0][0]
        members = sorted((left.pop(key)[0] for key in having), key=_importance)
        found.append(Subject(name, tuple(members)))
    return sorted(found, key=lambda subject: [_importance(q) for q in subject.as_one()])


def _telling_words(question: str) -> dict[str, str]:
    """By stem, the words of a question that say what it is about."""
    found: dict[str, str] = {}
    for word in _WORD.findall(question):
        lower = word.casefold()
        if len(lower) < 2 or any(lower in words for words in common_words().values()):
            continue
        if not is_common(lower):
            found.update(dict.fromkeys(stems(lower)[:1], word))
    return found


def _importance(question: Unanswered) -> tuple[int, int]:
    return -question.wanted, -question.times


def _is_unanswered(given: StoredAnswer) -> bool:
    return bool(given.answer.get("abstained")) and not given.answer.get("reply")


def _source(citation: object) -> str | None:
    article = citation.get("article") if isinstance(citation, dict) else None
    return article.get("source") if isinstance(article, dict) else None
