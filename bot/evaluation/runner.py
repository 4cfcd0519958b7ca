"""Running all questions over a set of articles: how well search finds and answers answer."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.evaluation.questions import EvaluationQuestion, holds, known_questions, read_records
from bot.evaluation.scoring import MEASURES, Interval, difference, first_hit, interval
from bot.storage.library import open_library
from retrieval.errors import SettingsError, UnreadableSource
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library, LibraryConfig
from retrieval.search.ranking import FEATURES
from retrieval.timestamps import TimeRange

_LIMIT = 10
# Keyword search that prefers new reports: what is easily had without all the rest.
BASELINE = dict.fromkeys(FEATURES, 0.0) | {"bm25": 1.0, "bm25_peak": 1.0, "week": 0.35}


# The setting of that name, which is always compared.
BM25 = "bm25"


@dataclass(frozen=True, slots=True)
class EvaluationSet:
    """Articles and the questions that are asked of them, as JSON Lines."""

    articles: Path
    questions: Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question."""

    question: EvaluationQuestion
    rank: int | None
    abstained: bool
    right: bool
    search_ms: float
    answer_ms: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The outcomes under one setting, and how fast the articles came in."""

    setting: str
    articles: int
    articles_per_second: float
    outcomes: list[Outcome] = field(default_factory=list)
    # Whether answers were asked for, or search was measured alone.
    answered: bool = True

    @property
    def counting(self) -> list[Outcome]:
        """The outcomes of questions with articles that should be found."""
        return [outcome for outcome in self.outcomes if outcome.question.gold]

    @property
    def uncovered(self) -> list[Outcome]:
        """The outcomes of questions whose articles are all missing."""
        return [outcome for outcome in self.outcomes if not outcome.question.covered]

    def retrieval(self) -> dict[str, Interval]:
        """Return, by name, the measures of search over the questions that count."""
        ranks = [outcome.rank for outcome in self.counting]
        return {name: interval([score(rank) for rank in ranks]) for name, score in MEASURES.items()}

    def answers(self) -> dict[str, Interval]:
        """Of the questions that count: answered at all, and with the right answer in the text. Of
        those whose articles are all missing: abstained. Nothing where search was measured alone."""
        if not self.answered:
            return {}
        return {
            "answered": interval([float(not o.abstained) for o in self.counting]),
            "right": interval([float(o.right) for o in self.counting]),
            "abstained without coverage": interval([float(o.abstained) for o in self.uncovered]),
        }

    def by_week(self) -> dict[str, dict[str, float]]:
        """By ``asked_at``: how many questions count, and their means."""
        return self._by(len("2023-11-03"))

    def by_year(self) -> dict[str, dict[str, float]]:
        """By the year in which they were asked: how many questions count, and their means."""
        return self._by(len("2023"))

    def of_year(self, year: str) -> Evaluation:
        """What was asked in that year alone."""
        outcomes = [o for o in self.outcomes if o.question.asked_at.startswith(year)]
        return replace(self, outcomes=outcomes)

    def _by(self, length: int) -> dict[str, dict[str, float]]:
        parts: dict[str, list[Outcome]] = {}
        for outcome in self.counting:
            parts.setdefault(outcome.question.asked_at[:length], []).append(outcome)
        return {
            part: {
                "questions": len(outcomes),
                **{
                    name: statistics.mean(score(o.rank) for o in outcomes)
                    for name, score in MEASURES.items()
                },
                "right": statistics.mean(float(o.right) for o in outcomes),
            }
            for part, outcomes in sorted(parts.items())
        }

    def timing(self) -> dict[str, float]:
        """Milliseconds, and articles a second."""
        search = [o.search_ms for o in self.outcomes] or [0.0]
        answer = [o.answer_ms for o in self.outcomes] or [0.0]
        return {
            "articles_per_second": self.articles_per_second,
            "search_median_ms": statistics.median(search),
            "search_p99_ms": _p99(search),
            "answer_median_ms": statistics.median(answer),
            "answer_p99_ms": _p99(answer),
        }


def compare(first: Evaluation, second: Evaluation) -> dict[str, Interval]:
    """First minus second, by measure, on the questions that count."""
    return {
        name: difference(
            [score(o.rank) for o in first.counting], [score(o.rank) for o in second.counting]
        )
        for name, score in MEASURES.items()
    } | (
        {}
        if not (first.answered and second.answered)
        else {
            "right": difference(
                [float(o.right) for o in first.counting], [float(o.right) for o in second.counting]
            )
        }
    )


def changed(config: LibraryConfig, setting: str) -> LibraryConfig:
    """``config`` with one setting changed: ``embedder=NAME``, a weight (``week=0``), a number of
    candidates (``dense_candidates=20``), or ``bm25`` for keywords with recency alone.

    Raises ``SettingsError``.
    """
    name, _, value = setting.partition("=")
    try:
        if setting == BM25:
            return replace(
                config, ranking=replace(config.ranking, dense_candidates=0, weights=BASELINE)
            )
        if name == "embedder":
            return replace(config, embedder=value)
        if name in FEATURES:
            weights = {**config.ranking.weights, name: float(value)}
            return replace(config, ranking=replace(config.ranking, weights=weights))
        if name in {"keyword_candidates", "dense_candidates", "passages_per_article"}:
            number = int(value)
            return replace(config, ranking=replace(config.ranking, **{name: number}))  # type: ignore[arg-type]
    except ValueError as error:
        raise SettingsError("comparison-not-a-number", setting=setting) from error
    known = ", ".join(
        [
            "bm25",
            "embedder",
            *FEATURES,
            "keyword_candidates",
            "dense_candidates",
            "passages_per_article",
        ]
    )
    raise SettingsError("comparison-unknown", setting=setting, known=known)


_FORM = '{"question": "…", "answer": "…", "asked_at": "2023-11-03", "gold_urls": ["…"]}'


async def evaluate(
    sets: Sequence[EvaluationSet],
    config: LibraryConfig,
    settings: Sequence[str] = (),
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    *,
    search_only: Collection[str] = (),
) -> list[Evaluation]:
    """Measure ``config``, and after it each of ``settings``, on all sets together, each set in a
    corpus of its own.

    Of those that are ``search_only`` no answers are asked for. Raises ``UnreadableSource`` for files that are not as
    the contract says, and ``SettingsError``.
    """
    configs = [config, *(changed(config, setting) for setting in settings)]
    known = [await asyncio.to_thread(_read, each) for each in sets]
    count = sum(articles for articles, _ in known)
    evaluations = []
    with tempfile.TemporaryDirectory(prefix="newsdesk-eval-") as folder:
        for setting, each in zip(["as set", *settings], configs, strict=True):
            outcomes: list[Outcome] = []
            seconds, answers = 0.0, setting not in search_only
            for number, (one, (articles, questions)) in enumerate(zip(sets, known, strict=True)):
                # Articles are ingested once for each embedder.
                place = Path(folder) / f"{number}-{each.embedder}"
                if not place.exists():
                    start = time.perf_counter()
                    async with open_library(
                        each.embedded(place),
                        writer="eval",
                    ) as library:
                        await _ingest(library, one.articles, articles, place, progress)
                    seconds += time.perf_counter() - start
                async with open_library(each.embedded(place)) as library:
                    asked = _asked(library, questions, progress, answers=answers)
                    outcomes += [outcome async for outcome in asked]
            rate = count / seconds if seconds else 0.0
            evaluations.append(Evaluation(setting, count, rate, outcomes, answers))
    return evaluations


def _read(one: EvaluationSet) -> tuple[int, list[EvaluationQuestion]]:
    """How many articles a set has, and its questions with an answer."""
    records = read_records(one.articles)
    if not records:
        raise UnreadableSource("no-articles-in-file", path=str(one.articles))
    known = known_questions(read_records(one.questions), records)
    if not known:
        raise UnreadableSource("no-questions-in-file", path=str(one.questions), form=_FORM)
    return len(records), known


async def _ingest(
    library: Library,
    articles: Path,
    count: int,
    folder: Path,
    progress: Callable[[str, int, int], None],
) -> None:
    indexer = await library.indexer("eval")
    done = 0
    sources = read_source(articles, 50_000_000)
    async for _ in ingest(indexer, sources, actor="eval", data_dir=folder):
        done += 1
        progress("ingesting", done, count)


async def _asked(
    library: Library,
    questions: Sequence[EvaluationQuestion],
    progress: Callable[[str, int, int], None],
    *,
    answers: bool = True,
) -> AsyncIterator[Outcome]:
    engine = AnswerEngine(library)
    if questions and answers:
        await engine.answer(AnswerRequest("warm up", TimeRange(questions[0].as_of), "eval"))
    for number, question in enumerate(questions, 1):
        within = TimeRange(question.as_of)
        start = time.perf_counter()
        found = await library.search(question.question, within, corpus="eval", limit=_LIMIT)
        searched = time.perf_counter()
        abstained, right = True, False
        if answers:
            request = AnswerRequest(question.question, within, "eval", limit=_LIMIT)
            answer = await engine.answer(request)
            abstained = answer.abstained
            right = not abstained and holds(question.answer, answer.text)
        answered = time.perf_counter()
        yield Outcome(
            question,
            first_hit(question, found.hits) if question.gold else None,
            abstained,
            right,
            (searched - start) * 1000,
            (answered - searched) * 1000,
        )
        progress("asking", number, len(questions))


def _p99(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100)[98] if len(values) > 1 else values[0]
