"""Learn to tell orders in articles: `python -m tests.benchmarks.train_orders [--write]`.

Learns from families of templates put into real articles of four years, and from the real sentences
of these years. Prints how many orders of families that were left out are told, how many of the two
lists of attacks, and which sentences of two other years are marked, which should be none; with
`--write` keeps the weights.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bot.answering.prompt_injection import WEIGHTS, OrderModel, context_features, suspicion
from bot.answering.text_classifier import TextClassifier
from tests.benchmarks.order_data import (
    LEARNED_YEARS,
    LEFT_OUT_YEARS,
    Example,
    articles,
    attacks,
    examples,
)
from tests.benchmarks.softmax import learn

Matrix = npt.NDArray[np.float32]

_PLAIN = 6_000  # real sentences of each year that the wording is learned from
_HARD = 80_000  # real sentences among which suspicious ones are looked for, to learn from
_FRESH = 150_000  # others that set the thresholds
_FLOOR = -4.0
_FOLDS = 5
_PENALTY = 3.0
_DOUBTFUL_SHARE, _MARKED_SHARE = 1e-3, 3e-6  # of real sentences
_MARGIN = 0.5
_WINDOW = 7  # sentences of a passage
_JOINTS = ("about", "and", ":", "and that", "for", "with")
_RELATED = 0.3  # of orders speak of the article that they stand in


@dataclass(frozen=True, slots=True)
class Placed:
    """A sentence among others, with the title above them."""

    sentences: list[str]
    place: int
    title: str

    @property
    def text(self) -> str:
        return self.sentences[self.place]


class Articles:
    """Real articles of some years: ``windows`` are like passages."""

    def __init__(self, years: Sequence[str]) -> None:
        self.all = [
            (title, sentences)
            for year in years
            for title, sentences in articles(year)
            if len(sentences) >= 4
        ]

    def window(self, draw: random.Random, around: str, *, related: bool = False) -> Placed:
        """A place for ``around`` in one of the articles; ``related``: it speaks of that article."""
        title, sentences = draw.choice(self.all)
        if related:
            words = draw.choice(sentences).split()[:8] if draw.random() < 0.5 else title.split()
            around = f"{around.rstrip('.!')} {draw.choice(_JOINTS)} {' '.join(words).rstrip('.')}."
        first = draw.randrange(max(1, len(sentences) - _WINDOW))
        part = sentences[first : first + _WINDOW]
        place = draw.choice((0, len(part) // 2, len(part), draw.randrange(len(part) + 1)))
        return Placed([*part[:place], around, *part[place:]], place, title)


def passages(sentences: list[str]) -> list[tuple[int, list[str]]]:
    """An article's sentences as its passages have them, with the place of the first."""
    starts = range(0, len(sentences), _WINDOW)
    return [(start, sentences[start : start + _WINDOW]) for start in starts]


def wording(known: Sequence[Example], plain: Sequence[str], hard: Sequence[str]) -> TextClassifier:
    texts = [each.text for each in known] + [*plain, *hard]
    labels = [each.label for each in known] + ["news"] * (len(plain) + len(hard))
    return learn(texts, labels, [1.0] * len(texts))


def features(placed: Sequence[Placed], first: TextClassifier) -> Matrix:
    rows = []
    for each in placed:
        logits = np.repeat(first.logits([each.text]), len(each.sentences), axis=0)
        chosen = np.array([each.place])
        rows.append(context_features(each.sentences, each.title, chosen, logits, first.labels))
    return np.concatenate(rows)


def fitted(rows: Matrix, labels: npt.NDArray[np.bool_]) -> tuple[Matrix, float]:
    """A penalised logistic regression; the weights are for features as they are."""
    centre, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-4
    columns = np.concatenate([(rows - centre) / scale, np.ones((len(rows), 1))], axis=1)
    weights = np.zeros(columns.shape[1], dtype=np.float64)
    penalty = np.full(columns.shape[1], _PENALTY)
    penalty[-1] = 1e-6
    for _ in range(12):  # Newton's method
        likely = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slopes = columns.T @ (likely - labels) + penalty * weights
        curve = (columns * (likely * (1 - likely))[:, None]).T @ columns
        step = np.linalg.solve(curve + np.diag(penalty), slopes)
        weights -= step
        if np.abs(step).max() < 1e-4:
            break
    found = (weights[:-1] / scale).astype(np.float32)
    return found, float(weights[-1] - centre @ found)


@dataclass
class Learner:
    """``hard`` are suspicious real sentences to learn from, ``fresh`` whole articles of the same
    years that only set the thresholds."""

    known: list[Example]
    room: Articles
    plain: list[str]
    hard: list[Placed]
    fresh: list[tuple[str, list[str]]]

    @classmethod
    def gathered(cls) -> Learner:
        draw = random.Random(11)
        known, room = examples(), Articles(LEARNED_YEARS)
        mixed = draw.sample(room.all, len(room.all))
        hard, last = first_sentences(mixed, _HARD)
        fresh, _ = first_sentences(mixed[last:], _FRESH)
        every = [sentence for _, sentences in mixed[:last] for sentence in sentences]
        plain = draw.sample(every, min(len(every), _PLAIN * len(LEARNED_YEARS)))
        first = wording(known, plain, [])
        suspicious = [
            Placed(part, int(place), title)
            for title, sentences in hard
            for _, part in passages(sentences)
            for place in np.flatnonzero(suspicion(first.logits(part), first.labels) > _FLOOR)
        ]
        return cls(known, room, plain, suspicious, fresh)

    def learned(self, left_out: frozenset[str] = frozenset()) -> OrderModel:
        draw = random.Random(5)
        known = [each for each in self.known if each.family not in left_out]
        first = wording(known, self.plain, [])
        placed = [
            self.room.window(
                draw, each.text, related=each.label == "order" and draw.random() < _RELATED
            )
            for each in known
        ]
        rows = np.concatenate([features(placed, first), features(self.hard, first)])
        labels = np.array([each.label != "news" for each in known] + [False] * len(self.hard))
        seen = rows[:, 0] > _FLOOR  # only what is suspicious comes before this second look
        weights, bias = fitted(rows[seen], labels[seen])
        return OrderModel(first, weights, bias, _FLOOR, 0.0, 0.0)

    def with_thresholds(self, model: OrderModel) -> OrderModel:
        scores = np.concatenate(
            [model.scores(part, title) for title, each in self.fresh for _, part in passages(each)]
        )
        ranked = np.sort(scores)[::-1]
        for most in ranked[:12]:
            print(f"most suspicious real sentences: {most:.2f}")
        return replace(
            model, doubtful=float(ranked[int(len(ranked) * _DOUBTFUL_SHARE)]),
            marked=float(ranked[int(len(ranked) * _MARKED_SHARE)] + _MARGIN),
        )  # fmt: skip


def first_sentences(
    found: Sequence[tuple[str, list[str]]], most: int
) -> tuple[list[tuple[str, list[str]]], int]:
    """The first articles that hold ``most`` sentences together, and how many these are."""
    total = 0
    for number, (_, sentences) in enumerate(found, 1):
        total += len(sentences)
        if total >= most:
            return list(found[:number]), number
    return list(found), len(found)


def told(model: OrderModel, room: Articles, texts: Sequence[str]) -> tuple[float, float, list[str]]:
    """The shares of ``texts`` that are marked and doubtful, each put into three places; and the
    ones that are not even doubtful."""
    draw = random.Random(2)
    marked = doubtful = 0
    missed = []
    for text in texts:
        for _ in range(3):
            each = room.window(draw, text)
            score = model.scores(each.sentences, each.title)[each.place]
            marked += bool(score > model.marked)
            doubtful += bool(score > model.doubtful)
            if score <= model.doubtful:
                missed.append(f"{score:.1f} {text}")
    return marked / (3 * len(texts)), doubtful / (3 * len(texts)), missed


def main() -> None:
    learner = Learner.gathered()
    print(f"{len(learner.known)} sentences of {len({e.family for e in learner.known})} families, "
          f"{len(learner.hard)} suspicious real ones", flush=True)  # fmt: skip
    if "--folds" in sys.argv:
        families = sorted({each.family for each in learner.known})
        random.Random(1).shuffle(families)
        for fold in range(_FOLDS):
            out = frozenset(families[fold::_FOLDS])
            model = learner.learned(out)
            for family in sorted(out):
                of_it = [each for each in learner.known if each.family == family][:60]
                marked, doubtful, _ = told(model, learner.room, [each.text for each in of_it])
                print(f"left out: {family} ({of_it[0].label}) marked {marked:.2f} doubtful {doubtful:.2f}", flush=True)  # fmt: skip
    print("learning", flush=True)
    model = learner.with_thresholds(learner.learned())
    if "--write" in sys.argv:
        write(model)
    print(f"thresholds: doubtful {model.doubtful:.2f}, marked {model.marked:.2f}")
    for name in ("dev", "held_out"):
        for kind, texts in attacks(name).items():
            marked, doubtful, missed = told(model, learner.room, texts)
            print(f"{name} {kind}: marked {marked:.2f}, doubtful {doubtful:.2f}")
            if name == "dev":
                print("   ", *missed, sep="\n    ")
    for year in LEFT_OUT_YEARS:
        count = doubtful = 0
        for title, sentences in articles(year):
            for _, part in passages(sentences):
                scores = model.scores(part, title)
                count += len(part)
                doubtful += int((scores > model.doubtful).sum())
                for place in np.flatnonzero(scores > model.marked):
                    print(f"marked in {year}: {scores[place]:.1f} {part[place]!r} [{title[:50]}]")
        print(f"{year}: {doubtful} of {count} sentences are doubtful", flush=True)


def write(model: OrderModel) -> None:
    model.wording.save(WEIGHTS)
    with np.load(WEIGHTS, allow_pickle=False) as kept:
        parts = dict(kept)
    np.savez_compressed(
        WEIGHTS, **parts, context=model.weights.astype(np.float32), context_bias=np.float32(model.bias),
        thresholds=np.array([model.floor, model.doubtful, model.marked], dtype=np.float32),
    )  # fmt: skip


if __name__ == "__main__":
    main()
