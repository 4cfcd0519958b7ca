"""Near-copies of real articles, made by rule, to measure how stories are grouped.

What newsrooms do to a wire report, five ways (``KINDS``). The rules were fixed before the grouping
was written; a pair of articles is a copy pair if both come from the same original.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from retrieval.text.sentences import sentence_spans
from retrieval.timestamps import parse_span

_OUTLETS = (
    "Harbour Post", "Northern Echo Wire", "Morning Ledger", "Daily Beacon", "City Record",
    "Plains Tribune", "Coast Observer", "Evening Standard-Times", "Valley Gazette", "Capital Herald",
)  # fmt: skip
_SAME = (
    ("said", "stated"), ("told", "informed"), ("people", "individuals"), ("big", "large"), ("began", "started"),
    ("start", "begin"), ("show", "reveal"), ("help", "assist"), ("after", "following"), ("about", "around"),
    ("many", "numerous"), ("also", "additionally"), ("but", "however"), ("while", "whereas"), ("use", "employ"),
    ("killed", "slain"), ("children", "youngsters"), ("government", "administration"), ("company", "firm"),
    ("police", "officers"), ("workers", "employees"), ("buy", "purchase"), ("attack", "assault"), ("year", "twelvemonth"),
    ("found", "discovered"), ("called", "described"), ("hit", "struck"), ("plan", "scheme"), ("near", "close to"),
    ("because", "since"), ("recent", "latest"), ("million", "m"), ("percent", "per cent"), ("officials", "authorities"),
)  # fmt: skip
_SWAP = dict(_SAME) | {b: a for a, b in _SAME if " " not in b}
_WORD = re.compile(r"[A-Za-z]+")
_SHORTEST = 800
_NEAR = 0.2

Article = dict[str, Any]
Sentences = list[list[str]]
"""Paragraphs, each a list of sentences."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Articles in the contract's form, and by URL the URL of the original that each comes from."""

    articles: list[Article]
    origin: dict[str, str]


def make_copies(articles: Sequence[Article], *, originals: int = 2_000, seed: int = 1) -> Copied:
    """Take ``originals`` articles that are no copies of each other and add copies of a fifth.

    Every copied article gets one to four copies of different kinds, dated nought to two days after.
    """
    generator = random.Random(seed)
    chosen = _unlike_each_other(articles, originals, generator)
    made: list[Article] = list(chosen)
    origin = {article["url"]: article["url"] for article in chosen}
    for number, article in enumerate(generator.sample(chosen, originals // 5)):
        kinds = generator.sample(list(KINDS), generator.randint(1, 4))
        for kind, outlet in zip(kinds, generator.sample(_OUTLETS, len(kinds)), strict=True):
            url = f"https://{outlet.lower().replace(' ', '-')}.example/{kind}/{number}"
            made.append(_copy(article, kind, outlet, url, generator))
            origin[url] = article["url"]
    generator.shuffle(made)
    return Copied(made, origin)


def _copy(article: Article, kind: str, outlet: str, url: str, generator: random.Random) -> Article:
    paragraphs = [
        [block[start:end] for start, end in sentence_spans(block)]
        for block in article["text"].split("\n\n")
        if block.strip()
    ]
    changed = KINDS[kind](paragraphs, outlet, generator)
    published = article.get("published_at")
    if published:
        day: date = parse_span(published).start.date()
        published = (day + timedelta(days=generator.randint(0, 2))).isoformat()
    return {
        "url": url,
        "title": article["title"] if kind == "reprint" else _retitled(article["title"], generator),
        "text": "\n\n".join(" ".join(paragraph) for paragraph in changed if paragraph),
        "published_at": published,
        "source": outlet,
    }


def _reprint(paragraphs: Sentences, outlet: str, generator: random.Random) -> Sentences:
    """Word for word, with the outlet's own dateline and closing lines."""
    first = [f"({outlet}) - {paragraphs[0][0]}", *paragraphs[0][1:]]
    closing = [
        f"This story was first published by our partners. Sign up for the {outlet} newsletter."
    ]
    return [first, *paragraphs[1:], closing]


def _cut(paragraphs: Sentences, outlet: str, generator: random.Random) -> Sentences:
    """The first part only: 40 to 80 percent of the paragraphs."""
    return paragraphs[: max(2, round(len(paragraphs) * generator.uniform(0.4, 0.8)))]


def _edited(paragraphs: Sentences, outlet: str, generator: random.Random) -> Sentences:
    """One sentence in eight dropped, some words replaced."""
    return [
        [_reworded(s, 0.3, generator) for s in paragraph if generator.random() > 0.125]
        for paragraph in paragraphs
    ]


def _rewritten(paragraphs: Sentences, outlet: str, generator: random.Random) -> Sentences:
    """The lead kept, the other paragraphs in another order, a quarter of the sentences dropped, words replaced."""
    rest = [
        [_reworded(s, 0.7, generator) for s in paragraph if generator.random() > 0.25]
        for paragraph in paragraphs[1:]
    ]
    generator.shuffle(rest)
    return [[_reworded(s, 0.7, generator) for s in paragraphs[0]], *rest]


def _embedded(paragraphs: Sentences, outlet: str, generator: random.Random) -> Sentences:
    """An opening and a closing of the outlet's own around 60 percent of the sentences."""
    opening = [
        f"Readers of the {outlet} have asked us about this all day.",
        "Here is what is known so far.",
    ]
    closing = ["We will keep following the story.", "Write to the editors with what you know."]
    kept = [[s for s in paragraph if generator.random() < 0.6] for paragraph in paragraphs]
    return [opening, *kept, closing]


KINDS: dict[str, Callable[[Sentences, str, random.Random], Sentences]] = {
    "reprint": _reprint,
    "cut": _cut,
    "edited": _edited,
    "rewritten": _rewritten,
    "embedded": _embedded,
}


def _reworded(sentence: str, share: float, generator: random.Random) -> str:
    def other(match: re.Match[str]) -> str:
        word = match.group()
        swap = _SWAP.get(word.lower())
        if swap is None or generator.random() > share:
            return word
        return swap.capitalize() if word[0].isupper() else swap

    return _WORD.sub(other, sentence)


def _retitled(title: str, generator: random.Random) -> str:
    words = re.split(r"\s*[|–-]\s+", title)[0].split()
    if len(words) > 6 and generator.random() < 0.5:
        words = words[: generator.randint(5, len(words) - 1)]
    return _reworded(" ".join(words), 1.0, generator) or title


def _unlike_each_other(
    articles: Iterable[Article], count: int, generator: random.Random
) -> list[Article]:
    """``count`` articles of some length of which none shares much wording with another."""
    pool = [a for a in articles if len(a["text"]) >= _SHORTEST]
    generator.shuffle(pool)
    holders: dict[str, list[int]] = {}
    sizes: list[int] = []
    chosen: list[Article] = []
    for article in pool:
        words = _WORD.findall(article["text"].lower())
        shingles = {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
        shared: dict[int, int] = {}
        for shingle in shingles:
            for other in holders.get(shingle, ()):
                shared[other] = shared.get(other, 0) + 1
        if any(n > _NEAR * min(len(shingles), sizes[other]) for other, n in shared.items()):
            continue
        sizes.append(len(shingles))
        for shingle in shingles:
            holders.setdefault(shingle, []).append(len(chosen))
        chosen.append(article)
        if len(chosen) == count:
            return chosen
    raise ValueError(f"only {len(chosen)} of {count} articles are unlike each other")
