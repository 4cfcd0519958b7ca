"""Learn the weights of ranking from five years: `python -m tests.benchmarks.train_ranking [--write]`.

Multinomial logistic regression over the candidates of each question: the passages that answer it
should have most of the probability. Each year is left out in turn, and its questions are searched
with what the other years taught: that is the figure to believe, printed beside BM25 with recency.
With `--write` the weights learned from all years are kept. `--folder` keeps the ingested sets.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import retrieval.search.ranking
from bot.evaluation.runner import BASELINE
from bot.evaluation.scoring import difference, reciprocal
from bot.storage.library import open_library
from retrieval.library import Library, LibraryConfig
from retrieval.search.ranking import FEATURES, OF_MANY_LANGUAGES, Ranking
from retrieval.timestamps import TimeRange, parse_span
from retrieval.web.urls import canonical_url
from tests.benchmarks import weekly_news
from tests.benchmarks.weekly_news import EvaluationQuestion, first_hit, holds, summarize_scores

# What is above the peak counts for BM25 alone, which is what others are compared with; weights for
# embedders of many languages are learned by `tests.benchmarks.across_languages`.
_NAMES = [name for name in FEATURES if name not in ("bm25_peak", *OF_MANY_LANGUAGES)]
_PENALTY = 0.01  # of the squared weights of standardised features
_ROUNDS = 40

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """``features`` of shape ``(candidates, features)``; ``answers`` says which passages answer."""

    question: EvaluationQuestion
    features: Matrix
    answers: npt.NDArray[np.bool_]

    @property
    def year(self) -> str:
        return self.question.asked_at[:4]


async def gathered(library: Library, questions: Sequence[EvaluationQuestion]) -> list[Example]:
    corpus = (await library.catalogue.corpora.all())[0]
    indexes = library.indexes(corpus)
    examples = []
    for question in questions:
        within = TimeRange(parse_span(question.asked_at).end)
        candidates, features = await library.searcher.explore(indexes, question.question, within)
        passages = await library.catalogue.articles.load_passages(
            [c.passage_id for c in candidates]
        )
        shown = library.searcher.gatherer.cache(corpus).current().shown
        told = shown.reports_of_stories(sorted({c.story_id or 0 for c in candidates}))
        answers = []
        for candidate in candidates:
            passage = passages[candidate.passage_id]
            urls = {
                passage.article.url,
                *(also.url for _, also in told.get(candidate.story_id or 0, ())),
            }
            gold = any(url and canonical_url(url) in question.gold for url in urls)
            answers.append(
                gold and holds(question.answer, f"{passage.article.title}\n{passage.text}")
            )
        columns = np.stack([features[name] for name in _NAMES], axis=1).astype(np.float64)
        examples.append(Example(question, columns, np.array(answers, dtype=bool)))
    return examples


def learned(examples: Sequence[Example]) -> dict[str, float]:
    """Weights by feature: the maximum of the penalised likelihood.

    By expectation and maximisation: how the probability is shared among the passages that answer,
    then a Newton step towards weights that give them that much.
    """
    # A feature of few questions is standardised on those: else its weight would cost next to nothing.
    scale = np.array(
        [
            np.concatenate([column for column in columns if column.any()] or [np.zeros(1)]).std()
            for columns in zip(*(example.features.T for example in examples), strict=True)
        ]
    )
    scale[scale == 0] = 1.0
    useful = [e for e in examples if e.answers.any()]
    features = np.concatenate([e.features / scale for e in useful])
    answers = np.concatenate([e.answers for e in useful])
    sizes = np.array([len(e.answers) for e in useful])
    starts = np.cumsum(sizes) - sizes
    rows = np.repeat(np.arange(len(useful)), sizes)

    def shared(values: Matrix) -> Matrix:
        return values / np.maximum(np.add.reduceat(values, starts), 1e-12)[rows]

    weights = np.zeros(len(_NAMES))
    for _ in range(_ROUNDS):
        scores = features @ weights
        chance = shared(np.exp(scores - np.maximum.reduceat(scores, starts)[rows]))
        wanted = shared(np.where(answers, chance, 0.0))
        gradient = features.T @ (wanted - chance) / len(useful) - _PENALTY * weights
        means = np.add.reduceat(features * chance[:, None], starts)
        spread = (features.T * chance) @ features - means.T @ means
        weights += np.linalg.solve(spread / len(useful) + _PENALTY * np.eye(len(weights)), gradient)
    found = zip(_NAMES, weights / scale, strict=True)
    return dict.fromkeys(FEATURES, 0.0) | {name: round(float(w), 3) for name, w in found}


async def _ranks(
    library: Library, questions: Sequence[EvaluationQuestion], weights: dict[str, float]
) -> list[int | None]:
    library.searcher.ranking = Ranking(weights=weights)
    ranks = []
    for question in questions:
        within = TimeRange(parse_span(question.asked_at).end)
        found = await library.search(question.question, within, corpus="local")
        ranks.append(first_hit(question, found.hits))
    return ranks


def _line(ranks: Sequence[int | None]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in summarize_scores(ranks).items())


def _gain(ranks: Sequence[int | None], others: Sequence[int | None]) -> str:
    gain = difference([reciprocal(r) for r in ranks], [reciprocal(r) for r in others])
    return f"MRR@10 {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"


async def _examples(folder: Path) -> dict[str, list[Example]]:
    """By name of a set, its questions with their candidates."""
    examples = {}
    for each in weekly_news.SETS:
        config = LibraryConfig(await weekly_news.ingested(folder, each.name))
        async with open_library(config) as library:
            questions = weekly_news.counting_questions(each)
            examples[each.name] = await gathered(library, questions)
            print(f"{each.name}: {len(questions)} questions that count", flush=True)
    return examples


async def train(folder: Path) -> dict[str, float]:
    """Print the left-out figures of each year; return the weights of all years."""
    by_set = await _examples(folder)
    every = [example for examples in by_set.values() for example in examples]
    years = sorted({example.year for example in every})
    others = {year: learned([e for e in every if e.year != year]) for year in years}
    ours: dict[str, list[int | None]] = {year: [] for year in years}
    plain: dict[str, list[int | None]] = {year: [] for year in years}
    for name, examples in by_set.items():
        async with open_library(LibraryConfig(folder / name)) as library:
            for year in sorted({example.year for example in examples}):
                asked = [e.question for e in examples if e.year == year]
                ours[year] += await _ranks(library, asked, others[year])
                plain[year] += await _ranks(library, asked, BASELINE)
    print("each year searched with what the others taught; BM25 with recency; the gain")
    for year in years:
        print(
            f"{year}: {_line(ours[year])}; {_line(plain[year])}; {_gain(ours[year], plain[year])}"
        )
    pooled = [rank for year in years for rank in ours[year]]
    baseline = [rank for year in years for rank in plain[year]]
    print(f"all ({len(pooled)}): {_line(pooled)}; {_line(baseline)}; {_gain(pooled, baseline)}")
    return learned(every)


async def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        given = "--folder" in sys.argv
        folder = Path(sys.argv[sys.argv.index("--folder") + 1] if given else temporary)
        weights = await train(folder)
    print(json.dumps(weights))
    if "--write" in sys.argv:
        path = Path(retrieval.search.ranking.__file__).with_name("ranking_weights.json")
        path.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
