"""The passages for a prompt: numbered, cleared of injected instructions, and cut to a token budget."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

from bot.answering.prompt_injection import (
    DOUBTFUL,
    STRAY,
    quotable_text,
    strip_injected_instructions,
)
from bot.answering.token_counts import CountTokens
from bot.answering.verification import Evidence
from retrieval.models import Passage, SearchResult
from retrieval.timestamps import parse_span

_FENCE = re.compile(r"<\s*/?\s*passage", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PromptPassage:
    """A passage in a prompt; ``n`` counts from 1. ``text`` is the evidence for sentences;
    ``shown``, if not empty, is what the model sees instead: notes made from it."""

    n: int
    passage: Passage
    text: str
    shown: str = ""

    @property
    def evidence(self) -> Evidence:
        """Return the passage as evidence for verification."""
        article = self.passage.article
        # What may address an assistant isn't evidence for anything.
        text = strip_injected_instructions(self.text, article.title, level=STRAY)
        return Evidence(text, article.title, published_date(article.published_at), article.source)

    @property
    def quote(self) -> str:
        """Return the passage as readers see it beside a sentence."""
        return quotable_text(self.passage.text, self.passage.article.title)


def number_passages(
    hits: Sequence[SearchResult], count: CountTokens, budget: int, withdrawn: Set[str] = frozenset()
) -> list[PromptPassage]:
    """Return the best passages that fit into ``budget`` tokens, in the order of the results; always
    the first one.

    ``withdrawn`` sentences are left out.
    """
    return next(iter(parts([hit.passage for hit in hits], count, budget, withdrawn)), [])


def parts(
    passages: Iterable[Passage], count: CountTokens, budget: int, withdrawn: Set[str] = frozenset()
) -> Iterator[list[PromptPassage]]:
    """Split the passages, in order, into parts that fit into ``budget`` tokens, each numbered from
    1."""
    part: list[PromptPassage] = []
    spent = 0
    for passage in passages:
        text = strip_injected_instructions(passage.text, passage.article.title, level=DOUBTFUL)
        for sentence in withdrawn:
            text = text.replace(sentence, "").strip()
        if not text:
            continue
        one = PromptPassage(len(part) + 1, passage, text)
        cost = count(fence(one))
        if part and spent + cost > budget:
            yield part
            part, spent, one = [], 0, replace(one, n=1)
        part.append(one)
        spent += cost
    if part:
        yield part


def fence(passage: PromptPassage) -> str:
    """Enclose the passage in marks that nothing in it can imitate."""
    article = passage.passage.article
    published = article.published_at or "unknown"
    return (
        f'<passage number="{passage.n}" publisher="{_attribute(article.source or "unknown")}" '
        f'published="{_attribute(published)}" title="{_attribute(article.title)}">\n'
        f"{_FENCE.sub('(passage', passage.shown or passage.text)}\n</passage>"
    )


def published_date(published_at: str | None) -> date | None:
    """Return the date of an ISO 8601 time; None for None."""
    return parse_span(published_at).start.date() if published_at else None


def _attribute(text: str) -> str:
    return " ".join(_FENCE.sub("(passage", text).replace('"', "'").replace("<", "(").split())
