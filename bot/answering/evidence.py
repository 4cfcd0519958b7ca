"""The passages that an answer may be made of: numbered by us, cleared of orders, cut to a budget."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.answering.gate import Evidence
from bot.answering.tokens import CountTokens
from retrieval.articles import Hit, Passage
from retrieval.moments import parse_span
from retrieval.sentences import sentence_spans

# Sentences that speak to a language model instead of a reader. They are no news, whoever put them
# into an article, and neither the model nor the gate is shown them.
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules|directions|context|above|previous|prior)\b"
    r"|\b(?:system|developer)\s+(?:prompt|message)\b|\byou are (?:now )?(?:an? )?(?:ai|assistant|chatbot|language model|dan)\b"
    r"|\bas an ai\b|\b(?:ai|language) (?:assistants?|models?)\b[^.\n]{0,30}\b(?:must|should|reading this|are to)\b"
    r"|\b(?:respond|reply|answer) (?:only )?with\b[^.\n]{0,40}[\"“'‘:]|<\|?/?(?:im_start|im_end|system|assistant|user|inst)\b|\[/?INST\]",
    re.IGNORECASE,
)
_FENCE = re.compile(r"<\s*/?\s*passage", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A passage as the model knows it: ``n`` from 1 on. ``text`` is what speaks for a sentence;
    ``shown``, if not empty, what the model is shown instead: notes that were made of it."""

    n: int
    passage: Passage
    text: str
    shown: str = ""

    @property
    def evidence(self) -> Evidence:
        article = self.passage.article
        return Evidence(
            self.text, article.title, published_date(article.published_at), article.source
        )


def numbered(hits: Sequence[Hit], count: CountTokens, budget: int) -> list[Numbered]:
    """The best passages that fit into ``budget`` tokens, in the order of the hits; the first always."""
    return next(iter(parts([hit.passage for hit in hits], count, budget)), [])


def parts(passages: Iterable[Passage], count: CountTokens, budget: int) -> Iterator[list[Numbered]]:
    """The passages in order, in parts that fit into ``budget`` tokens, each numbered from 1 on."""
    part: list[Numbered] = []
    spent = 0
    for passage in passages:
        text = without_orders(passage.text)
        if not text:
            continue
        one = Numbered(len(part) + 1, passage, text)
        cost = count(fenced(one))
        if part and spent + cost > budget:
            yield part
            part, spent, one = [], 0, replace(one, n=1)
        part.append(one)
        spent += cost
    if part:
        yield part


def fenced(passage: Numbered) -> str:
    """The passage between marks that nothing in it can imitate."""
    article = passage.passage.article
    published = article.published_at or "unknown"
    return (
        f'<passage number="{passage.n}" publisher="{_attribute(article.source or "unknown")}" '
        f'published="{_attribute(published)}" title="{_attribute(article.title)}">\n'
        f"{_FENCE.sub('(passage', passage.shown or passage.text)}\n</passage>"
    )


def without_orders(text: str) -> str:
    """``text`` without the sentences that are meant for a language model."""
    if not _ORDER.search(text):
        return text
    kept, last = [], 0
    for start, end in sentence_spans(text):
        if _ORDER.search(text[start:end]):
            kept.append(text[last:start])
            last = end
    return "".join([*kept, text[last:]]).strip()


def published_date(published_at: str | None) -> date | None:
    return parse_span(published_at).start.date() if published_at else None


def _attribute(text: str) -> str:
    return " ".join(_FENCE.sub("(passage", text).replace('"', "'").replace("<", "(").split())
