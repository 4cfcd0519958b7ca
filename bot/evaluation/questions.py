"""Questions with known answers, and which of them a set of articles answers.

A question counts if its answer stands in the title or text of one of its gold articles that is
visible when it is asked; one that names a time only if such an article is at most 14 days old.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from retrieval.errors import UnreadableSource
from retrieval.text.encoding import file_errors, open_plain_or_gzip
from retrieval.timestamps import Span, parse_span
from retrieval.web.urls import canonical_url

_NAMES_A_TIME = re.compile(
    r"\b(?:today|yesterday|tonight|last night|now|recent|recently|latest"
    r"|(?:this|last|past) (?:week|weekend|month|year|spring|summer|fall|autumn|winter)"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_MAX_AGE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class EvaluationQuestion:
    """A question with its answer. ``gold`` are the canonical URLs of the articles that answer it,
    none if it does not count; ``covered`` says whether any of the articles named for it is there,
    ``names_articles`` whether any is named."""

    id: str
    question: str
    answer: str
    asked_at: str
    gold: frozenset[str]
    covered: bool = True
    names_articles: bool = True

    @property
    def as_of(self) -> datetime:
        """The moment that the question is asked at: the end of ``asked_at``, in UTC."""
        return parse_span(self.asked_at).end


def read_records(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file. Raises ``UnreadableSource``."""
    records = []
    try:
        with file_errors(str(path)), open_plain_or_gzip(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    record = json.loads(line)
                    if not isinstance(record, dict):
                        raise UnreadableSource("not-a-json-object", place=f"{path}:{number}")
                    records.append(record)
    except ValueError as error:
        raise UnreadableSource("not-json", place=f"{path}:{len(records) + 1}") from error
    return records


def known_questions(
    records: Iterable[Mapping[str, Any]], articles: Sequence[Mapping[str, Any]]
) -> list[EvaluationQuestion]:
    """The questions that have an answer and a moment, with the articles that answer them. Raises
    ``UnreadableSource``."""
    by_url = {canonical_url(a["url"]): a for a in articles if a.get("url")}
    questions = []
    for number, record in enumerate(records, 1):
        answer, asked_at = record.get("answer"), record.get("asked_at")
        if not answer or not asked_at or not plain(str(answer)).strip():
            continue
        question_id = str(record.get("id", number))
        try:
            named = [canonical_url(url) for url in record.get("gold_urls") or []]
            gold = frozenset(_answering(record, named, by_url))
            asked = str(record["question"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UnreadableSource("question-incomplete", id=question_id) from error
        covered = any(url in by_url for url in named)
        questions.append(
            EvaluationQuestion(
                question_id, asked, str(answer), asked_at, gold, covered, bool(named)
            )
        )
    return questions


def _answering(
    record: Mapping[str, Any], named: Iterable[str], by_url: Mapping[str, Mapping[str, Any]]
) -> Iterable[str]:
    asked = parse_span(record["asked_at"])
    recent_only = bool(_NAMES_A_TIME.search(record["question"]))
    for url in named:
        article = by_url.get(url)
        if article is None or not _visible(article, asked, recent_only):
            continue
        if holds(str(record["answer"]), f"{article['title']}\n{article['text']}"):
            yield url


def _visible(article: Mapping[str, Any], asked: Span, recent_only: bool) -> bool:
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
    """Return whether ``text`` contains the answer, both in plain words."""
    return plain(answer) in plain(text)
