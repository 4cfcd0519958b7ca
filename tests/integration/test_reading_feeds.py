"""Feeds are read in a process of their own: whatever is in them, the bot's goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import Note, UnreadableSource
from retrieval.extraction.feeds.parser import parse_feed
from retrieval.extraction.process_pool import Extractor
from tests.deadlines import scaled
from tests.integration.conftest import ROOT
from tests.newsite import documents

_URL = "https://courier.example/feed"
_ENTRIES = [documents.entry("https://courier.example", n, full=n % 2 == 0) for n in range(40)]
_FEED_IN_A_CHILD = """
import asyncio, sys
from retrieval.extraction.process_pool import Extractor

with Extractor(1) as extractor:
    document = asyncio.run(extractor.read_feed(sys.stdin.buffer.read()))
print(len(document.items), "feedparser" in sys.modules, "lxml" in sys.modules)
"""


@pytest.mark.parametrize("kind", list(documents.KINDS))
async def test_a_feed_comes_back_from_the_other_process_as_it_was_read_there(kind: str) -> None:
    data = documents.KINDS[kind](_ENTRIES).encode()
    with Extractor(1) as extractor:
        assert await extractor.read_feed(data, _URL) == parse_feed(data, url=_URL)


async def test_an_index_of_sitemaps_comes_back_with_its_children() -> None:
    data = documents.sitemap_index(["https://courier.example/news.xml"]).encode()
    with Extractor(1) as extractor:
        document = await extractor.read_feed(data, _URL)
    assert document == parse_feed(data, url=_URL)
    assert document.children == ("https://courier.example/news.xml",)


def test_the_process_that_asks_for_a_feed_parses_nothing_itself() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", _FEED_IN_A_CHILD],
        input=documents.rss(_ENTRIES).encode(),
        cwd=ROOT,
        capture_output=True,
        timeout=scaled(60),
        check=True,
    )
    assert answer.stdout.decode().split() == ["40", "False", "False"]


async def test_a_feed_that_takes_too_long_is_given_up_and_the_next_one_is_read() -> None:
    endless = documents.rss(_ENTRIES * 500).encode()
    with Extractor(1, seconds=0.5) as extractor:
        with pytest.raises(UnreadableSource, match="feed-timeout"):
            await extractor.read_feed(endless)
        assert len((await extractor.read_feed(documents.rss(_ENTRIES[:3]).encode())).items) == 3


def _children() -> set[int]:
    found = (file.read_text().split() for file in Path("/proc/self/task").glob("*/children"))
    return {int(each) for children in found for each in children}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
async def test_a_process_that_is_stopped_is_replaced_and_costs_no_document() -> None:
    data = documents.rss(_ENTRIES[:3]).encode()
    before = _children()
    with Extractor(1) as extractor:
        await extractor.read_feed(data)
        [stopped] = _children() - before
        os.kill(stopped, signal.SIGSTOP)
        assert len((await extractor.read_feed(data)).items) == 3
        assert stopped not in _children()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
async def test_a_process_that_is_stopped_while_it_starts_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = subprocess.Popen
    started: list[int] = []

    def stopped_at_first(*args: Any, **kwargs: Any) -> subprocess.Popen[bytes]:
        process = start(*args, **kwargs)
        if not started:
            os.kill(process.pid, signal.SIGSTOP)
        started.append(process.pid)
        return process

    monkeypatch.setattr(subprocess, "Popen", stopped_at_first)
    with Extractor(1) as extractor:
        document = await extractor.read_feed(documents.rss(_ENTRIES[:3]).encode())
        assert len(document.items) == 3
    assert len(started) == 2


async def test_what_is_no_feed_is_refused_with_the_reason() -> None:
    with Extractor(1) as extractor, pytest.raises(UnreadableSource, match="not-a-feed"):
        await extractor.read_feed(b"<html><body>Nothing here</body></html>")


def test_a_saved_feed_is_read_in_the_other_process_too(tmp_path: Path) -> None:
    from retrieval.ingestion.readers import read_source

    file = tmp_path / "saved.xml"
    file.write_bytes(documents.rss(_ENTRIES * 500).encode())
    with Extractor(1, seconds=0.5) as extractor:
        [refused] = read_source(file, 10_000_000, extractor)
    assert refused.reason == Note("feed-timeout", seconds=0.5)
