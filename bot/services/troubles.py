"""Look every few seconds for problems that need a person, and report them to the operator's
webhook."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy.exc import SQLAlchemyError

from bot.answering.engine import AnswerEngine
from bot.answering.observer import Observer
from bot.answering.providers import ModelBusy, ModelError, ModelRefused, ModelUnreachable
from bot.config.settings import Settings
from bot.ops.alerts import AlertBook, Trouble
from bot.ops.backups import last_backup
from bot.ops.doctor import LITTLE_ROOM
from bot.ops.health import Cause
from bot.services.readings import budget_used
from retrieval.catalogue.totals import feed_totals
from retrieval.errors import NewsdeskError, Note
from retrieval.library import Library
from retrieval.text.encoding import describe_size

_log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0
_LOOK_SECONDS = 10.0
# How long something lasts before anyone is woken: what mends itself gets the time to do so.
DEGRADED_SECONDS = 180.0
_SURE_SECONDS = 30.0
_FEEDS_SECONDS = 900.0
# One feed that fails is its publisher's business; many at once are ours.
_FEW_FEEDS = 3
_MOST_OF_THEM = 0.5
_FAILED_CALLS = 3
# Who makes backups by hand makes one a week.
_BY_HAND_SECONDS = 7 * 24 * 3_600.0


class ModelTrouble(Observer):
    """Knows whether the model answers: how many calls failed in a row, and why."""

    def __init__(self) -> None:
        self._failed = 0
        self._error: ModelError | None = None
        self._failed_at = 0.0

    def model_answered(self) -> None:
        """Record that a call was answered."""
        self._failed, self._error = 0, None

    def model_failed(self, error: ModelError) -> None:
        """Record that a call failed."""
        self._failed += 1
        self._error = error
        self._failed_at = time.monotonic()

    async def look(
        self,
        check: Callable[[], Awaitable[None]],
        *,
        every_seconds: float = 60.0,
        quiet_seconds: float = 300.0,
    ) -> None:
        """Until cancelled, call ``check`` while the model is failing, to see whether its server is
        back: at night nobody asks a question that would show it."""
        while True:
            await asyncio.sleep(every_seconds)
            may_come_back = isinstance(self._error, ModelUnreachable | ModelRefused | ModelBusy)
            if not may_come_back or time.monotonic() - self._failed_at < quiet_seconds:
                continue
            with contextlib.suppress(ModelError, TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await check()
                self.model_answered()

    @property
    def note(self) -> Note | None:
        """Return the problem; None while the model answers or too few calls were made to know."""
        if self._failed < _FAILED_CALLS or self._error is None:
            return None
        return Note("model-failing", calls=self._failed, why=self._error.note)


class TroubleWatch:
    """Looks for problems until cancelled. ``causes`` returns those of readiness."""

    def __init__(
        self,
        book: AlertBook,
        library: Library,
        engine: AnswerEngine,
        settings: Settings,
        *,
        causes: Callable[[], Awaitable[Sequence[Cause]]],
    ) -> None:
        self._book = book
        self._library = library
        self._engine = engine
        self._settings = settings
        self._budget = settings.answering().budget
        self._causes = causes

    async def run(self) -> None:
        """Look for problems until cancelled."""
        while True:
            if self._book.heard(*await self.troubles()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await asyncio.to_thread(self._book.keep)
            await asyncio.sleep(EVERY_SECONDS)

    async def troubles(self) -> tuple[list[Trouble], list[str]]:
        """Return all current problems, and the keys of those that couldn't be checked in time."""
        found: list[Trouble] = []
        unknown: list[str] = []
        for key, look in (
            ("ready:", self._readiness),
            ("disk", self._disk),
            ("feeds", self._feeds),
            ("budget", self._spending),
            ("backup", self._backups),
        ):
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    found += await look()
            except (NewsdeskError, SQLAlchemyError, OSError, TimeoutError) as error:
                # What keeps it from being found out is a cause of readiness, and told as such.
                _log.debug("%s: %s", look.__name__, type(error).__name__)
                unknown.append(key)
        return found, unknown

    async def _readiness(self) -> list[Trouble]:
        return [
            Trouble(
                f"ready:{cause.part}:{cause.note.code}",
                cause.note,
                DEGRADED_SECONDS if cause.mends_itself else _SURE_SECONDS,
            )
            for cause in await self._causes()
        ]

    async def _disk(self) -> list[Trouble]:
        free = (await asyncio.to_thread(shutil.disk_usage, self._library.data_dir)).free
        if free >= LITTLE_ROOM:
            return []
        return [Trouble("disk", Note("disk-nearly-full", free=describe_size(free)))]

    async def _feeds(self) -> list[Trouble]:
        found = await feed_totals(self._library.database, self._library.clock())
        if found.failing < max(_FEW_FEEDS, _MOST_OF_THEM * found.active):
            return []
        note = Note("feeds-failing", failing=found.failing, active=found.active)
        return [Trouble("feeds", note, _FEEDS_SECONDS)]

    async def _spending(self) -> list[Trouble]:
        if self._budget.cost is None and self._budget.tokens is None:
            return []
        spent = await self._engine.spent()
        if budget_used(self._budget, spent.cost, spent.tokens) < 1:
            return []
        return [Trouble("budget", Note("budget-used-up"))]

    async def _backups(self) -> list[Trouble]:
        state = await asyncio.to_thread(last_backup, self._library.data_dir)
        if state.failure is not None:
            return [Trouble("backup", Note("backup-failed", why=state.failure))]
        now = self._library.clock()
        every = _BY_HAND_SECONDS
        if self._settings.makes_backups:
            every = self._settings.backup_every_hours * 3_600
        if not state.is_late(now, every):
            return []
        hours = round((state.age_seconds(now) or 0.0) / 3_600)
        return [Trouble("backup", Note("backup-late", hours=hours))]
