"""What answers without a model are learned from: the questions of five years, over whole corpora,
over half-filled ones and with all that answers taken out.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bot.answering.extractive.analysis import PassageAnalysis, PassageSentence, analyse
from bot.answering.extractive.answer_evidence import asks_of_the_unheld, passage_evidence
from bot.answering.extractive.candidates import Candidates
from bot.answering.extractive.selection import quotable, telling_weights
from bot.answering.extractive.sentence_features import QuestionContext
from bot.answering.extractive.vectors import NO_VECTORS
from bot.answering.extractive.window_evidence import window_evidence
from bot.evaluation.abstention import first_half
from bot.evaluation.questions import EvaluationQuestion, holds, known_questions, read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.models import SearchResults
from retrieval.text.stemming import stems
from retrieval.timestamps import TimeRange
from retrieval.web.urls import canonical_url
from tests.benchmarks import pasted
from tests.benchmarks.brief_articles import searched_briefs, without_answers
from tests.benchmarks.weekly_news import SHARED, ingested

SETS = ("weekly-news", *(f"weekly-news-{year}" for year in range(2022, 2027)))
# `whole`: all articles; `half`: those of the first half of the dates; `distractors`: all but those
# that answer the question, and the reports of their stories; `brief`: excerpts of articles, some of
# which answer; `near`: the same without those; `article`: one article alone, which answers or not.
Corpus = Literal["whole", "half", "distractors", "brief", "near", "article"]
Found: TypeAlias = tuple[EvaluationQuestion, list[str], SearchResults]

_SEARCHED = {"whole": 30, "half": 10}
_READ = 10
# Of a set at least so many questions are read, if it has them; never twice as many.
_QUESTIONS = 170
# Every so many-th question is also asked without what answers it.
_EVERY = 2
_LEAST = 3


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
    windows: list[dict[str, float]]
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
        counts = bool(self.question.gold) and self.corpus not in ("distractors", "near")
        return counts and bool(self.answers.any()) and float(self.answers.mean()) <= 0.4


async def examples(folder: Path, sets: Sequence[str] = SETS) -> list[Example]:
    """Read all questions of ``sets``. Corpora and examples are kept in ``folder``: a run that was
    stopped goes on where it was."""
    found: list[Example] = []
    for name in sets:
        kept = folder / f"{name}-examples.pickle"
        if not kept.exists():
            made = await _of_set(folder, name)
            unfinished = kept.with_suffix(".part")
            unfinished.write_bytes(pickle.dumps(made))
            unfinished.rename(kept)
            print(f"{name}: {len(made)} examples read", flush=True)
        found += pickle.loads(kept.read_bytes())
    return found


async def _of_set(folder: Path, name: str) -> list[Example]:
    year = int(match[1]) if (match := re.search(r"-(20\d\d)", name)) else 2023
    whole, half = await _searched(folder, name, "whole"), await _searched(folder, name, "half")
    found = [*_examples(year, "whole", whole), *_examples(year, "half", half)]
    answering, near = await searched_briefs(folder, name, whole)
    for question, results in answering:
        if results.hits:
            found.append(_example(question, year, "brief", True, results))
    for question, results in near:
        if results.hits:
            found.append(_example(question, year, "near", False, results))
    return found


def _examples(
    year: int, corpus: Literal["whole", "half"], searched: Sequence[Found]
) -> list[Example]:
    made: list[Example] = []
    for number, (question, urls, results) in enumerate(searched):
        if not results.hits:
            continue
        answerable = True if question.gold else None if question.covered else False
        read = replace(results, hits=results.hits[:_READ])
        made.append(_example(question, year, corpus, answerable, read))
        if corpus == "whole" and number % _EVERY == 0:
            rest = tuple(without_answers(question, urls, results, _READ))
            if len(rest) >= _LEAST:
                made.append(
                    _example(question, year, "distractors", False, replace(results, hits=rest))
                )
        if corpus == "whole" and number % _EVERY:
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
        window_evidence(analysis, sentences),
        asks_of_the_unheld(analysis),
        np.array([holds(question.answer, each.text) for each in sentences], dtype=bool),
        np.array([stem in answer for stem in candidates.stems], dtype=bool),
    )  # fmt: skip


async def _searched(folder: Path, name: str, corpus: Literal["whole", "half"]) -> list[Found]:
    """For each question that tells something: it, the URLs of its articles, what search finds."""
    records = read_records(SHARED / "data" / name / "questions.jsonl")
    articles = read_records(SHARED / "data" / name / "articles.jsonl.gz")
    if corpus == "half":
        articles = [dict(article) for article in first_half(articles, records)]
    urls = {
        str(record.get("id", n)): record.get("gold_urls") or []
        for n, record in enumerate(records, 1)
    }
    questions = [
        question
        for question in known_questions(records, articles)
        if question.gold or (corpus == "half" and question.names_articles and not question.covered)
    ]
    data = await ingested(folder, name, half=corpus == "half")
    # More of one year teach little more, and cost as much as the first.
    questions = questions[:: max(1, len(questions) // _QUESTIONS)]
    results = await search_all(data, questions, _SEARCHED[corpus])
    return [(q, urls[q.id], r) for q, r in zip(questions, results, strict=True)]


async def search_all(
    data: Path, questions: Sequence[EvaluationQuestion], limit: int
) -> list[SearchResults]:
    """What the library in ``data`` has for each question, as of the moment it was asked."""
    async with open_library(LibraryConfig(data)) as library:
        return [
            await library.search(
                question.question, TimeRange(question.as_of), corpus="local", limit=limit
            )
            for question in questions
        ]
