"""What separates a sentence meant for a reader's assistant from those of the article around it.

Two layers, both learned (``tests/benchmarks/train_orders.py``). The first reads a sentence by
itself, as hashed words and letters and as its vector, and sorts each into kinds, one of which is
``news``. The second reads the first one's results for the sentence, its neighbours and the rest of
the passage, and how closely the sentence is related to them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.answering.text_classifier import TextClassifier
from retrieval.embedders.wordllama import sentence_vectors
from retrieval.text.stemming import stems_of_each

Matrix = npt.NDArray[np.float32]
Levels = npt.NDArray[np.int8]

NONE, STRAY, DOUBTFUL, MARKED = range(4)
NEWS = "news"
CONTEXT_FEATURES = 21  # beside the odds of the first layer
_FAR = 12.0  # log-odds are clipped at this
_WORD = re.compile(r"[^\W\d_]{2}")
_NAME = re.compile(r"(?<=\w[ ,;:])[A-Z][\w'’-]+")
_QUOTED = re.compile(r"[\"“”«»„]")
_DIGIT = re.compile(r"\d")
_NOTHING = 1e-6
# Where one sentence may be two, the first a caption or heading without a full stop.
_JOINT = re.compile(r"(?<=[^\s]) (?=[A-Z][a-z]+ \w)")
_STOPPED = re.compile(r"[.!?:][\"”’)]?$")
_PARTS = 6  # places in a sentence that are considered


@dataclass(frozen=True, slots=True)
class OrderLayer:
    """A logistic regression over ``features`` and their pairwise products.

    ``weights`` has shape (1 + n + n(n+1)/2,); features have ``centre`` subtracted and are divided
    by ``scale``, both of shape (n,).
    """

    weights: Matrix
    centre: Matrix
    scale: Matrix

    def scores(self, features: Matrix) -> Matrix:
        """Return log-odds of shape (sentences,) for features of shape (sentences, n)."""
        result: Matrix = expanded((features - self.centre) / self.scale) @ self.weights
        return result


@dataclass(frozen=True, slots=True)
class OrderModel:
    """``order`` separates orders from all else, ``foreign`` orders from what belongs to the
    article.

    A sentence is ``MARKED`` beyond ``marked`` in the log-odds of ``order``, and ``DOUBTFUL`` or
    ``STRAY`` beyond ``doubtful`` or ``stray`` in those of ``foreign``.
    """

    wording: TextClassifier
    meaning: Matrix
    order: OrderLayer
    foreign: OrderLayer
    marked: float
    doubtful: float
    stray: float

    def levels(self, sentences: Sequence[str], title: str) -> Levels:
        """Return how far each sentence of a text is distrusted, ``NONE`` to ``MARKED``, shape
        (sentences,).

        Takes 0.3 ms a sentence: call it in a worker thread.
        """
        found = self.whole_levels(sentences, title)
        return self.with_parts(found, sentences, title, range(len(sentences)))

    def whole_levels(self, sentences: Sequence[str], title: str) -> Levels:
        """Return the levels of the sentences as they are, one of which may be two."""
        return self._told(*self.scores(sentences, title))

    def with_parts(
        self, whole: Levels, sentences: Sequence[str], title: str, places: Iterable[int]
    ) -> Levels:
        """Return the ``whole`` levels, raised at these ``places`` by what the parts of a sentence
        show."""
        found = whole.copy()
        for place, parts in self._parted(sentences, whole, places):
            apart = [*sentences[:place], *parts, *sentences[place + 1 :]]
            told = self._told(*self.scores(apart, title))
            found[place] = max(found[place], *told[place : place + 2])
        return found

    def _told(self, order: Matrix, foreign: Matrix) -> Levels:
        found = np.zeros(len(order), dtype=np.int8)
        found[foreign > self.stray] = STRAY
        found[foreign > self.doubtful] = DOUBTFUL
        found[order > self.marked] = MARKED
        return found

    def _parted(
        self, sentences: Sequence[str], found: Levels, places: Iterable[int]
    ) -> Iterator[tuple[int, tuple[str, str]]]:
        """Yield places of sentences that aren't distrusted yet but have a part worded like an
        order, with the two parts of the likeliest cut."""
        cuts = [
            (place, head, tail)
            for place in places
            if found[place] < DOUBTFUL
            for head, tail in _cuts(sentences[place])
        ]
        texts = [text for _, *parts in cuts for text in _telling(*parts)]
        worded = self._worded_like_orders(list(dict.fromkeys(texts)))
        best: dict[int, tuple[float, tuple[str, str]]] = {}
        for place, head, tail in cuts:
            likely = max(worded.get(tail, 0.0), worded.get(head, 0.0))
            if likely > best.get(place, (0.0,))[0]:
                best[place] = (likely, (head, tail))
        for place, (_, parts) in best.items():
            yield place, parts

    def scores(self, sentences: Sequence[str], title: str) -> tuple[Matrix, Matrix]:
        """Return the log-odds of each sentence by ``order`` and ``foreign``, each of shape
        (sentences,); -inf for one without a word."""
        if not sentences:
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        vectors = sentence_vectors([*sentences, title], remembering=True)
        odds = self.odds(sentences, vectors[:-1])
        features = context_features(sentences, title, vectors, odds)
        words = np.array([bool(_WORD.search(sentence)) for sentence in sentences])
        order, foreign = (
            np.where(words, layer.scores(features), -np.inf).astype(np.float32)
            for layer in (self.order, self.foreign)
        )
        return order, foreign

    def odds(self, sentences: Sequence[str], vectors: Matrix) -> Matrix:
        """Return the first layer's log-odds, of shape (sentences, 2 * kinds): see
        ``sentence_odds``."""
        return sentence_odds(self.wording, self.meaning, sentences, vectors)

    def is_order_by_itself(self, text: str) -> bool:
        """Return whether a text is worded like an order, wherever it is."""
        return text in self._worded_like_orders([text])

    def has_order_by_itself(self, text: str) -> bool:
        """Return whether a text, or what follows a caption in it, is likelier an order than news:
        the whole by words and vector together, a part by each."""
        odds = self.odds([text], sentence_vectors([text], remembering=True))
        if odds[0, 0] + odds[0, odds.shape[1] // 2] > 0:
            return True
        parts = [part for cut in _cuts(text) for part in _telling(*cut)]
        return bool(self._worded_like_orders(parts))

    def _worded_like_orders(self, texts: Sequence[str]) -> dict[str, float]:
        """Return, for each text that both its words and its vector make likelier an order than
        news, the smaller of the two log-odds."""
        if not texts:
            return {}
        by_words = _against(self.wording.logits(texts), self.wording.labels.index(NEWS))[:, 0]
        texts = [text for text, odds in zip(texts, by_words, strict=True) if odds > 0]
        if not texts:
            return {}
        odds = self.odds(texts, sentence_vectors(texts, remembering=True))
        least = np.minimum(odds[:, 0], odds[:, odds.shape[1] // 2])
        return {text: float(each) for text, each in zip(texts, least, strict=True) if each > 0}

    def save(self, path: Path) -> None:
        """Write the model as one ``.npz`` file."""
        self.wording.save(path)
        with np.load(path, allow_pickle=False) as kept:
            parts = dict(kept)
        layers = {
            f"{name}_{part}": getattr(layer, part).astype(np.float32)
            for name, layer in (("order", self.order), ("foreign", self.foreign))
            for part in ("weights", "centre", "scale")
        }
        thresholds = np.array([self.marked, self.doubtful, self.stray], dtype=np.float32)
        np.savez_compressed(
            path, **parts, **layers, meaning=self.meaning.astype(np.float32), thresholds=thresholds
        )

    @classmethod
    def load(cls, path: Path) -> OrderModel:
        """Read a model that ``save`` wrote. Raises ``OSError``."""
        with np.load(path, allow_pickle=False) as kept:
            order, foreign = (
                OrderLayer(*(kept[f"{name}_{part}"] for part in ("weights", "centre", "scale")))
                for name in ("order", "foreign")
            )
            thresholds = map(float, kept["thresholds"])
            wording, meaning = TextClassifier.load(path), kept["meaning"]
        return cls(wording, meaning, order, foreign, *thresholds)


def _cuts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the two parts of a sentence at each place where it may be two."""
    for joint in islice(_JOINT.finditer(text), _PARTS):
        yield text[: joint.start()], text[joint.end() :]


def _telling(head: str, tail: str) -> Iterator[str]:
    """Yield the parts of a cut that may be sentences."""
    yield tail
    if _STOPPED.search(head):
        yield head


def sentence_odds(
    wording: TextClassifier, meaning: Matrix, sentences: Sequence[str], vectors: Matrix
) -> Matrix:
    """Return the log-odds against news of all other kinds together and of each, first by words,
    then by the vector, of shape (sentences, 2 * kinds)."""
    by_words = wording.logits(sentences)
    by_vector = vectors @ meaning[:-1] + meaning[-1]
    news = wording.labels.index(NEWS)
    return np.concatenate([_against(by_words, news), _against(by_vector, news)], axis=1)


def _against(logits: Matrix, news: int) -> Matrix:
    others = np.delete(logits, news, axis=1) - logits[:, news : news + 1]
    most = others.max(axis=1, keepdims=True)
    whole = most + np.log(np.exp(others - most).sum(axis=1, keepdims=True))
    result: Matrix = np.clip(np.concatenate([whole, others], axis=1), -_FAR, _FAR)
    return result


def context_features(sentences: Sequence[str], title: str, vectors: Matrix, odds: Matrix) -> Matrix:
    """Return what the second layer reads of each sentence, one row each; ``vectors`` are those of
    the sentences and, last, of the title."""
    count, half = len(sentences), odds.shape[1] // 2
    words = [frozenset(each) for each in stems_of_each([*sentences, title])]
    names = [frozenset(_NAME.findall(text)) for text in sentences]
    suspicion: Matrix = (odds[:, 0] + odds[:, half]) / np.float32(2)
    around = np.concatenate([[0.0], suspicion, [0.0]])
    holders = Counter(word for each in words for word in each)
    namers = Counter(name for each in names for name in each)
    lengths = np.array([len(each) for each in words[:-1]])
    shared = np.array([sum(holders[word] > 1 for word in each) for each in words[:-1]])
    titled = np.array([len(each & words[-1]) for each in words[:-1]])
    named = np.array([len(each) for each in names])
    known = np.array([sum(namers[name] > 1 for name in each) for each in names])
    columns = [
        suspicion,
        shared / np.maximum(lengths, 1),
        titled / np.maximum(lengths, 1),
        np.minimum(shared, 6) / 6,
        *_likenesses(vectors),
        np.maximum(around[:-2], around[2:]),
        *_of_others(suspicion),
        np.full(count, min(count, 12) / 12),
        np.minimum(lengths, 30) / 30,
        np.minimum(named, 4) / 4,
        np.minimum(known, 2) / 2,
        [text.rstrip().endswith("?") for text in sentences],
        [text.rstrip().endswith("!") for text in sentences],
        [bool(_QUOTED.search(text)) for text in sentences],
        [bool(_DIGIT.search(text)) for text in sentences],
    ]
    return np.column_stack([odds, *(np.asarray(each, np.float32) for each in columns)])


def _likenesses(vectors: Matrix) -> list[Matrix]:
    """Return each sentence's similarity to the most similar other one, the three most similar and
    all; to the title, the whole text and the more similar neighbour. The last vector is the
    title's."""
    count = len(vectors) - 1
    likeness = vectors @ vectors.T
    centres = vectors.sum(axis=0) - vectors[:-1]
    products = np.einsum("ij,ij->i", vectors[:-1], centres)
    centre = products / (np.linalg.norm(centres, axis=1) + _NOTHING)
    if count == 1:
        nothing = np.zeros(1, dtype=np.float32)
        return [nothing, nothing, nothing, likeness[:-1, -1], centre, nothing]
    others = likeness[:-1, :-1].copy()
    np.fill_diagonal(others, -np.inf)
    inside = np.sort(others, axis=1)[:, 1:]
    next_to = np.pad(np.diagonal(likeness[:-1, :-1], 1), 1, constant_values=-np.inf)
    return [
        inside[:, -1],
        inside[:, -3:].mean(axis=1),
        inside.mean(axis=1),
        likeness[:-1, -1],
        centre,
        np.maximum(next_to[:-1], next_to[1:]),
    ]


def _of_others(suspicion: Matrix) -> list[Matrix]:
    """Return, for each sentence, the mean and the maximum of the suspicion of all others."""
    count = len(suspicion)
    if count == 1:
        return [np.zeros(1, dtype=np.float32)] * 2
    order = np.argsort(suspicion)
    most = np.full(count, suspicion[order[-1]])
    most[order[-1]] = suspicion[order[-2]]
    return [(suspicion.sum() - suspicion) / (count - 1), most]


def expanded(features: Matrix) -> Matrix:
    """Return one, the features and their pairwise products, of shape (rows, 1 + n + n(n+1)/2)."""
    first, second = np.triu_indices(features.shape[1])
    ones = np.ones((len(features), 1), dtype=features.dtype)
    result: Matrix = np.concatenate(
        [ones, features, features[:, first] * features[:, second]], axis=1
    )
    return result
