"""The passages that an answer may be made of: numbered by us, cleared of orders, cut to a budget."""

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
    """A passage as the model knows it: ``n`` from 1 on. ``text`` is what speaks for a sentence;
    ``shown``, if not empty, what the model is shown instead: notes that were made of it."""

    n: int
    passage: Passage
    text: str
    shown: str = ""

    @property
    def evidence(self) -> Evidence:
        article = self.passage.article
        # What may address an assistant speaks for nothing that one writes.
        text = strip_injected_instructions(self.text, article.title, level=STRAY)
        return Evidence(text, article.title, published_date(article.published_at), article.source)

    @property
    def quote(self) -> str:
        """The passage as it is shown to readers beside what it speaks for."""
        return quotable_text(self.passage.text, self.passage.article.title)


def number_passages(
    hits: Sequence[SearchResult], count: CountTokens, budget: int, withdrawn: Set[str] = frozenset()
) -> list[PromptPassage]:
    """The best passages that fit into ``budget`` tokens, in the order of the results; the first always.

    Sentences that were ``withdrawn`` since are not in them.
    """
    return next(iter(parts([hit.passage for hit in hits], count, budget, withdrawn)), [])


def parts(
    passages: Iterable[Passage], count: CountTokens, budget: int, withdrawn: Set[str] = frozenset()
) -> Iterator[list[PromptPassage]]:
    """The passages in order, in parts that fit into ``budget`` tokens, each numbered from 1 on."""
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
    """The passage between marks that nothing in it can imitate."""
    article = passage.passage.article
    published = article.published_at or "unknown"
    return (
        f'<passage number="{passage.n}" publisher="{_attribute(article.source or "unknown")}" '
        f'published="{_attribute(published)}" title="{_attribute(article.title)}">\n'
        f"{_FENCE.sub('(passage', passage.shown or passage.text)}\n</passage>"
    )


def published_date(published_at: str | None) -> date | None:
    return parse_span(published_at).start.date() if published_at else None


def _attribute(text: str) -> str:
    return " ".join(_FENCE.sub("(passage", text).replace('"', "'").replace("<", "(").split())
