"""Tokens, cost and the daily budget."""

from __future__ import annotations

import asyncio
import contextlib
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path

from bot.answering.models import Usage
from bot.answering.providers import TokenUsage
from bot.config.limits import Budget
from bot.storage.usage import DailyUsage, record_usage, usage_of_day
from retrieval.catalogue.database import Database
from retrieval.errors import SettingsError
from retrieval.timestamps import Clock

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
        # Tokens of calls under way, by corpus: they are not on the books yet.
        self._reserved: Counter[str] = Counter()
        self._checking = asyncio.Lock()

    async def spent(self, corpus: str | None = None) -> DailyUsage:
        """Return today's usage, of one corpus or of all."""
        return await usage_of_day(
            self._database, self._clock().astimezone(self._zone).date(), corpus
        )

    @contextlib.asynccontextmanager
    async def room(self, corpus: str, model: str, tokens: int) -> AsyncIterator[bool]:
        """Yield whether calls of up to ``tokens`` tokens fit into today's budget. If so, the tokens
        count as used within the body."""
        if not self.budget.limits_anything:
            yield True
            return
        async with self._checking:
            granted = await self._has_left(corpus, model, tokens)
            if granted:
                self._reserved[corpus] += tokens
        try:
            yield granted
        finally:
            if granted:
                self._reserved[corpus] -= tokens

    async def _has_left(self, corpus: str, model: str, tokens: int) -> bool:
        price = price_of(model, self._prices)
        for name, cost, most in (
            (None, self.budget.cost, self.budget.tokens),
            (corpus, self.budget.corpus_cost, self.budget.corpus_tokens),
        ):
            so_far = await self.spent(name)
            wanted = tokens + (self._reserved.total() if name is None else self._reserved[corpus])
            if most is not None and so_far.tokens + wanted > most:
                return False
            if cost is not None and so_far.cost + (wanted * price.prompt if price else 0) > cost:
                return False
        return True

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
            day=now.astimezone(self._zone).date(),
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
