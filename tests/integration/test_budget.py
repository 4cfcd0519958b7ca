"""Money: what answers take is counted, kept and limited by the day."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert

from bot.answering.budget import BUNDLED_PRICES, TokenBudget, load_prices, price_of
from bot.answering.models import Usage
from bot.config.limits import Budget
from bot.demo import demo_articles
from bot.storage.library import APPLICATION, open_library
from bot.storage.reservations import Reservation, reserve
from bot.storage.schema import usage_reservations
from retrieval.catalogue.database import Database
from retrieval.errors import SettingsError
from retrieval.library import LibraryConfig
from retrieval.runtime.concurrency import cancel
from tests.integration.answering_fixtures import (
    BRIDGE,
    NOW,
    asked,
    demo_folder,
    engine_over,
    fill,
)
from tests.scripted_model import Says, ScriptedModel

__all__ = ["demo_folder"]

ROW = {"day": "2000-01-01", "corpus": "", "tokens": 0, "cost_micros": 0, "until": 0}
COST = "The Lantern Bridge cost 412 million crowns."


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as server:
        server.play(Says(lambda request: f"{COST} [{request.holding('cost 412')}]"))
        yield server


@pytest.fixture
def folder(demo_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo_folder, tmp_path / "data"))


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.toml"
    file.write_text('["scripted"]\ninput = 1.0\noutput = 2.0\n')
    return file


async def test_an_answer_tells_its_tokens_and_what_they_cost(
    folder: Path, model: ScriptedModel, prices: Path
) -> None:
    async with engine_over(folder, model.url, prices_file=prices) as (_, engine):
        answer = await engine.answer(asked(BRIDGE))
        today = await engine.spent("local")
    assert answer.usage is not None
    expected = (answer.usage.prompt_tokens + 2 * answer.usage.completion_tokens) / 1_000_000
    assert answer.usage.cost == pytest.approx(expected)
    assert today.cost == pytest.approx(expected, abs=1e-6)
    assert today.tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@pytest.mark.parametrize("tells_usage", [True, False])
async def test_an_answer_that_is_ended_while_its_call_is_entered_keeps_its_usage(
    folder: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, tells_usage: bool
) -> None:
    """A cited decline ends the reading while the stream's own end waits for a slow disk."""
    record = TokenBudget.record

    async def slowly(self: TokenBudget, corpus: str, name: str, usage: Usage) -> None:
        await asyncio.sleep(0.3)
        await record(self, corpus, name, usage)

    monkeypatch.setattr(TokenBudget, "record", slowly)
    model.play(Says("The passages do not say what was paid for it. [1]", tells_usage=tells_usage))
    async with engine_over(folder, model.url) as (_, engine):
        answer = await engine.answer(asked(BRIDGE))
        today = await engine.spent("local")
    assert answer.abstained
    assert answer.usage is not None
    assert today.tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


async def test_a_model_without_a_price_is_counted_in_tokens(
    folder: Path, model: ScriptedModel
) -> None:
    async with engine_over(folder, model.url) as (_, engine):
        answer = await engine.answer(asked(BRIDGE))
    assert answer.usage is not None
    assert answer.usage.cost is None


@pytest.mark.parametrize(
    "budget", [Budget(tokens=4_000), Budget(corpus_tokens=4_000), Budget(cost=0.0035), Budget(corpus_cost=0.0035)]
)  # fmt: skip
async def test_a_budget_that_is_used_up_makes_quotations_of_answers_until_the_next_day(
    folder: Path, model: ScriptedModel, prices: Path, budget: Budget
) -> None:
    changes: dict[str, Any] = {"prices_file": prices, "budget": budget}
    async with engine_over(folder, model.url, **changes) as (_, engine):
        first = await engine.answer(asked(BRIDGE))
    assert first.model == "scripted"
    # After a restart too.
    async with engine_over(folder, model.url, **changes) as (_, engine):
        second = await engine.answer(asked("What did the Lantern Bridge cost?"))
    assert second.model == "quotations"
    assert not second.abstained
    assert "note-no-budget" in repr(second.notes[-1])
    assert len(model.requests) == 1


async def test_one_corpus_does_not_use_up_the_budget_of_another(
    folder: Path, model: ScriptedModel
) -> None:
    await fill(folder, demo_articles(NOW), corpus="other")
    async with engine_over(folder, model.url, budget=Budget(corpus_tokens=4_000)) as (_, engine):
        await engine.answer(asked(BRIDGE))
        other = await engine.answer(asked(BRIDGE, corpus="other"))
    assert other.model == "scripted"


async def test_calls_under_way_count_too(folder: Path, model: ScriptedModel) -> None:
    model.play(Says(lambda request: f"{COST} [{request.holding('cost 412')}]", first_after=0.3))
    async with engine_over(folder, model.url, budget=Budget(tokens=4_000)) as (_, engine):
        answers = await asyncio.gather(
            *(engine.answer(asked(f"What did the Lantern Bridge {word}?")) for word in ("cost", "cost in all"))
        )  # fmt: skip
    assert sorted(answer.model for answer in answers) == ["quotations", "scripted"]


@pytest.mark.parametrize(
    "budget", [Budget(tokens=1_000), Budget(corpus_tokens=1_000), Budget(cost=0.001), Budget(corpus_cost=0.001)]
)  # fmt: skip
async def test_several_processes_share_a_budget(
    tmp_path: Path,
    prices: Path,
    budget: Budget,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of them has a connection and a memory of its own; ten calls of 100 tokens have room."""
    monkeypatch.setattr("bot.answering.budget._PATIENCE_SECONDS", 60)
    monkeypatch.setattr("retrieval.catalogue.server._SECONDS", 60)
    config = LibraryConfig(tmp_path / "data", database_url=postgres_url)
    async with open_library(config, writer="bot") as bot, open_library(
        config
    ) as other, AsyncExitStack() as calls:  # fmt: skip
        ledgers = [
            TokenBudget(library.database, load_prices(prices), budget, lambda: NOW, ZoneInfo("UTC"))
            for library in (bot, other)
        ]

        async def begin(ledger: TokenBudget) -> bool:
            return await calls.enter_async_context(ledger.room("local", "scripted", 100))

        granted = await asyncio.gather(*(begin(ledgers[n % 2]) for n in range(16)))
        assert sum(granted) == 10
        assert not await begin(ledgers[0])
        await ledgers[1].record("local", "scripted", Usage(500, 0, 0.0005))
        await calls.aclose()
        granted = await asyncio.gather(*(begin(ledgers[n % 2]) for n in range(8)))
        assert sum(granted) == 5
    # What a crash left counts for a while only.
    async with open_library(config, writer="bot") as bot:
        await reserve(
            bot.database,
            Reservation(NOW.date(), "local", 500, 0.0005),
            budget,
            now=NOW,
            until=NOW + timedelta(minutes=15),
        )
        now = [NOW]
        again = TokenBudget(
            bot.database, load_prices(prices), budget, lambda: now[0], ZoneInfo("UTC")
        )
        for minutes, expected in ((1, False), (16, True)):
            now[0] = NOW + timedelta(minutes=minutes)
            async with again.room("local", "scripted", 100) as granted_now:
                assert granted_now is expected


@pytest.mark.both_databases
async def test_a_question_waits_for_nobody_who_writes_to_the_database(tmp_path: Path) -> None:
    async with open_library(LibraryConfig(tmp_path / "data"), writer="bot") as library:
        ledger = TokenBudget(library.database, {}, Budget(tokens=100), lambda: NOW, ZoneInfo("UTC"))
        async with asyncio.timeout(30), library.database.write() as connection:
            # Where there is a server, nobody else can write to the table either.
            await connection.execute(insert(usage_reservations).values(**ROW))
            if connection.dialect.name == "postgresql":
                await connection.exec_driver_sql("LOCK usage_reservations")
            async with ledger.room("local", "m", 100) as granted:
                assert granted
                async with ledger.room("local", "m", 100) as another:
                    assert not another


async def test_an_answer_is_not_lost_where_its_room_can_not_be_noted(
    tmp_path: Path, postgres_url: str
) -> None:
    config = LibraryConfig(tmp_path / "data", database_url=postgres_url)
    async with open_library(config, writer="bot") as library:
        ledger = TokenBudget(library.database, {}, Budget(tokens=100), lambda: NOW, ZoneInfo("UTC"))
        async with ledger.room("local", "m", 60) as granted:
            assert granted
            async with library.database.write() as connection:
                await connection.exec_driver_sql("DROP TABLE usage_reservations")
            async with ledger.room("local", "m", 40) as granted_without:
                assert granted_without
                async with ledger.room("local", "m", 40) as another:
                    assert not another


async def test_what_is_reserved_for_nobody_any_more_is_released(
    tmp_path: Path, postgres_url: str
) -> None:
    """Cancelled twice while another process holds the table: once in waiting, once in leaving."""
    config = LibraryConfig(tmp_path / "data", database_url=postgres_url)
    async with open_library(config, writer="bot") as library, open_library(config) as other:
        ledger = TokenBudget(library.database, {}, Budget(tokens=100), lambda: NOW, ZoneInfo("UTC"))

        async def call() -> None:
            async with ledger.room("local", "m", 100):
                await asyncio.sleep(60)

        async with other.database.engine.begin() as connection:
            await connection.exec_driver_sql("LOCK usage_reservations")
            task = asyncio.create_task(call())
            await asyncio.sleep(0.1)
            task.cancel()
            await asyncio.sleep(0)
            await cancel(task)
        async with asyncio.timeout(30):
            while not await _is_granted(ledger):
                await asyncio.sleep(0.05)


async def _is_granted(ledger: TokenBudget) -> bool:
    async with ledger.room("local", "m", 100) as granted:
        return granted


async def test_a_call_that_is_cancelled_gives_its_room_back(tmp_path: Path) -> None:
    async with open_library(LibraryConfig(tmp_path / "data"), writer="bot") as library:
        ledger = TokenBudget(library.database, {}, Budget(tokens=100), lambda: NOW, ZoneInfo("UTC"))

        async def call() -> None:
            async with ledger.room("local", "m", 100):
                await asyncio.sleep(60)

        for wait in (0.0, 0.001, 0.2):
            task = asyncio.create_task(call())
            await asyncio.sleep(wait)
            await cancel(task)
            async with ledger.room("local", "m", 100) as granted:
                assert granted


async def test_a_day_is_the_operators(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite3"
    await Database.prepare(path, [APPLICATION])
    database = await Database.open(path)
    now = [NOW.replace(hour=22, minute=59)]
    ledger = TokenBudget(database, {}, Budget(), lambda: now[0], ZoneInfo("Europe/Berlin"))
    await ledger.record("local", "m", Usage(10, 5))
    assert (await ledger.spent()).tokens == 15
    now[0] += timedelta(minutes=1)
    assert (await ledger.spent()).tokens == 0
    await database.close()


def test_prices_go_by_the_longest_beginning_of_a_name() -> None:
    prices = load_prices(BUNDLED_PRICES)
    mini, large = price_of("gpt-4o-mini-2024-07-18", prices), price_of("gpt-4o-2024-11-20", prices)
    assert mini is not None
    assert large is not None
    assert mini.prompt < large.prompt
    assert price_of("SmolLM2", prices) is None


@pytest.mark.parametrize("text", ["[x", "[x]\ninput = 1", "[x]\ninput = 'a'\noutput = 1", "x = 1"])
def test_a_file_of_prices_that_is_none_is_told_by_its_name(tmp_path: Path, text: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=r"prices-.*p\.toml"):
        load_prices(file)
