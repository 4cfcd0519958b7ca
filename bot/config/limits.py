"""What an operator sets, as plain data: of the model, of answers, of waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """``first_seconds`` bounds the wait for the first token, ``next_seconds`` that for each
    further one, ``retry_seconds`` all waiting between tries, ``load_seconds`` the wait for a server
    that reads its model first. A model that thinks may use ``reasoning_tokens`` for that.
    ``memory`` is the file that keeps what was learned of servers."""

    name: str
    base_url: str | None = None
    api_key: str | None = None
    first_seconds: float = 30.0
    next_seconds: float = 15.0
    retry_seconds: float = 20.0
    tries: int = 3
    load_seconds: float = 0.0
    reasoning_tokens: int = 2_000
    memory: Path | None = None

    @property
    def is_configured(self) -> bool:
        return bool(self.base_url or self.api_key)

    @property
    def where(self) -> str:
        """The server for people and the log: of its address no path, name or key."""
        if self.base_url is None:
            return "OpenAI"
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True, slots=True)
class GenerationLimits:
    """Bounds of what a model is given and may write: tokens, and seconds for the whole answer.
    A model that thinks may use ``reasoning_tokens`` more for that."""

    context_tokens: int = 3_000
    answer_tokens: int = 400
    seconds: float = 60.0
    reasoning_tokens: int = 2_000
    second_opinion: bool = False


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """US dollars and tokens; None is without limit."""

    cost: float | None
    tokens: int | None

    def allows(self, cost: float, tokens: int) -> bool:
        """Whether so much may have been used at the end of the day."""
        return (self.cost is None or cost <= self.cost) and (
            self.tokens is None or tokens <= self.tokens
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be used in a day, of all corpora and of each; None is without limit.

    Cost in US dollars. Tokens count for every model, cost for those that have a price.
    """

    cost: float | None = None
    corpus_cost: float | None = None
    tokens: int | None = None
    corpus_tokens: int | None = None

    @property
    def limits_anything(self) -> bool:
        return bool(self.limits(""))

    def limits(self, corpus: str) -> list[tuple[str | None, DailyLimit]]:
        """What limits all corpora together, under None, and what limits ``corpus``."""
        every = (
            (None, DailyLimit(self.cost, self.tokens)),
            (corpus, DailyLimit(self.corpus_cost, self.corpus_tokens)),
        )
        return [(whose, limit) for whose, limit in every if limit != DailyLimit(None, None)]


@dataclass(frozen=True, slots=True)
class AnsweringConfig:
    """``zone``: where those who ask are, whose day the budget is of."""

    model: ModelOptions
    composing: GenerationLimits = field(default_factory=GenerationLimits)
    budget: Budget = field(default_factory=Budget)
    prices_file: Path | None = None
    zone: tzinfo = UTC
    verifier: str = "rules"
    verifier_model: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """``cooldown`` in seconds for each user; answers made at once in all and for each server;
    how many questions may wait, in all and for each user."""

    cooldown: float = 5.0
    at_once: int = 4
    server_at_once: int = 2
    waiting: int = 100
    user_waiting: int = 3
