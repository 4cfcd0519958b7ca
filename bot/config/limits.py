"""What an operator sets, as plain data: for the model, answers and queues."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """Options of a model; times are in seconds. ``first_seconds`` limits the wait for the first
    token, ``next_seconds`` that for each further one, ``retry_seconds`` all waiting between tries,
    and ``load_seconds`` the wait for a server that first loads its model. A reasoning model may use
    ``reasoning_tokens`` for its thoughts. ``memory`` is the file that stores what was learned about
    servers."""

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
        """Whether there is a server or a key."""
        return bool(self.base_url or self.api_key)

    @property
    def where(self) -> str:
        """The server for people and the log, without path, name and key."""
        if self.base_url is None:
            return "OpenAI"
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


@dataclass(frozen=True, slots=True)
class GenerationLimits:
    """Limits of what a model gets and may write: tokens, and seconds for the whole answer. A
    reasoning model may use ``reasoning_tokens`` in addition."""

    context_tokens: int = 3_000
    answer_tokens: int = 400
    seconds: float = 60.0
    reasoning_tokens: int = 2_000
    second_opinion: bool = False


@dataclass(frozen=True, slots=True)
class DailyLimit:
    """US dollars and tokens per day; None is unlimited."""

    cost: float | None
    tokens: int | None

    def allows(self, cost: float, tokens: int) -> bool:
        """Return whether this much may be used by the end of the day."""
        return (self.cost is None or cost <= self.cost) and (
            self.tokens is None or tokens <= self.tokens
        )


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be used in a day, by all corpora and by each; None is unlimited.

    Cost is in US dollars. Tokens count for every model, cost for those with a price.
    """

    cost: float | None = None
    corpus_cost: float | None = None
    tokens: int | None = None
    corpus_tokens: int | None = None

    @property
    def limits_anything(self) -> bool:
        """Whether there is any limit."""
        return bool(self.limits(""))

    def limits(self, corpus: str) -> list[tuple[str | None, DailyLimit]]:
        """Return the limit of all corpora together, under None, and that of ``corpus``, as far as
        they are set."""
        every = (
            (None, DailyLimit(self.cost, self.tokens)),
            (corpus, DailyLimit(self.corpus_cost, self.corpus_tokens)),
        )
        return [(whose, limit) for whose, limit in every if limit != DailyLimit(None, None)]


@dataclass(frozen=True, slots=True)
class AnsweringConfig:
    """The configuration of answers. ``zone`` is that of the readers, to whose day the budget
    applies."""

    model: ModelOptions
    composing: GenerationLimits = field(default_factory=GenerationLimits)
    budget: Budget = field(default_factory=Budget)
    prices_file: Path | None = None
    zone: tzinfo = UTC
    verifier: str = "rules"
    verifier_model: str | None = None


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Limits of questions: ``cooldown`` in seconds per user; concurrent answers, in total and per
    server; waiting questions, in total and per user."""

    cooldown: float = 5.0
    at_once: int = 4
    server_at_once: int = 2
    waiting: int = 100
    user_waiting: int = 3
