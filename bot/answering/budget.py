"""Tokens, cost and the daily budget."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tomllib
from collections import Counter
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
from retrieval.timestamps import Clock

_log = logging.getLogger(__name__)

# Longer than any answer takes; a crash holds a part of the budget for this long.
_UNDER_WAY = timedelta(minutes=15)
# How long a question waits to reserve for all processes before this one decides by itself.
_PATIENCE_SECONDS = 1.0
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
        # Tokens of this process's calls under way, by corpus: they are not entered yet.
        self._reserved: Counter[str] = Counter()
        self._checking = asyncio.Lock()
        self._releasing: set[asyncio.Task[None]] = set()

    async def spent(self, corpus: str | None = None) -> DailyUsage:
        """Return today's usage, of one corpus or of all. Raises ``StorageError``."""
        return await usage_of_day(self._database, self._day(self._clock()), corpus)

    @contextlib.asynccontextmanager
    async def room(self, corpus: str, model: str, tokens: int) -> AsyncIterator[bool]:
        """Yield whether calls of up to ``tokens`` tokens fit into today's budget.

        If so, the tokens count as used within the body: for this process, and on a database server
        for all of them. Nobody who writes to the database for long is waited for, and no failure to
        write is raised.
        """
        if not self.budget.limits_anything:
            yield True
            return
        reserving = self._reserving(corpus, model, tokens)
        granted = False
        try:
            granted = await self._granted(reserving, corpus, model, tokens)
            yield granted
        finally:
            if granted:
                self._reserved[corpus] -= tokens
            if reserving is not None:
                await self._let_go(reserving)

    def _reserving(self, corpus: str, model: str, tokens: int) -> asyncio.Task[int | None] | None:
        """Begin to reserve tokens for all processes to see; None if the database is a file: writing
        to it may take long, and one process asks nearly all of the questions."""
        if not self._database.is_on_server:
            return None
        now = self._clock()
        wanted = Reservation(self._day(now), corpus, tokens, self._cost(model, tokens))
        work = reserve(self._database, wanted, self.budget, now=now, until=now + _UNDER_WAY)
        return asyncio.create_task(work)

    async def _granted(
        self, reserving: asyncio.Task[int | None] | None, corpus: str, model: str, tokens: int
    ) -> bool:
        granted = None
        if reserving is not None:
            await asyncio.wait([reserving], timeout=_PATIENCE_SECONDS)
            with contextlib.suppress(StorageError):  # told by ``_release``
                granted = reserving.result() is not None if reserving.done() else None
        if granted is not None:
            self._reserved[corpus] += tokens if granted else 0
            return granted
        async with self._checking:
            granted = await self._has_left(corpus, model, tokens)
            self._reserved[corpus] += tokens if granted else 0
        return granted

    async def _has_left(self, corpus: str, model: str, tokens: int) -> bool:
        """Return whether this much is left, as far as this process knows."""
        for name, limit in self.budget.limits(corpus):
            so_far = await self.spent(name)
            wanted = tokens + (self._reserved.total() if name is None else self._reserved[corpus])
            if not limit.allows(so_far.cost + self._cost(model, wanted), so_far.tokens + wanted):
                return False
        return True

    def _cost(self, model: str, tokens: int) -> float:
        """Return what this many tokens of a prompt cost, in US dollars; 0 for a model without a
        price."""
        price = price_of(model, self._prices)
        return tokens * price.prompt if price else 0.0

    async def _let_go(self, reserving: asyncio.Task[int | None]) -> None:
        """Release what was, or is still going to be, reserved, even if this is cancelled."""
        releasing = asyncio.create_task(self._release(reserving))
        self._releasing.add(releasing)
        releasing.add_done_callback(self._releasing.discard)
        if reserving.done():
            await asyncio.wait([releasing], timeout=_PATIENCE_SECONDS)

    async def _release(self, reserving: asyncio.Task[int | None]) -> None:
        try:
            reservation = await reserving
            if reservation is not None:
                await release(self._database, reservation)
        except StorageError as error:  # it counts until its time is over
            _log.warning("The budget could not be shared with other processes: %s", error)

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
        """Store the usage of a call. Raises ``StorageError``."""
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
