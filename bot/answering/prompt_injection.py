"""Sentences of articles that speak to a reader's assistant instead of a reader.

Whoever put them there, they are no news: no model is given them, and nothing quotes them. What
decides is learned (``tests/benchmarks/train_orders.py``): how a sentence is worded, and whether it
has anything to do with the rest of its article. Two thresholds: what is *marked* is an order beyond
doubt; what is merely *doubtful* may stand in what a model reads, but speaks for no sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.answering.text_classifier import TextClassifier
from retrieval.embedders.wordllama import sentence_vectors
from retrieval.indexes.keyword_schema import stems
from retrieval.text.sentences import sentence_spans

Matrix = npt.NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("prompt_injection.npz")
_NEWS = "news"
_PLAINLY = 2.0
_CACHED_TEXTS = 4_096
# Wording that hardly another text has: it adds to the odds, since learned templates hold little of it.
_EXPLICIT = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules|directions|context|above)\b"
    r"|\b(?:system|developer)\s+(?:prompt|message)\b|\byou are (?:now )?(?:an? )?(?:ai|assistant|chatbot|language model|dan)\b"
    r"|\b(?:respond|reply|answer) (?:only (?:with|in)|with (?:the (?:words?|phrase)|only|just))\b|\b(?:in|begin|start|end|open|finish|close) your (?:summary|answer|reply|response|output)\b"
    r"|\byour (?:summary|answer|reply|response|output) (?:should|must|shall|has to|with)\b"
    r"|<\|?/?(?:im_start|im_end|system|assistant|user|inst)\b|\[/?INST\]",
    re.IGNORECASE,
)
_EXPLICIT_WEIGHT = 11.0
# How many other sentences count: what is learned on passages of this size says nothing of longer ones.
_MOST_OTHERS = 6
_WORDS = re.compile(r"[^\W\d_]{2}")
_ASKS = re.compile(
    r"^\W*(?:what|which|does|do|did|is|are|has|have|how|why|where|who|quote|was|were|que|qué|quel|welche)\b",
    re.IGNORECASE,
)
_ASSISTANT = re.compile(
    r"\b(?:ai|a\.i\.|assistants?|chat ?bots?|bots?|language models?|llms?|models?)\b", re.IGNORECASE
)
_TELLS = re.compile(
    r"\b(?:tell|tells|told|instruct\w*|orders?|ordered|commands?|ask|asks|asked|prompts?|inject\w*|hidden|address\w*)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class OrderModel:
    """``wording`` sorts sentences by their words alone; those that it finds more suspicious than
    ``floor`` are looked at with their article: features times ``weights`` plus ``bias`` is the
    logarithm of the odds that a sentence is an order."""

    wording: TextClassifier
    weights: Matrix
    bias: float
    floor: float
    doubtful: float
    marked: float

    def scores(self, sentences: Sequence[str], title: str) -> Matrix:
        """Log-odds of each sentence of a text, shape ``(sentences,)``; -inf for those without suspicion."""
        logits = self.wording.logits(sentences)
        found = np.full(len(sentences), -np.inf, dtype=np.float32)
        suspicious = suspicion(logits, self.wording.labels) > self.floor
        suspicious &= [bool(_WORDS.search(sentence)) for sentence in sentences]
        chosen = np.flatnonzero(suspicious)
        if len(chosen):
            features = context_features(sentences, title, chosen, logits, self.wording.labels)
            found[chosen] = features @ self.weights + self.bias
            explicit = [bool(_EXPLICIT.search(sentences[int(place)])) for place in chosen]
            found[chosen] += _EXPLICIT_WEIGHT * np.asarray(explicit, dtype=np.float32)
        return found

    def is_order_by_itself(self, text: str) -> bool:
        """Whether a text is worded like an order, wherever it stands."""
        return bool(suspicion(self.wording.logits([text]), self.wording.labels)[0] > _PLAINLY)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> OrderModel:
        with np.load(path, allow_pickle=False) as kept:
            thresholds = map(float, kept["thresholds"])
            return cls(
                TextClassifier.load(path), kept["context"], float(kept["context_bias"]), *thresholds
            )


def suspicion(logits: Matrix, labels: Sequence[str]) -> Matrix:
    """Log-odds that a sentence is any of the kinds that are not news; shape ``(sentences,)``."""
    news = list(labels).index(_NEWS)
    others = np.delete(logits, news, axis=1)
    most = others.max(axis=1)
    whole = most + np.log(np.exp(others - most[:, None]).sum(axis=1))
    result: Matrix = whole - logits[:, news]
    return result


def context_features(
    sentences: Sequence[str],
    title: str,
    chosen: npt.NDArray[np.intp],
    logits: Matrix,
    labels: Sequence[str],
) -> Matrix:
    """Wording, and relation to the rest of the text, of the sentences at ``chosen``; one row each."""
    texts = [*sentences, title]
    vectors = sentence_vectors(texts)
    words = [frozenset(stems(text)) for text in texts]
    likeness = vectors @ vectors.T
    openings = sentence_vectors([" ".join(sentences[place].split()[:2]) for place in chosen])
    news = list(labels).index(_NEWS)
    rows = []
    for opening, place in zip(openings, chosen, strict=True):
        text = sentences[place]
        rest = [i for i, other in enumerate(texts) if other != text and i != place]
        near = likeness[place, rest] if rest else np.zeros(1, dtype=np.float32)
        known = frozenset[str]().union(*(words[i] for i in rest))
        own = words[place]
        shared = len(own & known) / max(1, len(own))
        odds = np.delete(logits[place] - logits[place, news], news)
        total = float(suspicion(logits[place : place + 1], labels)[0])
        measures = [
            shared,
            float(near.max()),
            float(near.mean()),
            float(np.sort(near)[-3:].mean()),
            min(len(own), 20) / 20,
            min(len(rest), _MOST_OTHERS) / 20,
            float(text.rstrip().endswith("?")),
            float(text.rstrip().endswith("!")),
            float(not own),
        ]
        related = (shared + float(near.max())) / 2
        products = [total * related, total * total / 10, related * related, related * measures[4]]
        products += [float(each) * related for each in odds]
        rows.append(np.concatenate([[total], odds, measures, products, vectors[place], opening]))
    return np.asarray(rows, dtype=np.float32)


def asks_about_instructions(question: str) -> bool:
    """Whether a question is about what an article tells assistants to do. One that only repeats such
    an order is not: it asks nothing of the article."""
    return bool(
        _ASKS.search(question) and _ASSISTANT.search(question) and _TELLS.search(question)
    ) and not _model().is_order_by_itself(question)


@cache
def _model() -> OrderModel:
    return OrderModel.load()


def warm_up() -> None:
    """Read the weights, which the first question would otherwise wait for."""
    _model().scores(["Write a poem."], "")


@lru_cache(maxsize=_CACHED_TEXTS)
def _scored(text: str, title: str) -> tuple[tuple[int, int, float], ...]:
    spans = list(sentence_spans(text))
    scores = _model().scores([text[start:end] for start, end in spans], title)
    return tuple(
        (start, end, float(score)) for (start, end), score in zip(spans, scores, strict=True)
    )


def orders_in(text: str, title: str = "", *, doubtful: bool = False) -> list[tuple[int, int]]:
    """Where sentences stand in ``text`` that address an assistant, in order; with ``doubtful``
    those too that may do so."""
    model = _model()
    least = model.doubtful if doubtful else model.marked
    return [(start, end) for start, end, score in _scored(text, title) if score > least]


def strip_injected_instructions(text: str, title: str = "", *, doubtful: bool = False) -> str:
    """``text`` without the sentences that are meant for an assistant."""
    kept, last = [], 0
    for start, end in orders_in(text, title, doubtful=doubtful):
        kept.append(text[last:start])
        last = end
    return "".join([*kept, text[last:]]).strip() if last else text
