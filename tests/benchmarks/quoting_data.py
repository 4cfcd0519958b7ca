"""What answers without a model are learned from: the questions of five years, over whole corpora,
over half-filled ones and with all that answers taken out.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from bot.answering.extractive.analysis import PassageAnalysis, PassageSentence, analyse
from bot.answering.extractive.answer_evidence import asks_of_the_unheld, passage_evidence
from bot.answering.extractive.candidates import Candidates
from bot.answering.extractive.selection import quotable, telling_weights
from bot.answering.extractive.sentence_features import QuestionContext
from bot.answering.extractive.vectors import NO_VECTORS
from bot.evaluation.abstention import first_half
from bot.evaluation.questions import EvaluationQuestion, holds, known_questions, read_records
from bot.storage.library import open_library
from retrieval.indexes.keyword_schema import stems
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.models import SearchResult, SearchResults
from retrieval.timestamps import TimeRange
from retrieval.web.urls import canonical_url
from tests.benchmarks import pasted
from tests.benchmarks.weekly_news import SHARED

SETS = ("weekly-news", *(f"weekly-news-{year}" for year in range(2022, 2027)))
# `whole`: all articles; `half`: those of the first half of the dates; `distractors`: all but those
# that answer the question, and their near-copies.
# `article`: one article alone, which answers or does not.
Corpus = Literal["whole", "half", "distractors", "article"]

_SEARCHED = {"whole": 20, "half": 10}
_READ = 10
# Every so many-th question is also asked without what answers it.
_EVERY = 3


@dataclass(frozen=True, slots=True)
class Example:
    """One question as it is read over one corpus.

    ``answers`` says which of ``sentences`` hold the answer, ``answering`` which of the stems of
    ``candidates`` are part of it; ``answerable`` is None where nobody knows.
    """

    question: EvaluationQuestion
    year: int
    corpus: Corpus
    answerable: bool | None
    analysis: PassageAnalysis
    sentences: list[PassageSentence]
    features: npt.NDArray[np.float64]
    candidates: Candidates
    passages: dict[str, float]
    unheld: bool
    answers: npt.NDArray[np.bool_]
    answering: npt.NDArray[np.bool_]

    @property
    def pasted(self) -> bool:
        """Whether it is about a pasted article."""
        return self.year < 2000

    @property
    def telling(self) -> bool:
        """Whether its sentences can be learned from. A short answer stands anywhere by chance."""
        counts = bool(self.question.gold) and self.corpus != "distractors"
        return counts and bool(self.answers.any()) and float(self.answers.mean()) <= 0.4


async def examples(folder: Path, sets: Sequence[str] = SETS) -> list[Example]:
    """Read all questions of ``sets``. Corpora and what was found are kept in ``folder``."""
    found: list[Example] = []
    for name in sets:
        for corpus in ("whole", "half"):
            for example in await _examples(folder, name, corpus):
                found.append(example)
    return found


async def _examples(folder: Path, name: str, corpus: Literal["whole", "half"]) -> list[Example]:
    year = int(match[1]) if (match := re.search(r"-(20\d\d)", name)) else 2023
    kept = folder / f"{name}-{corpus}.pickle"
    if not kept.exists():
        kept.write_bytes(pickle.dumps(await _searched(folder, name, corpus)))
    made: list[Example] = []
    for number, (question, urls, results) in enumerate(pickle.loads(kept.read_bytes())):
        if not results.hits:
            continue
        answerable = True if question.gold else None if question.covered else False
        read = replace(results, hits=results.hits[:_READ])
        made.append(_example(question, year, corpus, answerable, read))
        if corpus == "whole" and number % _EVERY == 0:
            rest = tuple(_without_answers(question, urls, results))
            if len(rest) >= 3:
                made.append(
                    _example(question, year, "distractors", False, replace(results, hits=rest))
                )
        if corpus == "whole":
            made += [
                _example(question, year, "article", answers, only)
                for answers, only in _single_articles(question, results)
            ]
    return made


async def pasted_examples(folder: Path) -> list[Example]:
    """The questions on pasted articles, each on its own article and on another one; the years 1 and
    2 tell two halves of the articles apart."""
    articles = pasted.load()
    made: list[Example] = []
    async with open_library(LibraryConfig(folder / "pasted"), writer="training") as library:
        for number, article in enumerate(articles):
            await pasted.take_in(library, folder, number, article["text"])
        now = datetime.now(UTC)
        for number, article in enumerate(articles):
            for place, each in enumerate(article["questions"]):
                other = (number + 2 * (1 + place)) % len(articles)
                for corpus, answerable in ((number, True), (other, False)):
                    results = await library.search(
                        each["question"],
                        TimeRange(now),
                        corpus=pasted.corpus_of(corpus),
                        limit=_READ,
                    )
                    question = EvaluationQuestion(
                        f"{number}.{place}", each["question"], each["answer"], "2026-01-01",
                        frozenset(["pasted"] if answerable else []),
                    )  # fmt: skip
                    if results.hits:
                        made.append(
                            _example(question, 1 + number % 2, "article", answerable, results)
                        )
    return made


def _single_articles(
    question: EvaluationQuestion, results: SearchResults
) -> Iterator[tuple[bool, SearchResults]]:
    """What is found in one article that answers and in one that does not, alone."""
    for answers in (True, False):
        for hit in results.hits:
            article = hit.passage.article
            gold = article.url is not None and canonical_url(article.url) in question.gold
            holding = holds(question.answer, f"{article.title}\n{hit.passage.text}")
            if (gold and holding) if answers else not holding:
                own = [
                    h for h in results.hits if h.passage.article.article_id == article.article_id
                ]
                alone = tuple(
                    replace(h, rank=rank, score=h.score / own[0].score, also=())
                    for rank, h in enumerate(own, 1)
                )
                yield answers, replace(results, hits=alone)
                break


def _example(
    question: EvaluationQuestion,
    year: int,
    corpus: Corpus,
    answerable: bool | None,
    results: SearchResults,
) -> Example:
    analysis = analyse(results.question, results.hits, telling_weights(results))
    sentences = quotable(analysis)
    context = QuestionContext(analysis, sentences, results.until)
    features, candidates = context.features(), context.candidates
    answer = set(stems(question.answer))
    # They are large, and all that they tell is in the features.
    analysis = replace(analysis, vectors=NO_VECTORS)
    return Example(
        question, year, corpus, answerable, analysis, sentences, features, candidates,
        passage_evidence(analysis),
        asks_of_the_unheld(analysis),
        np.array([holds(question.answer, each.text) for each in sentences], dtype=bool),
        np.array([stem in answer for stem in candidates.stems], dtype=bool),
    )  # fmt: skip


def _without_answers(
    question: EvaluationQuestion, urls: Sequence[str], results: SearchResults
) -> Iterator[SearchResult]:
    """The results as if no article that answers had come in, nor any of its story."""
    gold = {canonical_url(url) for url in urls}
    rank, top = 0, 0.0
    for hit in results.hits:
        listed = (hit.passage.article.url, *(also.url for also in hit.also))
        if any(url and canonical_url(url) in gold for url in listed):
            continue
        if holds(question.answer, hit.passage.article.title):
            continue
        rank, top = rank + 1, top or hit.score
        if rank > _READ:
            return
        yield replace(hit, rank=rank, score=hit.score / top)


async def _searched(folder: Path, name: str, corpus: Literal["whole", "half"]) -> list[Any]:
    """For each question that tells something: it, the URLs of its articles, what search finds."""
    records = read_records(SHARED / "data" / name / "questions.jsonl")
    articles = read_records(SHARED / "data" / name / "articles.jsonl.gz")
    if corpus == "half":
        articles = [dict(article) for article in first_half(articles, records)]
    questions = known_questions(records, articles)
    urls = {
        str(record.get("id", n)): record.get("gold_urls") or []
        for n, record in enumerate(records, 1)
    }
    data = folder / f"{name}-{corpus}"
    if not (data / "done").exists():
        data.mkdir(parents=True, exist_ok=True)
        file = data / "articles.jsonl"
        file.write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
        async with open_library(LibraryConfig(data), writer="training") as library:
            indexer = await library.indexer("eval")
            sources = read_source(file, 50_000_000)
            async for _ in ingest(indexer, sources, actor="training", data_dir=data):
                pass
        (data / "done").touch()
    found = []
    async with open_library(LibraryConfig(data)) as library:
        for question in questions:
            missing = corpus == "half" and question.names_articles and not question.covered
            if question.gold or missing:
                results = await library.search(
                    question.question, TimeRange(question.as_of), corpus="eval",
                    limit=_SEARCHED[corpus],
                )  # fmt: skip
                found.append((question, urls[question.id], results))
    return found
