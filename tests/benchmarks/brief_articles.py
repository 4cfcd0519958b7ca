"""Corpora of excerpts, as feeds and search pages give them: a title and a sentence or two.

Near-topic distractors are made of what a whole corpus has for a question once the articles that
answer it are taken out, with all reports of their stories and all that holds the answer. Of each of
them, and of each passage that answers, the sentences that say most of the question are kept. One
corpus has all excerpts of a set, one only those that do not answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from bot.answering.extractive.analysis import coverage
from bot.evaluation.questions import EvaluationQuestion, holds
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.models import SearchResult, SearchResults
from retrieval.text.sentences import sentence_spans
from retrieval.text.stemming import stems
from retrieval.timestamps import TimeRange
from retrieval.web.urls import canonical_url
from tests.benchmarks.weekly_news import ingest_once

# Of a set, so many questions get excerpts.
_QUESTIONS = 300
_ANSWERING, _BESIDE, _FEWEST = 3, 7, 4
_LONGEST = 320
_TITLE = 90

Searched: TypeAlias = list[tuple[EvaluationQuestion, SearchResults]]


def without_answers(
    question: EvaluationQuestion, urls: Sequence[str], results: SearchResults, most: int
) -> Iterator[SearchResult]:
    """The results as if no article that answers had come in, nor any of its story."""
    gold = {canonical_url(url) for url in urls}
    rank, top = 0, 0.0
    for hit in results.hits:
        article = hit.passage.article
        listed = (article.url, *(also.url for also in hit.also))
        if any(url and canonical_url(url) in gold for url in listed):
            continue
        if holds(question.answer, f"{article.title}\n{hit.passage.text}"):
            continue
        rank, top = rank + 1, top or hit.score
        if rank > most:
            return
        yield replace(hit, rank=rank, score=hit.score / top)


async def searched_briefs(
    folder: Path, name: str, found: Sequence[tuple[EvaluationQuestion, list[str], SearchResults]]
) -> tuple[Searched, Searched]:
    """What is found for the questions among all excerpts, and among those that do not answer."""
    answering: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    questions: list[EvaluationQuestion] = []
    step = max(1, len(found) // _QUESTIONS)
    for number, (question, urls, results) in enumerate(found[::step]):
        own = [*_answering(question, results)][:_ANSWERING]
        others = [*without_answers(question, urls, results, _BESIDE)]
        cut = [_excerpt(hit, results, number, place) for place, hit in enumerate(own + others)]
        right = [each for each in cut[: len(own)] if holds(question.answer, each["text"])]
        if right and len(others) >= _FEWEST:
            answering += right
            beside += cut[len(own) :]
            questions.append(question)
    return (
        await _searched(folder / f"{name}-brief", questions, answering + beside),
        await _searched(folder / f"{name}-near", questions, beside),
    )


def _answering(question: EvaluationQuestion, results: SearchResults) -> Iterator[SearchResult]:
    taken: set[str] = set()
    for hit in results.hits:
        article = hit.passage.article
        gold = article.url is not None and canonical_url(article.url) in question.gold
        if gold and article.article_id not in taken and holds(question.answer, hit.passage.text):
            taken.add(article.article_id)
            yield hit


def _excerpt(hit: SearchResult, results: SearchResults, number: int, place: int) -> dict[str, Any]:
    """An article of the sentences that say most of the question. Every other one has no title but
    its beginning, as what is copied from a search page."""
    passage, weights = hit.passage, results.weights
    spans = list(sentence_spans(passage.text))
    best = max(
        range(len(spans)),
        key=lambda n: coverage(set(stems(passage.text[spans[n][0] : spans[n][1]])), weights),
    )
    first, last = spans[best]
    if best and last - spans[best - 1][0] < _LONGEST:
        first = spans[best - 1][0]
    text = passage.text[first : first + 2 * _LONGEST]
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST].rsplit(' ', 1)[0]} ..."
    article = passage.article
    title = text[:_TITLE] if (number + place) % 2 else article.title
    return {
        "url": f"https://brief{place}.example/{number}",
        "title": title,
        "text": text,
        "published_at": article.published_at,
    }


async def _searched(
    data: Path, questions: Sequence[EvaluationQuestion], articles: Sequence[dict[str, Any]]
) -> Searched:
    await ingest_once(data, articles)
    async with open_library(LibraryConfig(data)) as library:
        return [
            (q, await library.search(q.question, TimeRange(q.as_of), corpus="local", limit=10))
            for q in questions
        ]
