"""Files that were handed in: kept until their job is over, whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.catalogue.jobs import JobSource
from retrieval.errors import StorageError
from retrieval.ingestion.jobs.uploads import FolderUploads, path_of


def _is_there(source: JobSource) -> bool:
    return Path(path_of(source)).exists()


async def _nothing() -> set[str]:
    return set()


async def test_a_file_whose_job_is_kept_while_others_are_cleared_away_stays(tmp_path: Path) -> None:
    uploads = FolderUploads(tmp_path)
    source = await uploads.keep("news.txt", b"Some news")

    async def needed() -> set[str]:
        # The catalogue was read a moment before the job was written to it.
        uploads.belongs([source])
        return set()

    await uploads.sweep(needed)
    assert _is_there(source)
    await uploads.sweep(_nothing)
    assert not _is_there(source)


async def test_a_file_handed_in_while_others_are_cleared_away_stays(tmp_path: Path) -> None:
    uploads = FolderUploads(tmp_path)
    handed_in: list[JobSource] = []

    async def needed() -> set[str]:
        handed_in.append(await uploads.keep("news.txt", b"Some news"))
        uploads.belongs(handed_in)
        return set()

    await uploads.sweep(needed)
    assert _is_there(handed_in[0])


async def test_a_file_that_cannot_be_written_is_told_of_and_not_kept(tmp_path: Path) -> None:
    folder = tmp_path / "uploads"
    folder.write_text("no folder")
    uploads = FolderUploads(folder)
    with pytest.raises(StorageError, match="data-folder-not-writable"):
        await uploads.keep("news.txt", b"Some news")
