"""When the operator is told of what, and how it gets to Discord."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.ops.alerts import AlertBook, Trouble, Webhook
from retrieval.errors import Note
from tests.deadlines import scaled

FULL = Trouble("disk", Note("disk-nearly-full", free="5 MB"))


class _Book:
    """A book with a clock that the test moves."""

    def __init__(self, file: Path | None = None) -> None:
        self.now = 0.0
        self.told: list[str] = []
        self.book = AlertBook(
            self.told.append,
            "en",
            repeat_seconds=3_600,
            calm_seconds=60,
            tick=lambda: self.now,
            file=file,
        )

    def at(self, seconds: float, *troubles: Trouble, unknown: Sequence[str] = ()) -> list[str]:
        """What is told of troubles at this moment."""
        self.now = seconds
        del self.told[:]
        if self.book.heard(troubles, unknown):
            self.book.keep()
        return list(self.told)


def test_a_trouble_is_told_once_again_after_hours_and_when_it_is_over() -> None:
    book = _Book()
    [first] = book.at(0, FULL)
    assert "5 MB" in first
    assert "Free some space" in first
    assert book.at(15, FULL) == book.at(3_599, FULL) == []
    [again] = book.at(3_600, FULL)
    assert again != first
    assert book.at(3_615) == []
    [over] = book.at(3_661)
    assert "5 MB" in over
    assert "Free some space" not in over
    assert book.at(3_700) == []
    assert book.at(3_800, FULL) != []


def test_what_can_not_be_found_out_is_not_over() -> None:
    book = _Book()
    assert book.at(0, FULL) != []
    for seconds in range(15, 300, 15):
        assert book.at(seconds, unknown=["disk"]) == []
    assert book.at(310) == []
    assert book.at(400) != []


def test_what_mends_itself_in_time_wakes_nobody() -> None:
    book = _Book()
    slow = Trouble("gateway", Note("gateway-not-connected"), after=180)
    assert book.at(0, slow) == book.at(170, slow) == book.at(175) == book.at(300, slow) == []
    assert len(book.at(480, slow)) == 1


def test_what_comes_and_goes_is_told_once() -> None:
    book = _Book()
    assert len(book.at(0, FULL)) == 1
    told = [book.at(second, *([FULL] if second % 40 else [])) for second in range(20, 400, 20)]
    assert not any(told)


def test_a_bot_that_starts_again_tells_nothing_twice_and_what_is_over(tmp_path: Path) -> None:
    file = tmp_path / "alerts.json"
    assert len(_Book(file).at(0, FULL)) == 1
    again = _Book(file)
    assert again.at(0, FULL) == again.at(100, FULL) == []
    after = _Book(file)
    assert after.at(0) == []
    [over] = after.at(61)
    assert "5 MB" in over
    assert _Book(file).at(100) == []
    file.write_text("{", encoding="utf-8")
    assert len(_Book(file).at(0, FULL)) == 1


def test_a_folder_that_can_not_be_written_is_told_of(tmp_path: Path) -> None:
    assert len(_Book(tmp_path / "nowhere" / "alerts.json").at(0, FULL)) == 1


class _Discord:
    """A webhook that answers with the statuses that it is given, the last one again and again."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.got: list[dict[str, Any]] = []

    async def post(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return web.json_response({"retry_after": 7.5}, status=status)


@asynccontextmanager
async def _posting(discord: _Discord) -> AsyncIterator[tuple[Webhook, list[str], list[float]]]:
    """A webhook at work on ``discord``, what became of its texts, and how long it paused."""
    app = web.Application()
    app.router.add_post("/api/webhooks/1/s3cret", discord.post)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    results: list[str] = []
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/webhooks/1/s3cret"
    webhook = Webhook(url, results.append, pause=pause)
    task = asyncio.create_task(webhook.run())
    try:
        yield webhook, results, pauses
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await runner.cleanup()


async def _until(results: list[str], count: int) -> None:
    async with asyncio.timeout(scaled(10)):
        while len(results) < count:
            await asyncio.sleep(0.01)


async def test_an_alert_is_sent_again_when_discord_is_busy_and_mentions_nobody() -> None:
    discord = _Discord(429, 500, 200)
    async with _posting(discord) as (webhook, results, pauses):
        webhook.post("@everyone look")
        await _until(results, 1)
    assert results == ["sent"]
    assert [body["content"] for body in discord.got] == ["@everyone look"] * 3
    assert discord.got[0]["allowed_mentions"] == {"parse": []}
    assert pauses == [7.5, 2]


@pytest.mark.parametrize(("status", "tries"), [(404, 1), (503, 6)])
async def test_an_alert_that_can_not_be_sent_is_in_the_log_without_the_address(
    status: int, tries: int, caplog: pytest.LogCaptureFixture
) -> None:
    discord = _Discord(status)
    with caplog.at_level(logging.DEBUG):
        async with _posting(discord) as (webhook, results, _):
            webhook.post("the disk is full")
            await _until(results, 1)
    assert results == ["failed"]
    assert len(discord.got) == tries
    assert "the disk is full" in caplog.text
    assert "s3cret" not in caplog.text
    assert "/api/webhooks" not in caplog.text


async def test_no_more_than_a_few_alerts_wait() -> None:
    results: list[str] = []
    webhook = Webhook("http://127.0.0.1:1/", results.append)
    for number in range(25):
        webhook.post(f"alert {number}")
    assert results == ["dropped"] * 5
