"""Learn from the dev set which sentences to quote and when to abstain.

    python -m tests.benchmarks.train_quoting [--write] [--folder FOLDER]

Two linear models (`bot/answering/extractive/scoring.py`). Sentences: multinomial logistic regression
over the sentences of each question, of which those that hold the answer should have most of the
probability. Abstention: logistic regression over questions, with all articles and with those of the
first half of the dates alone. Both by Newton's method with a penalty. Prints how they do on weeks
that were left out of the training, which are the figures to believe.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import bot.answering.extractive.scoring as measuring
from bot.answering.extractive.analysis import PassageAnalysis, PassageSentence, read
from bot.answering.extractive.scoring import (
    EVIDENCE,
    SENTENCE,
    Floats,
    Weights,
    evidence_features,
    sentence_features,
    sentence_scores,
)
from bot.answering.extractive.selection import pick, quotable
from bot.evaluation.abstention import first_half
from bot.evaluation.questions import EvaluationQuestion, holds, known_questions, read_records
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.models import SearchResults
from retrieval.timestamps import TimeRange
from tests.benchmarks import weekly_news

_SENTENCE_PENALTY = 0.05
_EVIDENCE_PENALTY = 0.01
_ROUNDS = 25
# Of the questions that the first half of the articles answers, so many should be answered.
_ANSWERED = 0.88


@dataclass(frozen=True, slots=True)
class Example:
    """``answers`` says which of ``lines`` hold the answer; ``answerable`` is None where nobody knows;
    ``half`` tells that only half of the articles were there."""

    question: EvaluationQuestion
    half: bool
    answerable: bool | None
    reading: PassageAnalysis
    lines: list[PassageSentence]
    features: Floats
    answers: npt.NDArray[np.bool_]


def _example(question: EvaluationQuestion, half: bool, found: SearchResults) -> Example:
    reading = read(found.question, found.hits, found.weights)
    lines = quotable(reading)
    answers = np.array([holds(question.answer, line.text) for line in lines], dtype=bool)
    answerable = True if question.gold else None if question.covered else False
    if half and not answerable and not question.names_articles:
        answerable = None
    features = sentence_features(reading, lines)
    return Example(question, half, answerable, reading, lines, features, answers)


def _telling(example: Example) -> bool:
    """Whether its sentences can be learned from. A short answer stands anywhere by chance."""
    if not example.answers.any():
        return False
    telling = len(example.question.answer) >= 4 and example.answers.mean() <= 0.4
    return bool(example.question.gold) or (telling and not example.half)


def _learned_sentence(examples: Sequence[Example]) -> dict[str, float]:
    useful = [example for example in examples if _telling(example)]
    features = np.concatenate([example.features for example in useful])
    wanted = np.concatenate([example.answers for example in useful]).astype(float)
    counts = np.array([len(example.lines) for example in useful])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    scale = features.std(axis=0) + 1e-9
    features = features / scale
    weights = np.zeros(len(SENTENCE))
    for _ in range(_ROUNDS):
        # Which of the right sentences is best is not known: weigh them by what is believed so far.
        scores = features @ weights
        chance = np.exp(scores - np.repeat(np.maximum.reduceat(scores, starts), counts))
        right = chance * wanted
        chance /= np.repeat(np.add.reduceat(chance, starts), counts)
        right /= np.repeat(np.add.reduceat(right, starts) + 1e-300, counts)
        gradient = features.T @ (right - chance) / len(useful) - _SENTENCE_PENALTY * weights
        weighed = features * chance[:, None]
        means = np.add.reduceat(weighed, starts)
        curvature = (features.T @ weighed - means.T @ means) / len(useful)
        curvature += _SENTENCE_PENALTY * np.eye(len(weights))
        weights += np.linalg.solve(curvature, gradient)
    return _rounded(SENTENCE, weights / scale)


def _learned_evidence(examples: Sequence[Example]) -> tuple[dict[str, float], float]:
    known = [example for example in examples if example.answerable is not None]
    features = np.stack([evidence_features(example.reading) for example in known])
    wanted = np.array([float(bool(example.answerable)) for example in known])
    importance = np.array([1.0 if example.half else 0.5 for example in known])
    scale, middle = features.std(axis=0) + 1e-9, features.mean(axis=0)
    inputs = np.column_stack([(features - middle) / scale, np.ones(len(known))])
    penalty = _EVIDENCE_PENALTY * len(known) * np.diag([1.0] * len(EVIDENCE) + [1e-6])
    weights = np.zeros(inputs.shape[1])
    for _ in range(_ROUNDS):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        gradient = inputs.T @ (importance * (wanted - chance)) - penalty @ weights
        curvature = (inputs.T * (importance * chance * (1 - chance))) @ inputs + penalty
        weights += np.linalg.solve(curvature, gradient)
    slope = weights[:-1] / scale
    return _rounded(EVIDENCE, slope), round(float(weights[-1] - slope @ middle), 3)


def _rounded(names: Sequence[str], values: Floats) -> dict[str, float]:
    return {name: round(float(value), 3) for name, value in zip(names, values, strict=True)}


def _learned(examples: Sequence[Example]) -> Weights:
    evidence, bias = _learned_evidence(examples)
    return Weights(_learned_sentence(examples), evidence, bias, threshold=0.5)


def _confidence(example: Example, weights: Weights) -> float:
    if not example.lines:
        return 0.0
    return measuring.confidence(evidence_features(example.reading), weights)


def _quoted(example: Example, weights: Weights) -> str:
    scores = sentence_scores(example.features, weights)
    return " ".join(
        example.lines[place].text for place in pick(example.reading, example.lines, scores)
    )


def _report(examples: Sequence[Example], weights: Callable[[Example], Weights]) -> float:
    """Print how these weights do; returns the threshold that answers as many as it should."""
    sure = {id(example): _confidence(example, weights(example)) for example in examples}
    known = [e for e in examples if e.half and e.answerable]
    unknown = [e for e in examples if e.half and e.answerable is False]
    threshold = float(np.quantile([sure[id(e)] for e in known], 1 - _ANSWERED, method="lower"))
    wins = [
        (a > b) + 0.5 * (a == b)
        for a in (sure[id(e)] for e in known)
        for b in (sure[id(e)] for e in unknown)
    ]
    abstained = np.mean([sure[id(e)] < threshold for e in unknown])
    print(
        f"  half of the articles: area {np.mean(wins):.3f}; from {threshold:.3f} on, answered "
        f"{np.mean([sure[id(e)] >= threshold for e in known]):.3f}, abstained {abstained:.3f}"
    )
    for name, half in (("all articles", False), ("half of the articles", True)):
        counting = [e for e in examples if e.half == half and e.question.gold]
        texts = [_quoted(example, weights(example)) for example in counting]
        right = [holds(e.question.answer, t) for e, t in zip(counting, texts, strict=True)]
        given = [sure[id(example)] >= threshold for example in counting]
        print(
            f"  {name}: right in the sentences {np.mean(right):.3f}, and answered "
            f"{np.mean(np.array(right) & np.array(given)):.3f}; {np.mean(list(map(len, texts))):.0f} characters"
        )
    return threshold


def train(examples: Sequence[Example]) -> Weights:
    by_week = {
        week: _learned([e for e in examples if e.question.asked_at != week])
        for week in sorted({example.question.asked_at for example in examples})
    }
    print("each week left out of training:")
    threshold = _report(examples, lambda example: by_week[example.question.asked_at])
    everything = _learned(examples)
    print("trained on all of it:")
    _report(examples, lambda _: everything)
    return Weights(everything.sentence, everything.evidence, everything.bias, round(threshold, 3))


async def gathered(folder: Path, articles: Sequence[Any], half: bool) -> list[Example]:
    """What search finds for all questions in a corpus of ``articles``, kept in ``folder``."""
    questions = known_questions(read_records(weekly_news.QUESTIONS), articles)
    if not (folder / "catalogue.sqlite3").exists():
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "articles.jsonl"
        file.write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
        async with open_library(LibraryConfig(folder), writer="training") as library:
            indexer = await library.indexer("eval")
            sources = read_source(file, 50_000_000)
            async for _ in ingest(indexer, sources, actor="training", data_dir=folder):
                pass
    examples = []
    async with open_library(LibraryConfig(folder)) as library:
        for question in questions:
            found = await library.search(
                question.question, TimeRange(question.as_of), corpus="eval", limit=10
            )
            examples.append(_example(question, half, found))
    return examples


async def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(
            sys.argv[sys.argv.index("--folder") + 1] if "--folder" in sys.argv else temporary
        )
        articles = weekly_news.load_articles()
        half = first_half(articles, read_records(weekly_news.QUESTIONS))
        examples = await gathered(folder / "all", articles, False)
        examples += await gathered(folder / "half", half, True)
    weights = train(examples)
    print(json.dumps(asdict(weights)))
    if "--write" in sys.argv:
        path = Path(measuring.__file__).with_name("weights.json")
        path.write_text(json.dumps(asdict(weights), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
