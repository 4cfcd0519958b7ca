"""What the running bot does for the data folder by itself: backups, and giving back space."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.config.settings import Settings
from bot.i18n import in_english
from bot.ops.background import run_forever
from bot.ops.backups import make_backup
from bot.ops.logging import details
from retrieval.errors import NewsdeskError
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel
from retrieval.timestamps import Clock
from retrieval.upkeep import keep_in_order

_log = logging.getLogger(__name__)

_NAME = re.compile(r"newsdesk-(\d{8}T\d{6})Z\.backup")
_STAMP = "%Y%m%dT%H%M%S"
# How long at most until the clock is looked at again: it may have been set.
_LOOK_SECONDS = 60.0
_AGAIN = timedelta(hours=1)
_AGAIN_SECONDS = 30.0
TIDY_SECONDS = 120.0


class BackupSchedule:
    """Makes a backup in ``folder`` when the newest there is older than ``every``; keeps ``kept``."""

    def __init__(
        self,
        data_dir: Path,
        folder: Path,
        every: timedelta,
        kept: int,
        clock: Clock,
        *,
        with_indexes: bool = False,
    ) -> None:
        self._data_dir = data_dir
        self._folder = folder
        self._every = every
        self._kept = kept
        self._clock = clock
        self._with_indexes = with_indexes
        self._not_before: datetime | None = None

    async def run(self) -> None:
        """Make each backup when it is due, as long as this isn't cancelled."""
        while True:
            await self.make_due()
            await asyncio.sleep(min(_LOOK_SECONDS, self._every.total_seconds() / 10))

    async def make_due(self) -> Path | None:
        """Make a backup if one is due. A failure is logged, remembered, and tried again in an hour."""
        now = self._clock()
        if not await asyncio.to_thread(self._is_due, now):
            return None
        file = self._folder / f"newsdesk-{now.astimezone(UTC):{_STAMP}}Z.backup"
        try:
            info = await make_backup(
                self._data_dir, file, self._clock, with_indexes=self._with_indexes
            )
        except NewsdeskError as error:
            self._not_before = now + min(self._every, _AGAIN)
            _log.error("no backup was made: %s", in_english(error))
            return None
        self._not_before = None
        await asyncio.to_thread(self._prune, file)
        _log.info("backup made", extra=details(file=file.name, articles=info.counts["articles"]))
        return file

    def _is_due(self, now: datetime) -> bool:
        # After a clock that was wrong, moments to come count for nothing.
        if self._not_before is not None and now < self._not_before <= now + self._every:
            return False
        made = [moment for moment in self._made() if moment <= now]
        return not made or now - max(made) >= self._every

    def _made(self) -> dict[datetime, Path]:
        found = {}
        for path in self._folder.glob("newsdesk-*.backup"):
            if named := _NAME.fullmatch(path.name):
                with contextlib.suppress(ValueError):
                    moment = datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)
                    found[moment] = path
        return found

    def _prune(self, newest: Path) -> None:
        """Delete the oldest, but never the one that was just made."""
        made = self._made()
        for moment in sorted(made, reverse=True)[self._kept :]:
            if made[moment] != newest:
                with contextlib.suppress(OSError):
                    made[moment].unlink()


@contextlib.asynccontextmanager
async def run_upkeep(settings: Settings, library: Library) -> AsyncIterator[None]:
    """Look after the data folder while the block lasts."""
    tasks = [asyncio.create_task(_tidy_up(settings, library), name="upkeep")]
    if settings.makes_backups and settings.backup_dir is not None:
        schedule = BackupSchedule(
            settings.data_dir,
            settings.backup_dir.expanduser().absolute(),
            timedelta(hours=settings.backup_every_hours),
            settings.backups_kept,
            library.clock,
            with_indexes=settings.backup_with_indexes,
        )
        rounds = run_forever(schedule.run, "backups", pause=_AGAIN_SECONDS)
        tasks.append(asyncio.create_task(rounds, name="backups"))
    try:
        yield
    finally:
        await cancel(*tasks)


async def _tidy_up(settings: Settings, library: Library) -> None:
    """Give back space every few minutes, where there is some. A failure is logged."""
    while True:
        await asyncio.sleep(TIDY_SECONDS)
        days = settings.keep_versions_days
        before = None if days is None else library.clock() - timedelta(days=days)
        try:
            await keep_in_order(library, versions_before=before)
        except NewsdeskError as error:
            _log.error("space was not given back: %s", in_english(error))
        except Exception:  # noqa: BLE001 - logged; tried again
            _log.exception("space was not given back")
