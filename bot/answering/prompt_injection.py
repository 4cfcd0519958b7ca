"""Sentences of articles that address a reader's assistant instead of the reader.

Whoever put them there, they are no news: models don't see them, and nothing quotes them. They are
recognised by a learned model (``order_model``): by how a sentence is worded, and whether it has
anything to do with the rest of its article. A *marked* sentence is an order beyond doubt, and
nothing quotes it. A *doubtful* one may be an order: no model sees it either, and no passage beside
an answer shows it. A *stray* one may not belong to its article: it supports no sentence of a model,
is chosen for no summary, and answers no question that only repeats it. Orders were learned in
English: in a text of another language only English ones are found.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from pathlib import Path

from bot.answering.answer_language import is_in_another_language
from bot.answering.order_model import DOUBTFUL, MARKED, NONE, STRAY, OrderModel
from retrieval.text.sentences import sentence_spans

__all__ = [
    "DOUBTFUL",
    "MARKED",
    "STRAY",
    "asks_about_instructions",
    "is_stray",
    "is_unquotable",
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
    """Return whether a question is about what an article tells assistants to do.

    One that only repeats such an order isn't: it asks nothing about the article.
    """
    return bool(
        _ASKS.search(question) and _ASSISTANT.search(question) and _TELLS.search(question)
    ) and not _model().is_order_by_itself(question)


_WHOLE = (".", "!", "?", "。")


@cache
def _model() -> OrderModel:
    return OrderModel.load(WEIGHTS)


def warm_up() -> None:
    """Load the weights, which the first question would otherwise wait for."""
    _model().levels(["Write a poem."], "")


class _DistrustedText:
    """The sentences of a text, and how far each is distrusted, computed on demand.

    Any thread may ask: what two of them compute at once is the same.
    """

    def __init__(self, text: str, title: str) -> None:
        if title.rstrip().endswith(_WHOLE) and title.strip() in text:
            title = ""  # made from the first sentence: nothing to compare with
        self._text, self._title = text, title
        self.spans = list(sentence_spans(text))
        self._whole = _model().whole_levels(self._sentences(), title)
        self._known: dict[int, int] = {}

    def levels(self, places: Iterable[int]) -> list[int]:
        """Return the levels of the sentences at these places."""
        places = list(places)
        unknown = [place for place in places if place not in self._known]
        if unknown:
            sentences = self._sentences()
            found = _model().with_parts(self._whole, sentences, self._title, unknown)
            self._known |= {place: int(found[place]) for place in unknown if not found[place]}
            distrusted = [place for place in unknown if found[place]]
            # The model knows English: all Arabic is strange to it, which means nothing.
            foreign = bool(distrusted) and self._is_foreign
            for place in distrusted:
                own = foreign and is_in_another_language(sentences[place], _LEARNED)
                self._known[place] = NONE if own else int(found[place])
        return [self._known[place] for place in places]

    def between(self, start: int, end: int) -> list[int]:
        """Return the places of the sentences that overlap this stretch of the text."""
        return [n for n, span in enumerate(self.spans) if overlaps(start, end, [span])]

    def told(self, places: Iterable[int]) -> Iterator[tuple[int, int, int]]:
        """Yield start, end and level of the sentences at these places."""
        places = list(places)
        for place, level in zip(places, self.levels(places), strict=True):
            yield *self.spans[place], level

    def _sentences(self) -> list[str]:
        return [self._text[start:end] for start, end in self.spans]

    @cached_property
    def _is_foreign(self) -> bool:
        return is_in_another_language(self._text, _LEARNED)


_distrusted = lru_cache(maxsize=_CACHED_TEXTS)(_DistrustedText)


def orders_in(text: str, title: str = "", *, level: int = MARKED) -> list[tuple[int, int]]:
    """Return where sentences of ``text`` address an assistant, in order, of a ``level``
    (``MARKED``, ``DOUBTFUL``, ``STRAY``) or a higher one."""
    read = _distrusted(text, title)
    told = read.told(range(len(read.spans)))
    return [(start, end) for start, end, found in told if found >= level]


def is_stray(text: str, title: str, start: int, end: int) -> bool:
    """Return whether anything from ``start`` to ``end`` in ``text`` is ``STRAY`` or worse."""
    read = _distrusted(text, title)
    return any(level >= STRAY for level in read.levels(read.between(start, end)))


@lru_cache(maxsize=_CACHED_TEXTS)
def is_unquotable(text: str, title: str, start: int, end: int) -> bool:
    """Return whether no answer may quote ``start`` to ``end`` of ``text``: it has an order beyond
    doubt, or one that is doubtful here and worded like an order by itself. A definition is only
    foreign to its article."""
    read = _distrusted(text, title)
    return any(_unquotable(text, *told) for told in read.told(read.between(start, end)))


@lru_cache(maxsize=_CACHED_TEXTS)
def unquotable_in(text: str, title: str = "") -> tuple[tuple[int, int], ...]:
    """Return where all such sentences are in ``text``, in order."""
    read = _distrusted(text, title)
    told = read.told(range(len(read.spans)))
    return tuple((start, end) for start, end, level in told if _unquotable(text, start, end, level))


def _unquotable(text: str, start: int, end: int, level: int) -> bool:
    return level == MARKED or (level == DOUBTFUL and _model().has_order_by_itself(text[start:end]))


def overlaps(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    """Return whether ``start`` to ``end`` overlaps one of ``spans``."""
    return any(first < end and start < last for first, last in spans)


def strip_injected_instructions(text: str, title: str = "", *, level: int = MARKED) -> str:
    """Return ``text`` without the sentences that address an assistant."""
    return _without(text, orders_in(text, title, level=level), "")


def quotable_text(text: str, title: str = "") -> str:
    """Return ``text`` as it may be shown: with an ellipsis in place of what may address an
    assistant."""
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
