"""How sure the classifier of messages has to be of each kind, chosen on lines left out of its training.

What is less sure is asked of the articles. The costs below say what it is worth: a question about the
news that gets no search, against a message of the kind that is searched for in vain.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

import numpy as np

from bot.answering.router.classifier import (
    BEYOND,
    KINDS,
    LEANING,
    SMALL_TALK,
    Kind,
)
from bot.answering.router.message_features import Floats
from bot.evaluation.questions import read_records
from tests.benchmarks import weekly_news

# Of what is typed to a news bot three times as much asks for news as of the messages written here.
_OFTEN = 3.0
# A question that is declined unsearched is worse than one that gets a digest; who gets what outlets say
# of it has an answer too.
_COSTS: Mapping[Kind, float] = {
    "general": 10, "chore": 10, "help": 5, "status": 5, "opinion": 3, "compare": 0.3,
}  # fmt: skip
# What articles are asked for.
_NEWS: frozenset[Kind] = frozenset(["question", "topic"])
_STEPS = np.arange(0.3, 0.951, 0.05)
# Of names in headlines, most of them English, so many may be taken for another language.
_NAMES_TAKEN = 0.05
_NAMES = 400
_NAME = re.compile(r"\b[A-Z][a-z]{2,}(?: [A-Z][a-z]{2,})?\b")
_LANGUAGE_STEPS = np.arange(0.5, 0.991, 0.01)


def kind_thresholds(shares: Floats, kinds: Sequence[Kind]) -> dict[Kind, float]:
    """By kind, how likely it has to be; ``shares``, of shape ``(messages, len(KINDS))``, are those of
    messages of ``kinds`` by models that never saw their lines."""
    wanted = np.array([KINDS.index(kind) for kind in kinds])
    news, talk, leaning = (np.isin(wanted, _places(some)) for some in (_NEWS, SMALL_TALK, LEANING))
    alone = shares.copy()
    alone[:, _places(LEANING)] = 0.0
    alone /= alone.sum(axis=1, keepdims=True)
    found: dict[Kind, float] = {}
    of_talk = alone[:, _places(SMALL_TALK)].sum(axis=1)
    sure = _chosen(of_talk[~leaning], talk[~leaning], news[~leaning], _OFTEN)
    for kind in KINDS:
        if kind == "question":
            continue
        if kind in SMALL_TALK:
            found[kind] = sure
            continue
        rows = shares if kind in LEANING else alone
        asked = rows.argmax(axis=1) == KINDS.index(kind)
        if kind not in LEANING:
            asked &= ~leaning
        likely = rows[:, _places(BEYOND if kind in BEYOND else {kind})].sum(axis=1)
        right = np.isin(wanted, _places(BEYOND if kind in BEYOND else {kind}))
        missed = (news & ~right)[asked]
        cost = _OFTEN * _COSTS.get(kind, 1.0)
        found[kind] = _chosen(likely[asked], right[asked], missed, cost)
    return found


def _places(kinds: frozenset[Kind] | set[Kind]) -> list[int]:
    return [KINDS.index(kind) for kind in KINDS if kind in kinds]


def _chosen(likely: Floats, right: np.ndarray, news: np.ndarray, cost: float) -> float:
    """The middle of the thresholds at which least is lost."""
    lost = np.array(
        [
            (right & (likely < step)).sum() + cost * (news & (likely >= step)).sum()
            for step in _STEPS
        ]
    )
    best = _STEPS[lost == lost.min()]
    return round(float(best[(len(best) - 1) // 2]), 2)


def headline_names() -> list[str]:
    """Names in headlines of 2022 and 2024, where these lie beside the project."""
    found: set[str] = set()
    for year in (2022, 2024):
        path = weekly_news.SHARED / "data" / f"weekly-news-{year}" / "articles.jsonl.gz"
        if path.exists():
            found.update(
                name for record in read_records(path) for name in _NAME.findall(record["title"])
            )
    names = sorted(found)
    random.Random(4).shuffle(names)
    return names[:_NAMES]


def language_threshold(shares: Floats, english: int) -> float:
    """How likely a language has to be, so that few names are taken for another than English;
    ``shares``, of shape ``(names, languages)``, are those of names."""
    other = np.delete(shares, english, axis=1).max(axis=1)
    taken = np.array([(other >= step).mean() for step in _LANGUAGE_STEPS])
    return round(float(_LANGUAGE_STEPS[np.argmax(taken <= _NAMES_TAKEN)]), 2)
