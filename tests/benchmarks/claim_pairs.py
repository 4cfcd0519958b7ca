"""Claims with and without support, made from articles: headlines, joined and altered sentences."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.evaluation.questions import read_records
from retrieval.text.numbers import parse_numbers
from retrieval.text.sentences import sentences
from tests.benchmarks import weekly_news

YEARS = ("2022", "2024", "2025")
_EACH_YEAR = 87
_CHARS = 2_400
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)?\b")
_SHORTEST, _LONGEST = 50, 260
_SPLICED, _SPLICED_CHARS = 170, 1_800
_PREPOSITIONS = frozenset({"in", "at", "to", "of", "for", "on", "by"})


def make_pairs(seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield claims with passages and a label, from a sample of articles of other years."""
    generator = random.Random(seed)
    for year in YEARS:
        path = weekly_news.SHARED / "data" / f"weekly-news-{year}" / "articles.jsonl.gz"
        articles = [one for one in read_records(path) if len(one["text"]) > 900]
        for article in generator.sample(articles, _EACH_YEAR):
            other = generator.choice(articles)
            yield from _of(article, other, generator)


def make_splices(seed: int = 4) -> Iterator[dict[str, Any]]:
    """Yield sentences put together of halves of two others, and whole ones or clauses of them."""
    generator = random.Random(seed)
    for year in ("2022", "2025"):
        path = weekly_news.SHARED / "data" / f"weekly-news-{year}" / "articles.jsonl.gz"
        articles = [one for one in read_records(path) if len(one["text"]) > 1_200]
        for article in generator.sample(articles, _SPLICED):
            text = article["text"][:_SPLICED_CHARS]
            lower = generator.random() < 0.5
            said = [s for s in sentences(text) if _SHORTEST <= len(s) <= _LONGEST and s[-1:] == "."]
            for claim, label in _spliced(said, generator):
                if lower:
                    claim = claim[:1].upper() + claim[1:].lower()
                yield {
                    "claim": claim,
                    "passages": [text.lower() if lower else text],
                    "label": label,
                }


def _spliced(said: Sequence[str], generator: random.Random) -> Iterator[tuple[str, bool]]:
    if len(said) < 5:
        return
    first, second = generator.sample(said, 2)
    words, rest = first.split(), second.split()
    head = max(2, int(len(words) * generator.choice([0.3, 0.5, 0.65])))
    yield (
        " ".join(words[:head] + rest[int(len(rest) * generator.choice([0.35, 0.5, 0.7])) :]),
        False,
    )
    places = [n for n, word in enumerate(words) if word in _PREPOSITIONS and 2 < n < len(words) - 2]
    others = [n for n, word in enumerate(rest) if word in _PREPOSITIONS and 2 < n < len(rest) - 1]
    if places and others:
        place, other = generator.choice(places), generator.choice(others)
        yield " ".join(words[: place + 1] + rest[other + 1 : other + 4]).rstrip(",.") + ".", False
    whole = generator.choice(said)
    clause = re.split(r"(?<=,) ", whole)[0]
    yield (clause.rstrip(",") + "." if len(clause.split()) > 6 else whole), True
    yield f"{first[:-1]}, and {second[0].lower()}{second[1:]}", True


def _of(
    article: dict[str, Any], other: dict[str, Any], generator: random.Random
) -> Iterator[dict[str, Any]]:
    text = article["text"][:_CHARS]
    passages = [text]
    lower = generator.random() < 0.2
    if lower:
        passages = [text.lower()]

    def made(claim: str, label: bool) -> dict[str, Any]:
        claim = claim[:1].upper() + claim[1:].lower() if lower else claim
        return {"claim": claim, "passages": passages, "label": label}

    names = list(dict.fromkeys(_NAME.findall(text)))
    strange = [name for name in dict.fromkeys(_NAME.findall(other["text"])) if name not in text]
    title = article["title"].strip()
    if _usable_title(title):
        yield made(title, True)
        for altered in _altered(title, names, strange, generator):
            yield made(altered, False)
    if _usable_title(other["title"].strip()):
        yield made(other["title"].strip(), False)
    said = [s for s in sentences(text) if _SHORTEST <= len(s) <= _LONGEST and s[-1:] == "."]
    if len(said) < 4:
        return
    first, second = generator.sample(said, 2)
    yield made(f"{first[:-1]}, and {second[0].lower()}{second[1:]}", True)
    words, rest = first.split(), second.split()
    yield made(" ".join(words[: len(words) // 2] + rest[len(rest) // 2 :]), False)
    for altered in _altered(generator.choice(said), names, strange, generator):
        yield made(altered, False)


def _usable_title(title: str) -> bool:
    words = title.split()
    capitals = sum(word[:1].isupper() for word in words)
    return 5 <= len(words) <= 18 and capitals < 0.7 * len(words) and not title.endswith("?")


def _altered(
    sentence: str, names: Sequence[str], strange: Sequence[str], generator: random.Random
) -> Iterator[str]:
    """The sentence with one name or one number exchanged, if it has any."""
    inside = [name for name in names if name in sentence]
    others = [name for name in names if name not in sentence] or list(strange)
    if inside and (others or strange):
        pool = others if generator.random() < 0.6 or not strange else strange
        yield sentence.replace(generator.choice(inside), generator.choice(pool))
    numbers = [one for one in parse_numbers(sentence) if one.text.isdigit() and len(one.text) > 1]
    if numbers:
        one = generator.choice(numbers)
        value = int(one.text)
        changed = (
            value + generator.choice([-3, -1, 1, 2, 7])
            if one.year
            else round(value * generator.uniform(1.2, 3))
        )
        yield sentence[: one.start] + str(changed) + sentence[one.end :]
