"""Sentences of articles that speak to a reader's assistant instead of a reader.

Whoever put them there, they are no news: no model is given them, and nothing quotes them. What
decides is learned (``order_model``): how a sentence is worded, and whether it has anything to do
with the rest of its article. What is *marked* is an order beyond doubt, and nothing
quotes it. What is *doubtful* may be one: no model is given it either, and no passage beside an
answer shows it. What is merely *stray* may not be of its article: it speaks for no sentence of a
model, is chosen for no summary, and answers no question that only repeats it. Orders are learned in
English: in a text of another language they are told where they are English.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from bot.answering.answer_language import is_in_another_language
from bot.answering.order_model import DOUBTFUL, MARKED, NONE, STRAY, OrderModel
from retrieval.text.sentences import sentence_spans

__all__ = [
    "DOUBTFUL",
    "MARKED",
    "STRAY",
    "asks_about_instructions",
    "orders_in",
    "quotable_text",
    "strip_injected_instructions",
    "unquotable_in",
    "warm_up",
]

WEIGHTS = Path(__file__).with_name("prompt_injection.npz")
_CACHED_TEXTS = 4_096
_GAP = " … "
_LEARNED = frozenset(["en"])
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


def asks_about_instructions(question: str) -> bool:
    """Whether a question is about what an article tells assistants to do. One that only repeats such
    an order is not: it asks nothing of the article."""
    return bool(
        _ASKS.search(question) and _ASSISTANT.search(question) and _TELLS.search(question)
    ) and not _model().is_order_by_itself(question)


_WHOLE = (".", "!", "?", "。")


@cache
def _model() -> OrderModel:
    return OrderModel.load(WEIGHTS)


def warm_up() -> None:
    """Read the weights, which the first question would otherwise wait for."""
    _model().levels(["Write a poem."], "")


@lru_cache(maxsize=_CACHED_TEXTS)
def _levels(text: str, title: str) -> tuple[tuple[int, int, int], ...]:
    """Start and end of each sentence, and how far it is to be distrusted."""
    if title.rstrip().endswith(_WHOLE) and title.strip() in text:
        title = ""  # made of the first sentence: nothing can be held against it
    spans = list(sentence_spans(text))
    told = [text[start:end] for start, end in spans]
    found = _model().levels(told, title)
    if is_in_another_language(text, _LEARNED):
        # What was learned is English: all of Arabic is strange to it, and nothing of that is told.
        own = np.array([is_in_another_language(each, _LEARNED) for each in told], dtype=bool)
        found[own] = NONE
    return tuple((start, end, int(each)) for (start, end), each in zip(spans, found, strict=True))


def orders_in(text: str, title: str = "", *, level: int = MARKED) -> list[tuple[int, int]]:
    """Where sentences stand in ``text`` that address an assistant, in order: those of a ``level``
    (``MARKED``, ``DOUBTFUL``, ``STRAY``) and of the levels above."""
    return [(start, end) for start, end, found in _levels(text, title) if found >= level]


@lru_cache(maxsize=_CACHED_TEXTS)
def unquotable_in(text: str, title: str = "") -> tuple[tuple[int, int], ...]:
    """Where sentences stand in ``text`` that no answer quotes, in order: orders beyond doubt, and what
    may be one and is worded so by itself. A definition is only strange to its article."""
    return tuple(
        (start, end)
        for start, end, level in _levels(text, title)
        if level == MARKED or (level == DOUBTFUL and _model().has_order_by_itself(text[start:end]))
    )


def overlaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether what stands from ``start`` to ``end`` has something in common with one of ``spans``."""
    return any(first < end and start < last for first, last in spans)


def strip_injected_instructions(text: str, title: str = "", *, level: int = MARKED) -> str:
    """``text`` without the sentences that are meant for an assistant."""
    return _without(text, orders_in(text, title, level=level), "")


def quotable_text(text: str, title: str = "") -> str:
    """``text`` as it may be shown: without what may be meant for an assistant, and with an ellipsis
    where that stood between other sentences."""
    return _without(text, orders_in(text, title, level=DOUBTFUL), _GAP)


def _without(text: str, spans: list[tuple[int, int]], gap: str) -> str:
    if not spans:
        return text
    ends = [0, *(end for _, end in spans)]
    starts = [*(start for start, _ in spans), len(text)]
    parts = [text[end:start] for end, start in zip(ends, starts, strict=True)]
    if not gap:
        return "".join(parts).strip()
    return gap.join(part.strip() for part in parts if part.strip())
