"""What is remembered of backups: the last one, and a failure after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.ops.backups import BackupState, last_backup, record_backup, record_failure
from retrieval.errors import Note

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_a_folder_without_backups_has_none(tmp_path: Path) -> None:
    assert last_backup(tmp_path) == BackupState()
    assert last_backup(tmp_path).age_seconds(NOW) is None


def test_a_failure_is_told_beside_the_last_backup_until_the_next(tmp_path: Path) -> None:
    record_backup(tmp_path, tmp_path / "a.backup", 10, NOW)
    record_failure(tmp_path, Note("disk-full"), NOW + timedelta(days=1))
    state = last_backup(tmp_path)
    assert (state.made_at, state.size, state.failure) == (NOW, 10, Note("disk-full"))
    assert state.age_seconds(NOW + timedelta(hours=2)) == 7200
    record_backup(tmp_path, tmp_path / "b.backup", 11, NOW + timedelta(days=2))
    assert last_backup(tmp_path).failure is None


@pytest.mark.parametrize("broken", ["", "[]", "null", '{"made_at": 5}'])
def test_a_broken_record_is_none(tmp_path: Path, broken: str) -> None:
    (tmp_path / "backups.json").write_text(broken)
    assert last_backup(tmp_path) == BackupState()
