"""What the classifier of orders in articles learns from: families of templates and real sentences."""

from __future__ import annotations

import base64
import codecs
import random
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from bot.evaluation.questions import read_records
from retrieval.text.sentences import sentences
from tests.benchmarks.weekly_news import SHARED

FOLDER = Path(__file__).parent / "models"
LEARNED_YEARS = ("weekly-news-2022", "weekly-news-2024", "weekly-news-2025", "weekly-news-2026")
LEFT_OUT_YEARS = ("weekly-news", "weekly-news-2023")
_PHRASE = re.compile(
    r"\b(?:the|a|an|some|two|three|these|my|our|your) (?:[a-z]{3,} ){0,2}[a-z]{4,}(?= (?:in|on|for|of|to|and|with|is|was|are|were|that|by|at|from)\b|[.,;])"
)
_SMALL_WORDS = frozenset(["the", "a", "an", "it", "he", "she", "they", "this", "that", "there", "in", "on", "at", "some", "more", "police", "officials", "people", "his", "her", "their", "its", "these", "those", "many", "two", "about"])  # fmt: skip
_TIMES_WRITTEN = 3  # an order that was written by itself counts as much as so many of a template's
_SLOT = re.compile(r"\{(\w+)\}")


Article: TypeAlias = tuple[str, list[str]]  # title and sentences


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with its class. ``group``: its kind of order, else its family, left out as one."""

    text: str
    label: str
    group: str


def examples(most_of_a_family: int = 240) -> list[Example]:
    """Sentences of every family, each once, with their class."""
    table = tomllib.loads((FOLDER / "orders.toml").read_text(encoding="utf-8"))
    draw = random.Random(7)
    table["slots"] |= {"fact": facts(), "phrase": phrases()}
    kinds = tomllib.loads((FOLDER / "order_kinds.toml").read_text(encoding="utf-8"))
    group_of = {
        family: kind for kind, families in kinds.pop("families").items() for family in families
    }
    found = [
        Example(text, entry["class"], kind)
        for kind, entry in kinds.items()
        for text in entry["texts"]
        for _ in range(_TIMES_WRITTEN)
    ]
    for family, entry in table["families"].items():
        made: dict[str, None] = {}
        rounds = entry.get("most", most_of_a_family) // len(entry["texts"])
        for template in entry["texts"]:
            for _ in range(max(1, rounds)):
                made[_filled(template, table["slots"], draw)] = None
        group = group_of.get(family, family)
        found += [Example(text, entry["class"], group) for text in made]
    orders = [each.text for each in found if each.label in ("order", "request")]
    found += [
        Example(text, "encoded", "encoded")
        for order in draw.sample(orders, 60)
        for text in _encoded(order)
    ]
    return found


@cache
def _some_articles() -> list[Article]:
    found = [each for year in LEARNED_YEARS for each in islice(articles(year), 0, 1_200, 6)]
    return random.Random(13).sample(found, len(found))


def facts() -> list[str]:
    """Real sentences as they stand behind "that"."""
    found = []
    for _, each in _some_articles():
        for sentence in each[1:8]:
            if 30 <= len(sentence) <= 140 and sentence.endswith(".") and sentence[0].isupper():
                word = sentence.split()[0]
                lowered = word.lower() in _SMALL_WORDS
                found.append(sentence[0].lower() + sentence[1:] if lowered else sentence)
    return found[:3_000]


def phrases() -> list[str]:
    """Things with their article, out of real sentences."""
    return [
        phrase
        for _, each in _some_articles()
        for sentence in each[:12]
        for phrase in _PHRASE.findall(sentence)
    ][:4_000]


def attacks(name: str) -> dict[str, list[str]]:
    """The orders of a list, ``dev`` or ``held_out``, by kind."""
    table = tomllib.loads((FOLDER / "attacks.toml").read_text(encoding="utf-8"))
    kinds: dict[str, list[str]] = table[name]
    return kinds


def articles(year: str) -> Iterator[Article]:
    """Title and sentences of each article of a year."""
    path = SHARED / "data" / year / "articles.jsonl.gz"
    for record in read_records(path):
        yield record["title"], sentences(record["text"])


def _filled(template: str, slots: dict[str, list[str]], draw: random.Random) -> str:
    text = template
    while _SLOT.search(text) and len(text) < 400:
        text = _SLOT.sub(lambda match: draw.choice(slots[match[1]]), text)
    return text[:1].upper() + text[1:]


def _encoded(order: str) -> list[str]:
    raw = order.encode()
    return [
        base64.b64encode(raw).decode(),
        raw.hex(),
        codecs.encode(order, "rot13"),
        order[::-1],
        " ".join(format(byte, "08b") for byte in raw[:12]),
        " ".join(order),
        order.translate(str.maketrans("aeiost", "431057")),
    ]
