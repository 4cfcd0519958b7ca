"""What an operator sets of answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from pathlib import Path

from bot.answering.providers.factory import ModelOptions


@dataclass(frozen=True, slots=True)
class GenerationLimits:
    """Bounds of what a model is given and may write: tokens, and seconds for the whole answer."""

    context_tokens: int = 3_000
    answer_tokens: int = 400
    seconds: float = 60.0
    second_opinion: bool = False


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
        return any(
            limit is not None
            for limit in (self.cost, self.corpus_cost, self.tokens, self.corpus_tokens)
        )


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
