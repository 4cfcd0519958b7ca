"""A data folder on a disk that is full or that can't be written: told in a line, and nothing lost."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.conftest import Newsdesk, article, lines


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB, in memory."""
    folder = tmp_path / "data"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this user may not mount a small disk here: {error}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _remount(folder: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)


def test_a_full_disk_stops_the_ingest_and_loses_nothing(
    newsdesk: Newsdesk, tmp_path: Path, small_disk: Path
) -> None:
    file = tmp_path / "a.jsonl"
    words = " ".join(f"word{n}" for n in range(400))
    records = (article(n, f"About topic{n}: {words} {n}.") for n in range(900))
    file.write_text("\n".join(map(json.dumps, records)))
    done = newsdesk("ingest", str(file), "--json")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "full" in done.stderr or "space" in done.stderr
    reported = [r["status"] for r in lines(done.stdout)]
    assert len(reported) < 900
    _remount(small_disk, "size=400m")
    counts = lines(newsdesk("status", "--json").stdout)[0]["corpora"]
    assert not reported or counts[0]["articles"] >= len(reported)
    checked = newsdesk("doctor")
    assert checked.returncode == 0, checked.stdout
    again = newsdesk("ingest", str(file), "--json")
    assert again.returncode == 0, again.stderr
    statuses = [r["status"] for r in lines(again.stdout)]
    assert statuses[: len(reported)] == ["unchanged"] * len(reported)
    assert len(statuses) == 900


def test_a_disk_that_can_only_be_read_is_one_clear_line(
    newsdesk: Newsdesk, tmp_path: Path, small_disk: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(article(1)))
    _remount(small_disk, "ro")
    for command in (("ingest", str(file)), ("ask", "What will topic1 cost?"), ("status",)):
        done = newsdesk(*command)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert "data folder" in done.stderr


def test_a_damaged_vector_index_is_told_by_the_doctor_and_made_anew(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    words = " ".join(f"word{n}" for n in range(150))
    file.write_text("\n".join(json.dumps(article(n, f"About topic{n}: {words} {n}.")) for n in range(1_200)))  # fmt: skip
    assert newsdesk("ingest", str(file)).returncode == 0
    broken = list((tmp_path / "data" / "chroma").rglob("index_metadata.pickle"))
    assert broken, "Chroma keeps its graph elsewhere now"
    broken[0].write_bytes(b"")
    found = lines(newsdesk("search", "topic77", "--json").stdout)[0]
    assert "topic77" in found["hits"][0]["text"]
    assert found["notes"] == []  # a command compares the catalogue's vectors
    checked = newsdesk("doctor")
    assert checked.returncode == 1
    assert "newsdesk reindex" in checked.stdout
    assert newsdesk("reindex").returncode == 0
    assert lines(newsdesk("search", "topic77", "--json").stdout)[0]["notes"] == []
    assert newsdesk("doctor").returncode == 0
