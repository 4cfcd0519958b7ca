"""`newsdesk purge` asks first, and what it erased is in no backup made afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.deadlines import scaled
from tests.integration.conftest import ROOT, Newsdesk, article, lines

pytestmark = pytest.mark.sqlite_files("backups are of data folders; those of a server are its own")


@pytest.fixture
def ids(newsdesk: Newsdesk, tmp_path: Path) -> list[str]:
    articles = [article(1, "Everything about zanzibar was said on Friday."), article(2)]
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
    return [r["article_id"] for r in lines(newsdesk("ingest", str(file), "--json").stdout)]


def stored(newsdesk: Newsdesk) -> int:
    counts: int = lines(newsdesk("status", "--json").stdout)[0]["corpora"][0]["articles"]
    return counts


def test_the_article_is_named_and_anything_but_yes_erases_nothing(
    newsdesk: Newsdesk, ids: list[str]
) -> None:
    for answer in ("n\n", "\n", ""):
        asked = newsdesk("purge", ids[0], stdin=answer)
        assert asked.returncode == 1
        assert article(1)["title"] in asked.stderr
    assert stored(newsdesk) == 2
    assert newsdesk("purge", ids[0], stdin="y\n").returncode == 0
    assert stored(newsdesk) == 1


def test_ctrl_c_ends_the_question_without_another_line(
    newsdesk: Newsdesk, ids: list[str], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "bot", "purge", *ids]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSDESK_DATA_DIR": str(tmp_path / "data")}
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:  # fmt: skip
        assert running.stderr is not None
        try:
            asked = ""
            while not asked.endswith("]: "):
                asked += (read := running.stderr.read(1))
                assert read, asked
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=scaled(60)) == 130
        finally:
            running.kill()
    assert stored(newsdesk) == 2


def test_a_backup_neither_counts_nor_contains_what_was_erased(
    newsdesk: Newsdesk, ids: list[str], tmp_path: Path
) -> None:
    assert lines(newsdesk("backup", "before.zip", "--json").stdout)[0]["counts"]["articles"] == 2
    assert newsdesk("purge", ids[0], "--yes").returncode == 0
    made = lines(newsdesk("backup", "after.zip", "--with-indexes", "--json").stdout)[0]
    assert made["counts"]["articles"] == made["counts"]["versions"] == 1

    def contents(name: str) -> bytes:
        with zipfile.ZipFile(tmp_path / name) as archive:
            return b"".join(map(archive.read, archive.namelist()))

    assert b"zanzibar" in contents("before.zip")
    assert b"zanzibar" not in contents("after.zip")


def test_a_backup_overwrites_only_what_it_is_told_to(
    newsdesk: Newsdesk, ids: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "b.zip"
    file.write_text("mine")
    assert newsdesk("backup", "b.zip").returncode == 2
    assert file.read_text() == "mine"
    assert newsdesk("backup", "b.zip", "--force").returncode == 0
    assert newsdesk("restore", "--check", "b.zip").returncode == 0
