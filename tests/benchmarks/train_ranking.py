"""Learn the weights of ranking from the dev set: `python -m tests.benchmarks.train_ranking [--write]`.

Multinomial logistic regression over the candidates of each question: the passages that answer it
should have most of the probability. Prints how the weights do on weeks that were left out of the
training, which is the figure to believe, and with `--write` keeps those learned from all weeks.
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
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library, LibraryConfig
from retrieval.search.ranking import FEATURES, Ranking
from retrieval.timestamps import TimeRange, parse_span
from retrieval.web.urls import canonical_url
from tests.benchmarks import weekly_news
from tests.benchmarks.weekly_news import EvaluationQuestion, first_hit, holds, summarize_scores

# What is above the peak counts for BM25 alone, which is what others are compared with.
_NAMES = [name for name in FEATURES if name != "bm25_peak"]
_PENALTY = 0.01  # of the squared weights of standardised features
_STEPS, _RATE = 1_500, 0.1

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """``features`` of shape ``(candidates, features)``; ``answers`` says which passages answer."""

    question: EvaluationQuestion
    features: Matrix
    answers: npt.NDArray[np.bool_]


async def gathered(library: Library, questions: Sequence[EvaluationQuestion]) -> list[Example]:
    corpus = (await library.catalogue.corpora.all())[0]
    corner = library.corner(corpus)
    examples = []
    for question in questions:
        within = TimeRange(parse_span(question.asked_at).end)
        candidates, features = await library.searcher.explore(corner, question.question, within)
        passages = await library.catalogue.articles.load_passages(
            [c.passage_id for c in candidates]
        )
        shown = library.searcher.gatherer.holdings(corpus).current().shown
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
    """Weights by feature: the maximum of the penalised likelihood, by gradient ascent."""
    # A feature of few questions is standardised on those: else its weight would cost next to nothing.
    scale = np.array(
        [
            np.concatenate([column for column in columns if column.any()] or [np.zeros(1)]).std()
            for columns in zip(*(example.features.T for example in examples), strict=True)
        ]
    )
    scale[scale == 0] = 1.0
    useful = [(e.features / scale, e.answers) for e in examples if e.answers.any()]
    weights = np.zeros(len(_NAMES))
    momentum = np.zeros_like(weights)
    for _ in range(_STEPS):
        gradient = -_PENALTY * weights
        for features, answers in useful:
            scores = features @ weights
            chance = np.exp(scores - np.max(scores))
            chance /= chance.sum()
            wanted = np.where(answers, chance, 0.0)
            wanted /= max(wanted.sum(), 1e-12)
            gradient += features.T @ (wanted - chance) / len(useful)
        momentum = 0.9 * momentum + gradient
        weights += _RATE * momentum
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


async def train(library: Library) -> dict[str, float]:
    questions = weekly_news.counting_questions()
    weeks = sorted({question.asked_at for question in questions})
    examples = await gathered(library, questions)
    weights = learned(examples)
    ranks: list[int | None] = []
    for week in weeks:
        others = learned([e for e in examples if e.question.asked_at != week])
        left_out = [question for question in questions if question.asked_at == week]
        ranks += await _ranks(library, left_out, others)
    print(f"each week left out of training: {_line(ranks)}")
    print(f"trained on all of it:           {_line(await _ranks(library, questions, weights))}")
    return weights


async def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(
            sys.argv[sys.argv.index("--folder") + 1] if "--folder" in sys.argv else temporary
        )
        if not (folder / "catalogue.sqlite3").exists():
            async with open_library(LibraryConfig(folder), writer="training") as library:
                indexer = await library.indexer("local")
                sources = read_source(weekly_news.ARTICLES, 5_000_000)
                async for _ in ingest(indexer, sources, actor="training", data_dir=folder):
                    pass
        async with open_library(LibraryConfig(folder)) as library:
            weights = await train(library)
    print(json.dumps(weights))
    if "--write" in sys.argv:
        path = Path(retrieval.search.ranking.__file__).with_name("ranking_weights.json")
        path.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
