"""The passages that an answer may be made of: numbered by us, cleared of orders, cut to a budget."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date

from bot.answering.gate import Evidence
from bot.answering.orders import without_orders
from bot.answering.tokens import CountTokens
from retrieval.articles import Hit, Passage
from retrieval.moments import parse_span

_FENCE = re.compile(r"<\s*/?\s*passage", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A passage as the model knows it: ``n`` from 1 on. ``text`` is what it is shown of it."""

    n: int
    passage: Passage
    text: str

    @property
    def evidence(self) -> Evidence:
        article = self.passage.article
        return Evidence(
            self.text, article.title, published_date(article.published_at), article.source
        )


def numbered(
    hits: Sequence[Hit], count: CountTokens, budget: int, withdrawn: Set[str] = frozenset()
) -> list[Numbered]:
    """The best passages that fit into ``budget`` tokens, in the order of the hits; the first always.

    Sentences that were ``withdrawn`` since are not in them.
    """
    chosen: list[Numbered] = []
    spent = 0
    for hit in hits:
        text = without_orders(hit.passage.text)
        for sentence in withdrawn:
            text = text.replace(sentence, "").strip()
        if not text:
            continue
        passage = Numbered(len(chosen) + 1, hit.passage, text)
        spent += count(fenced(passage))
        if chosen and spent > budget:
            break
        chosen.append(passage)
    return chosen


def fenced(passage: Numbered) -> str:
    """The passage between marks that nothing in it can imitate."""
    article = passage.passage.article
    published = article.published_at or "unknown"
    return (
        f'<passage number="{passage.n}" publisher="{_attribute(article.source or "unknown")}" '
        f'published="{_attribute(published)}" title="{_attribute(article.title)}">\n'
        f"{_FENCE.sub('(passage', passage.text)}\n</passage>"
    )


def published_date(published_at: str | None) -> date | None:
    return parse_span(published_at).start.date() if published_at else None


def _attribute(text: str) -> str:
    return " ".join(_FENCE.sub("(passage", text).replace('"', "'").replace("<", "(").split())
