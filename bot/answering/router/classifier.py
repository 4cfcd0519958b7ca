"""Classify messages with a small linear model that ships with its weights.

It is trained by `make train`, on the messages in tests/benchmarks/router_messages.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np

from bot.answering.router.message_features import Floats, features
from retrieval.embedders.wordllama import sentence_vectors
from retrieval.text.common_words import likely_language

Kind: TypeAlias = Literal[
    "question",
    "topic",
    "digest",
    "summary",
    "timeline",
    "compare",
    "help",
    "status",
    "greeting",
    "thanks",
    "bye",
    "insult",
    "praise",
    "joke",
    "chat",
    "opinion",
    "general",
    "chore",
    "followup",
    "sources",
    "sure",
    "more",
    "shorter",
    "language",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
SMALL_TALK: frozenset[Kind] = frozenset(
    ["greeting", "thanks", "bye", "insult", "praise", "joke", "chat"]
)
# These mean something only after an answer.
LEANING: frozenset[Kind] = frozenset(["followup", "sources", "sure", "more", "shorter", "language"])

# Questions that no news answers; which of the two it is matters little.
BEYOND: frozenset[Kind] = frozenset(["general", "chore"])

WEIGHTS = Path(__file__).parent / "weights.npz"
THRESHOLDS = Path(__file__).parent / "thresholds.json"


@dataclass(frozen=True, slots=True)
class Guess:
    """The probability of each kind, the likeliest first. ``language`` is a code such as "en", or
    None if nothing tells: a name is in no language."""

    kinds: tuple[tuple[Kind, float], ...]
    language: str | None

    @property
    def best(self) -> Kind:
        """The likeliest kind."""
        return self.kinds[0][0]

    def of(self, *kinds: Kind) -> float:
        """Return the probability that the message is of one of these kinds."""
        return sum(share for kind, share in self.kinds if kind in kinds)

    def without(self, kinds: Collection[Kind]) -> Guess:
        """Return the guess for a message that can't be of these kinds."""
        left = [(kind, share) for kind, share in self.kinds if kind not in kinds]
        total = sum(share for _, share in left) or 1.0
        return Guess(tuple((kind, share / total) for kind, share in left), self.language)


@dataclass(frozen=True, slots=True)
class RouterThresholds:
    """The least probability of each of ``kinds``, and of a language, for a message to be taken for
    it and not for a question. They are chosen on messages and names that weren't trained on."""

    kinds: Mapping[Kind, float]
    language: float


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights: a row for each feature, a column for each of ``KINDS`` or ``names``."""

    kinds: Floats
    languages: Floats
    names: tuple[str, ...]


def classify(message: str) -> Guess:
    """Return the kind and language of a message. Blocks for about a millisecond. Raises
    ``EmbedderError``."""
    return guess(message, sentence_vectors([message.casefold()]))


def guess(message: str, vectors: Floats) -> Guess:
    """Return the kind and language of a message; ``vectors`` is its vector, shape ``(1,
    dimensions)``."""
    weights, row = learned(), features([message], vectors)
    logits = (row @ weights.kinds)[0]
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    return Guess(
        tuple((KINDS[i], float(shares[i])) for i in order),
        _language(message, weights.names, (row @ weights.languages)[0]),
    )


def _language(message: str, names: Sequence[str], logits: Floats) -> str | None:
    shares = np.exp(logits - logits.max())
    best = int(shares.argmax())
    if shares[best] >= learned_thresholds().language * shares.sum():
        return names[best]
    likely = likely_language(message)
    return likely if likely in names else None


def save(kinds: Floats, languages: Floats, names: Sequence[str]) -> None:
    """Store weights in eight bits, with a scale for each column."""
    both = np.concatenate([kinds, languages], axis=1)
    scale = np.abs(both).max(axis=0) / 127
    np.savez_compressed(
        WEIGHTS,
        weights=np.round(both / scale).astype(np.int8),
        scale=scale,
        kinds=np.array(KINDS),
        languages=np.array(names),
    )


def save_thresholds(thresholds: RouterThresholds) -> None:
    """Store the thresholds in a file that people can read."""
    data = {"kinds": dict(thresholds.kinds), "language": thresholds.language}
    THRESHOLDS.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


@cache
def learned_thresholds() -> RouterThresholds:
    """Return the thresholds that ship. Raises ``ValueError`` if their kinds differ from the
    code's."""
    data = json.loads(THRESHOLDS.read_text(encoding="utf-8"))
    if set(data["kinds"]) != set(KINDS) - {"question"}:
        raise ValueError(f"{THRESHOLDS} has other kinds than the code; run `make train`.")
    return RouterThresholds(data["kinds"], data["language"])


@cache
def learned() -> Weights:
    """Return the weights that ship. Raises ``ValueError`` if their kinds differ from the code's."""
    with np.load(WEIGHTS) as kept:
        if tuple(kept["kinds"]) != KINDS:
            raise ValueError(f"{WEIGHTS} has other kinds than the code; run `make train`.")
        both = (kept["weights"] * kept["scale"]).astype(np.float32)
        names = tuple(map(str, kept["languages"]))
    return Weights(both[:, : len(KINDS)], both[:, len(KINDS) :], names)
