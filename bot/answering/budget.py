"""Tokens, cost and the daily budget."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path

from bot.answering.models import Usage
from bot.answering.providers import TokenUsage
from bot.config.limits import Budget
from bot.storage.reservations import Reservation, release, reserve
from bot.storage.usage import DailyUsage, record_usage, usage_of_day
from retrieval.catalogue.database import Database
from retrieval.errors import SettingsError, StorageError
from retrieval.runtime.concurrency import to_its_end
from retrieval.timestamps import Clock

_log = logging.getLogger(__name__)

# Longer than any answer takes: so long a crash keeps a part of the budget.
_UNDER_WAY = timedelta(minutes=15)
BUNDLED_PRICES = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Price:
    """Prices in US dollars per token."""

    prompt: float
    completion: float


# What the calls of a request cost, in US dollars, where somebody wants to know.
_costs: ContextVar[list[float] | None] = ContextVar("costs", default=None)


@contextlib.contextmanager
def counting_cost() -> Iterator[list[float]]:
    """Collect the cost of all calls within the body, including those of tasks that it starts."""
    costs: list[float] = []
    token = _costs.set(costs)
    try:
        yield costs
    finally:
        _costs.reset(token)


class TokenBudget:
    """Knows today's usage and the remaining budget. Both are stored in the catalogue."""

    def __init__(
        self,
        database: Database,
        prices: Mapping[str, Price],
        budget: Budget,
        clock: Clock,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._prices = prices
        self._clock = clock
        self._zone = zone
        self.budget = budget

    async def spent(self, corpus: str | None = None) -> DailyUsage:
        """Return today's usage, of one corpus or of all."""
        return await usage_of_day(self._database, self._day(self._clock()), corpus)

    @contextlib.asynccontextmanager
    async def room(self, corpus: str, model: str, tokens: int) -> AsyncIterator[bool]:
        """Yield whether calls of up to ``tokens`` tokens fit into today's budget. If so, the tokens
        count as used within the body, for every process with the same database."""
        if not self.budget.limits_anything:
            yield True
            return
        now = self._clock()
        price = price_of(model, self._prices)
        wanted = Reservation(
            self._day(now), corpus, tokens, tokens * price.prompt if price else 0.0
        )
        reserving = asyncio.ensure_future(
            reserve(self._database, wanted, self.budget, now=now, until=now + _UNDER_WAY)
        )
        try:
            yield await to_its_end(reserving) is not None
        finally:
            # Also where it was made while this was cancelled.
            if not reserving.cancelled() and not reserving.exception():
                await self._release(reserving.result())

    async def _release(self, reservation: int | None) -> None:
        if reservation is None:
            return
        try:
            await to_its_end(release(self._database, reservation))
        except StorageError as error:  # it counts until its time is over
            _log.warning("A part of the budget could not be given back: %s", error)

    def _day(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()

    def priced(self, model: str, call: TokenUsage) -> Usage:
        """Return the usage of a call, with its cost if the model has a price."""
        price = price_of(model, self._prices)
        cost = None
        if price is not None:
            cost = call.prompt_tokens * price.prompt + call.completion_tokens * price.completion
        return Usage(call.prompt_tokens, call.completion_tokens, cost)

    async def record(self, corpus: str, model: str, usage: Usage) -> None:
        """Store the usage of a call."""
        now = self._clock()
        costs = _costs.get()
        if costs is not None and usage.cost:
            costs.append(usage.cost)
        await record_usage(
            self._database,
            at=now,
            day=self._day(now),
            corpus=corpus,
            model=model,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cost=usage.cost,
        )


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Return the price under the model's own name, otherwise under the longest prefix of it; None
    if there is none."""
    if model in prices:
        return prices[model]
    beginnings = [name for name in prices if name.endswith("*") and model.startswith(name[:-1])]
    return prices[max(beginnings, key=len)] if beginnings else None


def load_prices(path: Path = BUNDLED_PRICES) -> dict[str, Price]:
    """Read a price file. Raise ``SettingsError``, which says what is wrong with it."""
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
        return {
            name: Price(_dollars(entry["input"]), _dollars(entry["output"]))
            for name, entry in table.items()
        }
    except OSError as error:
        raise SettingsError("prices-unreadable", path=str(path)) from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise SettingsError("prices-invalid", path=str(path), detail=str(error)) from error


def _dollars(per_million: float) -> float:
    if isinstance(per_million, bool) or not per_million >= 0:
        raise ValueError("a price is a number, 0 or more")
    return per_million / 1_000_000
