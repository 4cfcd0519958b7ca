"""Decide whether a message depends on the turn before it, with a small model that ships with its
weights.

Besides how a message sounds, which the classifier tells, it counts what the message has that the
turn before lacks: "which bridge" depends on that turn, "which bank is closing branches" doesn't.
`make train` trains it on the conversations in tests/benchmarks/router_turns.txt.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from bot.answering.conversation import Turn
from bot.answering.router.classifier import LEANING, Guess
from retrieval.search.query import content_words
from retrieval.text.words import words

LEANING_MODEL = Path(__file__).with_name("leaning.json")
FEATURES = ("bias", "sounds", "length", "known", "new", "share")
_LEAST = 0.003
_STEM = 6  # letters: as much of a word as endings leave alone
_MOST_WORDS, _MOST_KNOWN, _MOST_NEW = 14, 3, 6


@dataclass(frozen=True, slots=True)
class LeaningModel:
    """Weights by feature, and three thresholds: below ``maybe`` a message certainly stands alone,
    from ``sure`` on it is read as a follow-up, and above ``surely`` it can't be anything else."""

    weights: Mapping[str, float]
    maybe: float
    sure: float
    surely: float


def leaning(message: str, guess: Guess, last: Turn) -> float:
    """Return the probability that a message continues from ``last``."""
    weights = learned_leaning().weights
    found = leaning_features(message, guess.of(*LEANING), last)
    score = sum(weights[name] * value for name, value in zip(FEATURES, found, strict=True))
    return 1 / (1 + math.exp(-score))


def leaning_features(message: str, sounds: float, last: Turn) -> list[float]:
    """Return one number for each of ``FEATURES``; ``sounds`` is the classifier's probability of
    ``LEANING``."""
    telling = word_beginnings(message)
    before = set(word_beginnings(last.question)) | set(word_beginnings(last.answer))
    known = sum(word in before for word in telling)
    new = len(telling) - known
    return [
        1.0,
        math.log((sounds + _LEAST) / (1 - sounds + _LEAST)),
        min(len(words(message)), _MOST_WORDS) / _MOST_WORDS,
        min(known, _MOST_KNOWN) / _MOST_KNOWN,
        min(new, _MOST_NEW) / _MOST_NEW,
        known / max(1, len(telling)),
    ]


def word_beginnings(text: str) -> list[str]:
    """Return the first letters of the content words of a text."""
    return [word.casefold()[:_STEM] for each in content_words(text) for word in words(each)]


def save_leaning(model: LeaningModel) -> None:
    """Store a model in a file that people can read."""
    LEANING_MODEL.write_text(json.dumps(asdict(model), indent=1) + "\n", encoding="utf-8")


@cache
def learned_leaning() -> LeaningModel:
    """Return the model that ships. Raises ``ValueError`` if its features differ from the code's."""
    model = LeaningModel(**json.loads(LEANING_MODEL.read_text(encoding="utf-8")))
    if tuple(model.weights) != FEATURES:
        raise ValueError(f"{LEANING_MODEL} has other features than the code; run `make train`.")
    return model
