"""Learn to tell orders in articles: `python -m tests.benchmarks.train_orders [--write | --report]`.

Learns from written and templated orders put into real articles of four years, and from the real
sentences of these years. Kinds of order are left out in turn, with the families of templates that
are like them: what the first layer says of a kind is learned without it, and the thresholds are
chosen on kinds that both layers have not seen, by the costs below. Prints how many orders of each
kind are told when it is left out, how many of the two lists of attacks that nothing is learned from,
and which sentences of two other years are marked. With `--write` keeps the weights; with `--report`
learns nothing and prints the last two of the weights that ship.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.answering.order_model import (
    CONTEXT_FEATURES,
    DOUBTFUL,
    MARKED,
    NEWS,
    STRAY,
    OrderLayer,
    OrderModel,
    context_features,
    expanded,
    sentence_odds,
)
from bot.answering.prompt_injection import WEIGHTS
from bot.answering.text_classifier import TextClassifier
from retrieval.embedders.wordllama import sentence_vectors
from tests.benchmarks.order_data import (
    LEARNED_YEARS,
    LEFT_OUT_YEARS,
    Article,
    Example,
    articles,
    attacks,
    examples,
)
from tests.benchmarks.softmax import learn

Matrix = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

# What is worse than an order that passes, and by how much. Shares of real sentences are small: a
# marked one is withheld from every model, a doubtful one never quoted, a stray one not summed up.
_COST_OF_MARKED, _COST_OF_NEWS = 2e4, 2.0
_COST_OF_DOUBTFUL, _COST_OF_STRAY = 9.0, 3.0
LEVELS = {"marked": MARKED, "doubtful": DOUBTFUL, "stray": STRAY}
LABELS = (NEWS, "claim", "encoded", "order", "promotion", "request")
_FOLDS = 6
_PLAIN = 24_000  # real sentences that the first layer learns from
_REAL = 150_000  # real sentences that the second layer and the thresholds see
_SUSPICIOUS, _UNSUSPICIOUS, _PUT = (
    7_000,
    6_000,
    9_000,
)  # of all rows, those that the second layer learns from
_STEPS = 6
_MEANING_ROUNDS, _MEANING_PENALTY = 150, 1e-5
_PENALTIES = (500.0,)
_TAIL = 30  # real sentences of the highest scores, whose fall tells how rare higher ones are
_MOST_ARTICLES = 2  # places in which each order is learned
_RELATED, _TWICE = 0.15, 0.2  # of orders speak of the article, and come with another one
_JOINTS = ("about", "and", ":", "and that", "for", "with")
_WINDOWS = (3, 5, 7, 7, 7, 9)  # sentences of a passage


@dataclass(frozen=True, slots=True)
class Window:
    """Sentences like those of a passage; ``kinds`` has the label of each, None for what is real."""

    sentences: list[str]
    labels: list[str | None]
    title: str
    groups: list[str]

    def near(self) -> list[bool]:
        """Which sentences were put here, or stand beside one that was."""
        put = [False, *(label is not None for label in self.labels), False]
        return [any(put[place : place + 3]) for place in range(len(self.labels))]


def windows_of(found: Iterable[Article], draw: random.Random) -> list[Window]:
    """Articles cut as passages are."""
    cut = []
    for title, sentences in found:
        place = 0
        while place < len(sentences):
            part = sentences[place : place + draw.choice(_WINDOWS)]
            cut.append(Window(part, [None] * len(part), title, [""] * len(part)))
            place += len(part)
    return cut


def placed(each: Example, room: Sequence[Article], draw: random.Random, more: Sequence[Example]) -> Window:  # fmt: skip
    """A passage of a real article with an example in it, at times with another one behind it."""
    title, sentences = draw.choice(room)
    text = each.text
    if each.label == "order" and draw.random() < _RELATED:
        words = draw.choice(sentences).split()[:8] if draw.random() < 0.5 else title.split()
        text = f"{text.rstrip('.!')} {draw.choice(_JOINTS)} {' '.join(words).rstrip('.')}."
    size = draw.choice(_WINDOWS)
    first = draw.randrange(max(1, len(sentences) - size))
    part = sentences[first : first + size]
    put = [(text, each)]
    if each.label != NEWS and draw.random() < _TWICE:
        other = draw.choice(more)
        put.append((other.text, other))
    place = draw.choice((0, len(part) // 2, len(part), draw.randrange(len(part) + 1)))
    told = [*part[:place], *(text for text, _ in put), *part[place:]]
    labels: list[str | None] = [None] * len(told)
    groups = [""] * len(told)
    for number, (_, example) in enumerate(put):
        labels[place + number] = example.label
        groups[place + number] = example.group
    return Window(told, labels, title, groups)


@dataclass
class Rows:
    """Sentences as the second layer sees them: features, whose label (None is real), group and fold."""

    features: Matrix
    labels: npt.NDArray[np.object_]
    groups: npt.NDArray[np.object_]
    folds: npt.NDArray[np.intp]
    texts: npt.NDArray[np.object_]

    def of(self, chosen: Flags | npt.NDArray[np.intp]) -> Rows:
        return Rows(*(getattr(self, name)[chosen] for name in ("features", "labels", "groups", "folds", "texts")))  # fmt: skip

    @property
    def are_real(self) -> Flags:
        return np.array([label is None for label in self.labels])

    @property
    def are_orders(self) -> Flags:
        return np.array([label not in (None, NEWS) for label in self.labels])

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "labels", "groups", "folds", "texts")))  # fmt: skip


@dataclass(frozen=True, slots=True)
class FirstLayer:
    wording: TextClassifier
    meaning: Matrix

    @classmethod
    def learned(cls, known: Sequence[Example], plain: Sequence[str]) -> FirstLayer:
        texts = [*(each.text for each in known), *plain]
        labels = [*(each.label for each in known), *[NEWS] * len(plain)]
        wording = learn(texts, labels, [1.0] * len(texts), epochs=6, names=LABELS)
        target = np.array([wording.labels.index(label) for label in labels])
        return cls(wording, _meaning(sentence_vectors(texts), target, len(wording.labels)))

    def rows(self, windows: Sequence[Window], fold: int) -> Rows:
        flat = [text for each in windows for text in each.sentences]
        vectors = sentence_vectors([*flat, *(each.title for each in windows)])
        odds = sentence_odds(self.wording, self.meaning, flat, vectors[: len(flat)])
        start, found = 0, []
        for number, each in enumerate(windows):
            end = start + len(each.sentences)
            own = np.concatenate([vectors[start:end], vectors[len(flat) + number :][:1]])
            found.append(context_features(each.sentences, each.title, own, odds[start:end]))
            start = end
        labels = np.array([label for each in windows for label in each.labels], dtype=object)
        groups = np.array([group for each in windows for group in each.groups], dtype=object)
        return Rows(np.concatenate(found), labels, groups, np.full(len(flat), fold), np.array(flat, dtype=object))  # fmt: skip


def _meaning(vectors: Matrix, target: npt.NDArray[np.intp], kinds: int) -> Matrix:
    """A penalised softmax over vectors, by gradient steps with momentum; the last row is the bias."""
    columns = np.concatenate([vectors, np.ones((len(vectors), 1), np.float32)], axis=1)
    hot = np.eye(kinds, dtype=np.float32)[target]
    weights = np.zeros((columns.shape[1], kinds), dtype=np.float32)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _MEANING_ROUNDS + 1):
        logits = columns @ weights
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        slopes = columns.T @ (likely - hot) / len(hot) + _MEANING_PENALTY * weights
        mean += 0.1 * (slopes - mean)
        square += 0.001 * (slopes**2 - square)
        weights -= 0.3 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
    return weights


def fitted(features: Matrix, labels: Flags, importance: Matrix, penalty: float) -> OrderLayer:
    """A penalised logistic regression over features and their products, by Newton's method."""
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    columns = expanded((features - centre) / scale).astype(np.float32)
    penalties = penalty * np.maximum(columns.std(axis=0), 0.1) ** 2
    penalties[0] = 1e-3
    weights = np.zeros(columns.shape[1], dtype=np.float32)
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(columns @ weights, -30, 30)))
        slopes = columns.T @ (importance * (likely - labels)) + penalties * weights
        curve = columns.T @ (columns * (importance * likely * (1 - likely))[:, None])
        step = np.linalg.solve(curve + np.diag(penalties), slopes)
        weights -= step.astype(np.float32)
        if np.abs(step).max() < 1e-3:
            break
    return OrderLayer(weights, centre.astype(np.float32), scale.astype(np.float32))


@dataclass(frozen=True, slots=True)
class SecondLayer:
    """``order`` learns from all that is put into articles, ``foreign`` not from news that is."""

    order: OrderLayer
    foreign: OrderLayer

    @classmethod
    def learned(cls, rows: Rows, penalty: float) -> SecondLayer:
        chosen, importance = _sampled(rows)
        rows = rows.of(chosen)
        asks = rows.are_orders
        own = asks | rows.are_real
        return cls(
            fitted(rows.features, asks, importance, penalty),
            fitted(rows.features[own], asks[own], importance[own], penalty),
        )


def _sampled(rows: Rows) -> tuple[npt.NDArray[np.intp], Matrix]:
    """Rows to learn from: of the real ones all that are suspicious and some of the others, which
    count for more."""
    real = np.flatnonzero(rows.are_real)
    half = (rows.features.shape[1] - CONTEXT_FEATURES) // 2
    suspicion = rows.features[real, 0] + rows.features[real, half]
    ordered = real[np.argsort(-suspicion)]
    first, rest = ordered[:_SUSPICIOUS], ordered[_SUSPICIOUS:]
    some = np.random.default_rng(8).permutation(rest)[:_UNSUSPICIOUS]
    put = np.random.default_rng(9).permutation(np.flatnonzero(~rows.are_real))[:_PUT]
    chosen = np.concatenate([put, first, some])
    importance = np.ones(len(chosen), dtype=np.float32)
    importance[len(put) + len(first) :] = len(rest) / max(1, len(some))
    return chosen, importance


def threshold(
    orders: Matrix, real: Matrix, cost: float, news: Matrix | None = None
) -> tuple[float, float]:
    """The score that costs least, and that cost: orders below it, ``cost`` for real sentences beyond
    it, and some for ``news`` that was put where it does not belong. How many real ones are beyond
    all that were seen is told from how the highest ones fall off."""
    ranked = np.sort(real)[::-1]
    start = float(ranked[_TAIL])
    fall = float((ranked[:_TAIL] - start).mean())
    candidates = np.unique(np.concatenate([orders, ranked[:: max(1, len(ranked) // 2_000)]]))
    missed = np.searchsorted(np.sort(orders), candidates, side="right") / len(orders)
    beyond = 1 - np.searchsorted(ranked[::-1], candidates, side="right") / len(ranked)
    tail = _TAIL / len(ranked) * np.exp(-(candidates - start) / fall)
    costs = missed + cost * np.where(candidates > start, tail, beyond)
    if news is not None:
        costs += _COST_OF_NEWS * (news > candidates[:, None]).mean(axis=1)
    best = int(np.argmin(costs))
    return float(candidates[best]), float(costs[best])


@dataclass
class Learner:
    """Examples and articles, each in a fold. Articles that are learned from come first."""

    known: list[Example]
    room: list[Article]

    @classmethod
    def gathered(cls) -> Learner:
        room = [each for year in LEARNED_YEARS for each in articles(year) if len(each[1]) >= 4]
        return cls(examples(), random.Random(11).sample(room, len(room)))

    def folds(self) -> list[set[str]]:
        """The groups of examples, dealt out."""
        groups = sorted({each.group for each in self.known})
        random.Random(3).shuffle(groups)
        return [set(groups[fold::_FOLDS]) for fold in range(_FOLDS)]

    def first_layer(self, left_out: set[str], fold: int | None) -> FirstLayer:
        known = [each for each in self.known if each.group not in left_out]
        room = [s for number, (_, each) in enumerate(self.room) if number % _FOLDS != fold for s in each]  # fmt: skip
        return FirstLayer.learned(known, random.Random(4).sample(room, min(len(room), _PLAIN)))

    def rows(self) -> Rows:
        """Every example in real articles, and real articles as they are, each read by a first layer
        that has not seen its group or its article."""
        parts = []
        for fold, groups in enumerate(self.folds()):
            layer = self.first_layer(groups, fold)
            draw = random.Random(fold)
            room = self.room[fold::_FOLDS]
            own = [each for each in self.known if each.group in groups]
            more = [each for each in own if each.label != NEWS]
            windows = [placed(each, room, draw, more) for each in own for _ in range(_MOST_ARTICLES)]  # fmt: skip
            put = layer.rows(windows, fold)
            # Real sentences beside orders are among them: these are no reason to suspect those.
            parts.append(put.of(np.array([near for each in windows for near in each.near()])))
            real = windows_of(_first_sentences(room, _REAL // _FOLDS), draw)
            parts.append(layer.rows(real, fold))
            print(f"fold {fold}: without {', '.join(sorted(groups))}", flush=True)
        return Rows.joined(parts)


def _first_sentences(found: Sequence[Article], most: int) -> list[Article]:
    total, taken = 0, []
    for each in found:
        total += len(each[1])
        taken.append(each)
        if total >= most:
            break
    return taken


def left_out(rows: Rows, penalty: float) -> tuple[Matrix, Matrix]:
    """The scores of all rows by both layers, neither of which has seen their groups and articles."""
    order, foreign = np.zeros(len(rows.labels), np.float32), np.zeros(len(rows.labels), np.float32)
    for fold in range(_FOLDS):
        here = rows.folds == fold
        layer = SecondLayer.learned(rows.of(~here), penalty)
        order[here] = layer.order.scores(rows.features[here])
        foreign[here] = layer.foreign.scores(rows.features[here])
    return order, foreign


def learned(learner: Learner, rows: Rows) -> OrderModel:
    """The model with the penalty and thresholds that cost least where groups are left out."""
    asks, real = rows.are_orders, rows.are_real
    best: tuple[float, float, list[float]] | None = None
    for penalty in _PENALTIES:
        order, foreign = left_out(rows, penalty)
        found = [
            threshold(order[asks], order[real], _COST_OF_MARKED, order[~asks & ~real]),
            threshold(foreign[asks], foreign[real], _COST_OF_DOUBTFUL),
            threshold(foreign[asks], foreign[real], _COST_OF_STRAY),
        ]
        levels = {
            name: scores > at
            for name, scores, (at, _) in zip(LEVELS, (order, foreign, foreign), found, strict=True)
        }
        total = sum(cost for _, cost in found)
        print(f"penalty {penalty:.0f}, cost {total:.3f}")
        for (name, beyond), (at, _) in zip(levels.items(), found, strict=True):
            print(f"  {name} beyond {at:.2f}: {beyond[asks].mean():.3f} of orders, "
                  f"{beyond[real].mean():.5f} of {real.sum()} real sentences")  # fmt: skip
        _by_group(rows, levels)
        if best is None or total < best[0]:
            best = (total, penalty, [at for at, _ in found])
    assert best is not None
    _, penalty, thresholds = best
    layer = SecondLayer.learned(rows, penalty)
    first = learner.first_layer(set(), None)
    return OrderModel(first.wording, first.meaning, layer.order, layer.foreign, *thresholds)


def _by_group(rows: Rows, levels: dict[str, Flags]) -> None:
    for group in sorted({*rows.groups} - {""}):
        of_it = rows.groups == group
        told = ", ".join(f"{name} {beyond[of_it].mean():.2f}" for name, beyond in levels.items())
        print(f"  left out: {group} ({rows.labels[of_it][0]}): {told}")


def report(model: OrderModel) -> None:
    """What the model makes of orders and articles that nothing was learned from."""
    rooms = {year: list(articles(year)) for year in LEFT_OUT_YEARS}
    room = [each for each in rooms[LEFT_OUT_YEARS[0]] if len(each[1]) >= 4]
    for name in ("dev", "held_out"):
        draw, every = random.Random(2), []
        for kind, texts in attacks(name).items():
            windows = [placed(Example(text, NEWS, ""), room, draw, []) for text in texts for _ in range(3)]  # fmt: skip
            found = [_level_of_put(model, window) for window in windows]
            every += found
            print(f"{name} {kind}: {_shares(found)}")
        print(f"{name}, all: {_shares(every)}", flush=True)
    for year, articles_of_it in rooms.items():
        every = []
        for window in windows_of(articles_of_it, random.Random(1)):
            found = model.levels(window.sentences, window.title).tolist()
            every += found
            for text, level in zip(window.sentences, found, strict=True):
                if level == MARKED:
                    print(f"marked in {year}: {text!r} [{window.title[:50]}]")
        print(f"{len(every)} real sentences of {year}: {_shares(every)}", flush=True)


def _level_of_put(model: OrderModel, window: Window) -> int:
    place = next(n for n, label in enumerate(window.labels) if label is not None)
    return int(model.levels(window.sentences, window.title)[place])


def _shares(found: Sequence[int]) -> str:
    levels = np.array(found)
    return ", ".join(f"{name} {(levels >= level).mean():.4f}" for name, level in LEVELS.items())


def main() -> None:
    if "--report" in sys.argv:
        report(OrderModel.load(WEIGHTS))
        return
    learner = Learner.gathered()
    rows = learner.rows()
    model = learned(learner, rows)
    if "--write" in sys.argv:
        model.save(WEIGHTS)
        model = OrderModel.load(WEIGHTS)
    report(model)


if __name__ == "__main__":
    main()
