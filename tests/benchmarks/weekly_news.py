"""The dev set: real articles and news-quiz questions of twenty weeks, and how a search is scored.

A question counts if its answer stands in the title or text of one of its gold articles that is
visible when it is asked; one that names a time only if such an article is at most 14 days old. A
hit is a passage of such an article (or of one that lists it under ``also``) whose title or first
1,000 characters hold the answer, in lower case with punctuation as spaces.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from retrieval.articles import AlsoIn, Hit
from retrieval.moments import Span, parse_span
from retrieval.urls import canonical_url

SHARED = Path(__file__).parents[3] / "shared"
FOLDER = SHARED / "data" / "weekly-news"
ARTICLES = FOLDER / "articles.jsonl.gz"
QUESTIONS = FOLDER / "questions.jsonl"

_NAMES_A_TIME = re.compile(
    r"\b(?:today|yesterday|tonight|last night|now|recent|recently|latest"
    r"|(?:this|last|past) (?:week|weekend|month|year|spring|summer|fall|autumn|winter)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_MAX_AGE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that counts: ``gold`` are the canonical URLs of articles that answer it."""

    id: str
    question: str
    answer: str
    asked_at: str
    gold: frozenset[str]


def load_articles() -> list[dict[str, Any]]:
    with gzip.open(ARTICLES, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def counting_questions() -> list[Question]:
    """The answerable questions of the set, in its order."""
    articles = {canonical_url(a["url"]): a for a in load_articles()}
    counting = []
    with QUESTIONS.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            gold = frozenset(_answering(record, articles))
            if gold:
                counting.append(
                    Question(record["id"], record["question"], record["answer"], record["asked_at"], gold)
                )  # fmt: skip
    return counting


def _answering(record: dict[str, Any], articles: dict[str, dict[str, Any]]) -> Iterable[str]:
    answer, asked_at = record.get("answer"), record.get("asked_at")
    if not answer or not asked_at or not plain(answer):
        return
    asked = parse_span(asked_at)
    names_a_time = bool(_NAMES_A_TIME.search(record["question"]))
    for url in map(canonical_url, record.get("gold_urls") or []):
        article = articles.get(url)
        if article is None or not _visible(article, asked, names_a_time):
            continue
        if holds(answer, f"{article['title']}\n{article['text']}"):
            yield url


def _visible(article: dict[str, Any], asked: Span, recent_only: bool) -> bool:
    if not article.get("published_at"):
        return not recent_only
    published = parse_span(article["published_at"])
    if published.start > asked.end:
        return False
    return not recent_only or asked.start - published.start <= _MAX_AGE


def plain(text: str) -> str:
    """Lower case, punctuation as spaces, padded so that whole words compare."""
    return " " + " ".join(re.sub(r"[\W_]+", " ", text.lower()).split()) + " "


def holds(answer: str, text: str) -> bool:
    return plain(answer) in plain(text)


def first_hit(question: Question, hits: Sequence[Hit]) -> int | None:
    """The rank of the first hit, None if there is none."""
    for hit in hits:
        article = hit.passage.article
        urls = {article.url, *(also.url for also in hit.also if isinstance(also, AlsoIn))}
        is_gold = any(url and canonical_url(url) in question.gold for url in urls)
        if is_gold and holds(question.answer, f"{article.title}\n{hit.passage.text[:1000]}"):
            return hit.rank
    return None


def summary(ranks: Sequence[int | None]) -> dict[str, float]:
    """Hits@1, @5, @10 and MRR@10 of the ranks of the first hits."""
    count = len(ranks)
    found = [rank for rank in ranks if rank is not None and rank <= 10]
    figures = {f"Hits@{k}": sum(rank <= k for rank in found) / count for k in (1, 5, 10)}
    return {**figures, "MRR@10": sum(1 / rank for rank in found) / count}
