"""Corpora of excerpts, as feeds and search pages give them: a title and a sentence or two.

Near-topic distractors are made of what a whole corpus has for a question once the articles that
answer it are taken out, with all reports of their stories and all that holds the answer. Of each of
them, and of each passage that answers, the sentences that say most of the question are kept. One
corpus has all excerpts of a set, one only those that do not answer. Questions are also asked short,
and with a name or number of another excerpt in place of their own, which nothing answers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from bot.answering.extractive.analysis import coverage
from bot.evaluation.questions import EvaluationQuestion, holds
from bot.storage.library import open_library
from retrieval.indexes.keyword_schema import stems
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.models import SearchResult, SearchResults
from retrieval.search.query import content_words
from retrieval.text.sentences import sentence_spans
from retrieval.timestamps import TimeRange
from retrieval.web.urls import canonical_url

# Of a set, so many questions get excerpts.
_QUESTIONS = 300
_ANSWERING, _BESIDE, _FEWEST = 3, 7, 4
_LONGEST = 320
_TITLE = 90
# Of a short question's words.
_WORDS = 4

# In the middle of a sentence.
_NAME_OR_NUMBER = re.compile(
    r"(?<=[a-z,] )[A-Z][\w’'-]*[a-z]\w*(?: [A-Z][\w’'-]*\w)*|(?<=[a-z,] )\d[\d,.]*\b"
)

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
    """What is found for the questions among all excerpts; and for the same among those that do not
    answer, with what is found for altered questions among all."""
    answering: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    questions: list[EvaluationQuestion] = []
    changed: list[EvaluationQuestion] = []
    step = max(1, len(found) // _QUESTIONS)
    for number, (question, urls, results) in enumerate(found[::step]):
        own = [*_answering(question, results)][:_ANSWERING]
        others = [*without_answers(question, urls, results, _BESIDE)]
        cut = [_excerpt(hit, results, number, place) for place, hit in enumerate(own + others)]
        right = [each for each in cut[: len(own)] if holds(question.answer, each["text"])]
        if right and len(others) >= _FEWEST:
            answering += right
            beside += cut[len(own) :]
            questions += [question, shortened(question, number)]
            changed += altered(question, right, cut[len(own) :], number)
    every = await _searched(folder / f"{name}-brief", questions + changed, answering + beside)
    near = await _searched(folder / f"{name}-near", questions, beside)
    return every[: len(questions)], near + every[len(questions) :]


def shortened(question: EvaluationQuestion, seed: int) -> EvaluationQuestion:
    """The question as somebody in a hurry types it: some of the words that it is about, in order,
    with all that it asks with. What is near has more of a short question than of a long one."""
    words = question.question.split()
    about = {stem for word in content_words(question.question) for stem in stems(word)}
    telling = [n for n, word in enumerate(words) if set(stems(word)) & about]
    kept = set(Random(seed).sample(telling, min(_WORDS, len(telling))))
    left = [word for n, word in enumerate(words) if n in kept or n not in telling]
    return replace(question, question=" ".join(left))


def altered(
    question: EvaluationQuestion,
    answering: Sequence[Mapping[str, Any]],
    beside: Sequence[Mapping[str, Any]],
    seed: int,
) -> Iterator[EvaluationQuestion]:
    """The question about somebody or something else that other excerpts name, if there is one: a
    name of its own, which those that answer have, gives way to another of as many words."""
    told = " ".join(f"{each['title']} {each['text']}" for each in answering)
    others = {
        match[0]
        for each in beside
        for match in _NAME_OR_NUMBER.finditer(each["text"])
        if not set(stems(match[0])) & set(stems(f"{question.question} {told}"))
    }
    own = [m for m in _NAME_OR_NUMBER.finditer(question.question) if m[0] in told]
    pairs = [
        (match, other)
        for match in own
        for other in sorted(others)
        if _form(match[0]) == _form(other)
    ]
    if pairs:
        match, other = Random(seed).choice(pairs)
        asked = question.question
        yield replace(question, question=f"{asked[: match.start()]}{other}{asked[match.end() :]}")


def _form(name: str) -> tuple[int, bool, int]:
    """What two names or numbers have in common that can stand for one another."""
    number = name[0].isdigit()
    return len(name.split()), number, len(name) if number else 0


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
    if not (data / "done").exists():
        data.mkdir(parents=True, exist_ok=True)
        file = data / "articles.jsonl"
        file.write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
        async with open_library(LibraryConfig(data), writer="training") as library:
            indexer = await library.indexer("local")
            sources = read_source(file, 50_000_000)
            async for _ in ingest(indexer, sources, actor="training", data_dir=data):
                pass
        (data / "done").touch()
    async with open_library(LibraryConfig(data)) as library:
        return [
            (q, await library.search(q.question, TimeRange(q.as_of), corpus="local", limit=10))
            for q in questions
        ]
