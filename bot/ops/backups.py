"""Back up the data folder, and record when and how that went, for monitoring."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.storage.library import APPLICATION
from retrieval.backups import BackupInfo, write_backup
from retrieval.errors import NewsdeskError, Note
from retrieval.runtime.observer import Tell, tell_nobody
from retrieval.timestamps import Clock

_RECORD = "backups.json"
# A backup is late after this multiple of the interval between two.
_LATE = 2


@dataclass(frozen=True, slots=True)
class BackupState:
    """The last backup, None if there is none, and a later failure, if any. ``size`` is in bytes."""

    made_at: datetime | None = None
    file: str | None = None
    size: int | None = None
    failed_at: datetime | None = None
    failure: Note | None = None

    def age_seconds(self, now: datetime) -> float | None:
        """Return how old the last backup is, in seconds; None if there is none."""
        return None if self.made_at is None else max(0.0, (now - self.made_at).total_seconds())

    def is_late(self, now: datetime, every_seconds: float) -> bool:
        """Return whether the next one is late; without a first one it isn't."""
        age = self.age_seconds(now)
        return age is not None and age > _LATE * every_seconds

    def to_record(self) -> dict[str, object]:
        """Return the state for JSON."""
        return {
            "made_at": self.made_at.isoformat() if self.made_at else None,
            "file": self.file,
            "size": self.size,
            "failed_at": self.failed_at.isoformat() if self.failed_at else None,
            "failure": self.failure.to_record() if self.failure else None,
        }


async def make_backup(
    data_dir: Path,
    file: Path,
    clock: Clock,
    *,
    with_indexes: bool = False,
    tell: Tell = tell_nobody,
) -> BackupInfo:
    """Write a backup to ``file`` and record the result. ``tell`` gets the progress, in another
    thread. Raises ``StorageError``."""
    return await asyncio.to_thread(_make, data_dir, file, clock(), with_indexes, tell)


def _make(data_dir: Path, file: Path, now: datetime, with_indexes: bool, tell: Tell) -> BackupInfo:
    try:
        info = write_backup(
            data_dir, file, now, with_indexes=with_indexes, branches=(APPLICATION,), tell=tell
        )
    except NewsdeskError as error:
        record_failure(data_dir, error.note, now)
        raise
    record_backup(data_dir, file, file.stat().st_size, now)
    return info


def last_backup(data_dir: Path) -> BackupState:
    """Return what is known about the backups of a data folder. Blocks. Never raises."""
    try:
        record = json.loads((data_dir / _RECORD).read_text(encoding="utf-8"))
        failure = record["failure"]
        return BackupState(
            _moment(record["made_at"]),
            record["file"],
            record["size"],
            _moment(record["failed_at"]),
            Note.from_record(failure) if failure else None,
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return BackupState()


def record_backup(data_dir: Path, file: Path, size: int, now: datetime) -> None:
    """Record a successful backup, which clears an earlier failure."""
    _write(data_dir, BackupState(now, str(file), size))


def record_failure(data_dir: Path, failure: Note, now: datetime) -> None:
    """Record a failed backup; the last successful one stays known."""
    known = last_backup(data_dir)
    _write(data_dir, BackupState(known.made_at, known.file, known.size, now, failure))


def _write(data_dir: Path, state: BackupState) -> None:
    # A folder that can't be written can still be backed up.
    with contextlib.suppress(OSError):
        partial = data_dir / f"{_RECORD}.{os.getpid()}"
        partial.write_text(json.dumps(state.to_record()), encoding="utf-8")
        partial.replace(data_dir / _RECORD)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
