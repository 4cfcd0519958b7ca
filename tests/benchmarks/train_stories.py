"""Learn what tells reports of one event: `python -m tests.benchmarks.train_stories [--write]`.

Logistic regression over the judged pairs (all parts of `same_event_pairs.jsonl` but `last`), with the
line drawn where the F1 of the stories that come of it is highest among those that are not nearly one
text. Prints how it does, pair by pair and through the stories, on pairs that were left out: pairs that
share an article are left out together, and with them all that was published in the weeks of their
articles. `--write` keeps the weights learned from all.

Most parts were thinned: a pair of different events in them stands for more of its kind, and counts
so, in training and in what is printed as "as drawn". Two figures say best how it does elsewhere: the one
of the parts that were not thinned, below a cosine of 0.8, which later draws had none of; and the one
of a cosine of 0.7 or more, as near as which nearly every pair of the corpus is judged.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import retrieval.stories.clustering
from bot.evaluation.questions import read_records
from retrieval.stories.clustering import (
    ClusterAssignment,
    ClusterDocument,
    ClusteringConfig,
    StoryClusterer,
    ordered,
)
from retrieval.stories.event_model import FEATURES, Features, log_odds
from retrieval.timestamps import DAY_MICROS
from tests.benchmarks.stories import PAIRS, TUNED_ON, f1, grouped, marked
from tests.benchmarks.weekly_news import load_articles

_PENALTY = 30.0  # of half the squared weights of standardised features, against the sum over pairs
_FOLDS = 10
_SEEDS = range(3)
_WEEK = 7 * DAY_MICROS
_AS_DRAWN = 1.45  # what a pair of different events counts where they were thinned
_NOT_THINNED = ("final", "unthinned")
# Stories bring together more pairs than are above the line. From 0.1 to 0.3, they come out as well.
_STRICTER = 0.2
_ALIKE = 0.8  # from this cosine on, pairs are mostly one event
_ALL_JUDGED = 0.7  # from this cosine on

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pairs:
    """``features`` of shape ``(pairs, features)``, of those that grouping compares; ``weeks`` of both
    articles; ``group`` is the same for pairs that are connected by shared articles; ``worth`` is how
    many pairs each stands for."""

    urls: list[tuple[str, str]]
    parts: list[str]
    cosines: npt.NDArray[np.float64]
    features: Features
    compared: Flags
    same: Flags
    weeks: list[set[int]]
    group: list[str]
    worth: npt.NDArray[np.float64]


def gathered(marks: Sequence[ClusterDocument]) -> Pairs:
    """The judged pairs as they are seen when the later article of each comes in."""
    kept = read_records(PAIRS)
    judged = [pair for pair in kept if pair["half"] in TUNED_ON]
    urls = [(pair["a"], pair["b"]) for pair in judged]
    by_url = {m.digest: m for m in marks}
    stories = StoryClusterer(len(marks[0].vector))
    seen: dict[frozenset[str], npt.NDArray[np.float64]] = {}
    for mine in ordered(marks):
        others, features = stories.compared(mine)
        for other, row in zip(others, features, strict=True):
            seen[frozenset((mine.digest, other.digest))] = row
        stories.add(mine, ClusterAssignment(mine.version_id, mine.version_id, mine.version_id))
    nothing = np.zeros(len(FEATURES))
    return Pairs(
        urls,
        [pair["half"] for pair in judged],
        np.array([float(by_url[a].vector @ by_url[b].vector) for a, b in urls]),
        np.array([seen.get(frozenset(both), nothing) for both in urls]),
        np.array([frozenset(both) in seen for both in urls]),
        np.array([pair["same_event"] for pair in judged]),
        [{by_url[url].at // _WEEK for url in both} for both in urls],
        _connected(urls),
        np.array(
            [
                1.0 if pair["same_event"] or pair["half"] in _NOT_THINNED else _AS_DRAWN
                for pair in judged
            ]
        ),
    )


def _connected(urls: Sequence[tuple[str, str]]) -> list[str]:
    group = {url: url for both in urls for url in both}
    for a, b in urls:
        mine, other = group[a], group[b]
        group = {url: mine if begun == other else begun for url, begun in group.items()}
    return [group[a] for a, _ in urls]


def learned(pairs: Pairs, rows: npt.NDArray[np.intp]) -> dict[str, float]:
    """Weights by feature, and the bias that draws the line a little above where the expected F1 of
    single pairs is highest."""
    apart = pairs.cosines[rows] < _ALIKE
    missed = rows[apart & ~pairs.compared[rows] & pairs.same[rows]]
    apart = apart[pairs.compared[rows]]
    rows = rows[pairs.compared[rows]]
    features, same, worth = pairs.features[rows], pairs.same[rows], pairs.worth[rows]
    middle, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1.0
    columns = np.column_stack([(features - middle) / scale, np.ones(len(rows))])
    penalty = np.diag([_PENALTY] * len(FEATURES) + [1e-6])
    weights = np.zeros(len(FEATURES) + 1)
    for _ in range(30):  # Newton's method
        chance = 1 / (1 + np.exp(-columns @ weights))
        gradient = columns.T @ (worth * (chance - same)) + penalty @ weights
        curve = (columns * (worth * chance * (1 - chance))[:, None]).T @ columns + penalty
        weights -= np.linalg.solve(curve, gradient)
    line = _line((columns @ weights)[apart], worth[apart], pairs.worth[missed].sum()) + _STRICTER
    raw = weights[:-1] / scale
    bias = weights[-1] - float(raw @ middle) - line
    named = dict(zip(FEATURES, raw.tolist(), strict=True)) | {"bias": float(bias)}
    return {name: round(value, 4) for name, value in named.items()}


def _line(odds: npt.NDArray[np.float64], worth: npt.NDArray[np.float64], missed: float) -> float:
    """The log odds from which on to call pairs one event, for the highest expected F1; so many that
    are one event are ``missed`` whatever the line."""
    odds, worth = odds[np.argsort(-odds)], worth[np.argsort(-odds)]
    expected = np.cumsum(worth / (1 + np.exp(-odds)))
    scores = 2 * expected / (np.cumsum(worth) + expected[-1] + missed)
    return float(odds[scores.argmax()])


def folds(pairs: Pairs, seed: int) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    """Rows to learn from and rows that are left out."""
    generator = random.Random(seed)
    # Groups that begin in one week stay together.
    begins: dict[str, int] = {}
    for group, weeks in zip(pairs.group, pairs.weeks, strict=True):
        begins[group] = min(begins.get(group, min(weeks)), *weeks)
    of_pair = [begins[group] for group in pairs.group]
    sizes = {week: of_pair.count(week) + generator.random() * 10 for week in sorted(set(of_pair))}
    load = [0.0] * _FOLDS
    fold: dict[int, int] = {}
    for week in sorted(sizes, key=lambda week: -sizes[week]):
        fold[week] = load.index(min(load))
        load[fold[week]] += sizes[week]
    for number in range(_FOLDS):
        left_out = [row for row, week in enumerate(of_pair) if fold[week] == number]
        their_weeks = set().union(*(pairs.weeks[row] for row in left_out))
        others = [
            row
            for row, week in enumerate(of_pair)
            if fold[week] != number and not pairs.weeks[row] & their_weeks
        ]
        if left_out:
            yield np.array(others), np.array(left_out)


def decided(
    pairs: Pairs, marks: Sequence[ClusterDocument], weights: dict[str, float]
) -> tuple[Flags, Flags]:
    """Which pairs the weights call one event, taken alone and by the stories that come of them."""
    odds = log_odds(pairs.features, weights)
    places = grouped(marks, ClusteringConfig(weights=weights))
    together = [places[a].story_id == places[b].story_id for a, b in pairs.urls]
    return pairs.compared & (odds >= 0), np.array(together)


def _print(name: str, pairs: Pairs, found: Sequence[Flags]) -> None:
    hits = [pairs.worth[pairs.same & each].sum() for each in found]
    drawn = [2 * hit / (pairs.worth[each].sum() + pairs.worth[pairs.same].sum()) for hit, each in zip(hits, found, strict=True)]  # fmt: skip
    print(f"{name}: {_scores(pairs.same, found)}; as drawn F1 {np.mean(drawn):.3f}")


def _print_parts(name: str, pairs: Pairs, found: Sequence[Flags]) -> None:
    for parts in (*((part,) for part in _NOT_THINNED), _NOT_THINNED):
        kept = np.isin(pairs.parts, parts) & (pairs.cosines < _ALIKE)
        scores = _scores(pairs.same[kept], [each[kept] for each in found])
        print(f"{name}, {' and '.join(parts)} below {_ALIKE}: {kept.sum()} pairs, {scores}")
    near = pairs.cosines >= _ALL_JUDGED
    scores = _scores(pairs.same[near], [each[near] for each in found])
    print(f"{name}, all from {_ALL_JUDGED} on: {near.sum()} pairs, {scores}")


def _scores(same: Flags, found: Sequence[Flags]) -> str:
    scores = np.mean([f1(same.tolist(), each.tolist()) for each in found], axis=0)
    return f"precision {scores[0]:.3f}, recall {scores[1]:.3f}, F1 {scores[2]:.3f}"


def main() -> None:
    articles = {article["url"]: article for article in load_articles()}
    marks = asyncio.run(marked(list(articles.values())))
    pairs = gathered(marks)
    print(f"{len(pairs.same)} pairs, {pairs.same.mean():.3f} of them one event")
    alone, through = [], []
    for seed in _SEEDS:
        by_pair, by_story = (np.zeros(len(pairs.same), dtype=bool) for _ in range(2))
        for others, left_out in folds(pairs, seed):
            taken_alone, together = decided(pairs, marks, learned(pairs, others))
            by_pair[left_out], by_story[left_out] = taken_alone[left_out], together[left_out]
        alone.append(by_pair)
        through.append(by_story)
    _print("left out, pair by pair", pairs, alone)
    _print("left out, by stories  ", pairs, through)
    _print_parts("left out, pair by pair", pairs, alone)
    _print_parts("left out, by stories  ", pairs, through)
    weights = learned(pairs, np.arange(len(pairs.same)))
    taken_alone, together = decided(pairs, marks, weights)
    _print("learned from, pair by pair", pairs, [taken_alone])
    _print("learned from, by stories  ", pairs, [together])
    print(json.dumps(weights))
    if "--write" in sys.argv:
        path = Path(retrieval.stories.clustering.__file__).with_name("story_weights.json")
        path.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
