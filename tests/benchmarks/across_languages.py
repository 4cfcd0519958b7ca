"""Questions in one language over articles in another: `python -m tests.benchmarks.across_languages`.

    python -m tests.benchmarks.across_languages [--pairs de-en,en-de] [--every N] [--folder F] [--embedder e5] [--train [--write]]

The same encyclopaedic paragraphs and questions in eight languages (XQuAD, beside the project): those
of one language are asked the questions of another, which have the same ids and paragraphs of the same
numbers. Prints at what place the paragraph stands, by pair (questions-articles). ``--folder`` keeps
vectors and indexes for the next time; ``--every`` takes one question in so many.

With ``--train`` it learns how much vectors count for embedders of many languages, with each pair left
out in turn, and each language of questions with all its pairs: those are the figures to believe; with
``--write`` the weights of all pairs are kept. Other weights stay as news taught them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import retrieval.search.ranking as ranking
from bot.evaluation.scoring import hits_at
from bot.storage.library import open_library
from retrieval.library import Library, LibraryConfig
from retrieval.search.ranking import FEATURES, OF_MANY_LANGUAGES, learned_weights
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks.kept_vectors import KeptVectors, kept_vectors
from tests.benchmarks.language_data import gold_rank, is_gold, questions_of, take_in

# What has to be found, first of all.
_PAIRS = "de-en,es-en,ru-en,zh-en,en-de"
_PENALTY = 0.01  # of the squared weights
_ROUNDS = 40

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question's candidates: ``learned``, the features to be weighed, of shape ``(candidates,
    features)``; what all others add; which candidates are right."""

    pair: str
    learned: Matrix
    others: Matrix
    right: npt.NDArray[np.bool_]


async def opened(folder: Path, language: str, embedder: KeptVectors) -> None:
    """Ingest the articles of a language into a folder of its own, if they are not there."""
    data = folder / f"{language}-articles"
    if (data / "done").exists():
        return
    async with open_library(LibraryConfig(data), writer="benchmark", embedder=embedder) as library:
        await take_in(library, language, "local", data)
    (data / "done").touch()


async def ranks(library: Library, questions: Sequence[Mapping[str, Any]]) -> list[int | None]:
    found: list[int | None] = []
    for each in questions:
        within = TimeRange(parse_span(each["asked_at"]).end)
        results = await library.search(each["question"], within, corpus="local")
        found.append(gold_rank(results.hits, each["gold_urls"][0]))
    return found


async def examples(
    library: Library, pair: str, questions: Sequence[Mapping[str, Any]]
) -> list[Example]:
    corpus = (await library.catalogue.corpora.all())[0]
    found = []
    for each in questions:
        within = TimeRange(parse_span(each["asked_at"]).end)
        candidates, features = await library.searcher.explore(
            library.indexes(corpus), each["question"], within
        )
        passages = await library.catalogue.articles.load_passages(
            [c.passage_id for c in candidates]
        )
        urls = [passages[c.passage_id].article.url for c in candidates]
        fixed = [name for name in FEATURES if name in _fixed()]
        found.append(
            Example(
                pair,
                np.stack([features[name] for name in OF_MANY_LANGUAGES], axis=1).astype(np.float64),
                np.sum(
                    [features[name] * _fixed()[name] for name in fixed], axis=0, dtype=np.float64
                ),
                np.array([is_gold(url, each["gold_urls"][0]) for url in urls], dtype=bool),
            )
        )
    return found


def learned(given: Sequence[Example]) -> dict[str, float]:
    """The weights that give the right candidates most of the probability, beside all other weights:
    the maximum of the penalised likelihood, by Newton's steps."""
    useful = [example for example in given if example.right.any() and not example.right.all()]
    features = np.concatenate([e.learned for e in useful])
    others, right = (
        np.concatenate(x) for x in zip(*((e.others, e.right) for e in useful), strict=True)
    )
    sizes = np.array([len(e.right) for e in useful])
    starts = np.cumsum(sizes) - sizes
    rows = np.repeat(np.arange(len(useful)), sizes)

    def shared(values: Matrix) -> Matrix:
        return values / np.maximum(np.add.reduceat(values, starts), 1e-12)[rows]

    weights = np.zeros(len(OF_MANY_LANGUAGES))
    for _ in range(_ROUNDS):
        scores = features @ weights + others
        chance = shared(np.exp(scores - np.maximum.reduceat(scores, starts)[rows]))
        wanted = shared(np.where(right, chance, 0.0))
        gradient = features.T @ (wanted - chance) / len(useful) - _PENALTY * weights
        means = np.add.reduceat(features * chance[:, None], starts)
        spread = (features.T * chance) @ features - means.T @ means
        weights += np.linalg.solve(spread / len(useful) + _PENALTY * np.eye(len(weights)), gradient)
    # A vector that is nearer never counts against a passage.
    found = zip(OF_MANY_LANGUAGES, np.maximum(weights, 0.0), strict=True)
    return {"cosine": 0.0, "article_cosine": 0.0} | {n: round(float(w), 3) for n, w in found}


def first(given: Sequence[Example], weights: Mapping[str, float]) -> float:
    """The share of questions with a right candidate before all others."""
    row = np.array([weights[name] for name in OF_MANY_LANGUAGES])
    hits = [
        e.right.size > 0 and bool(e.right[np.argmax(e.learned @ row + e.others)]) for e in given
    ]
    return float(np.mean(hits)) if hits else 0.0


def train(given: Sequence[Example]) -> dict[str, float]:
    """Print the figures of what is left out; return the weights of all."""
    pairs = list(dict.fromkeys(example.pair for example in given))
    every = learned(given)
    print("| questions-articles | as learned with all | pair left out | its questions' language left out |")  # fmt: skip
    print("| --- | ---: | ---: | ---: |")
    by_asked: dict[str, dict[str, float]] = {}
    for pair in pairs:
        asked = pair.partition("-")[0]
        if asked not in by_asked:
            by_asked[asked] = learned([e for e in given if e.pair.partition("-")[0] != asked])
        mine = [e for e in given if e.pair == pair]
        apart = learned([e for e in given if e.pair != pair])
        figures = (first(mine, weights) for weights in (every, apart, by_asked[asked]))
        print(f"| {pair} | {' | '.join(f'{figure:.3f}' for figure in figures)} |", flush=True)
    return every


def _fixed() -> dict[str, float]:
    return {n: w for n, w in learned_weights().items() if n not in ("cosine", "article_cosine")}


def line(pair: str, found: Sequence[int | None]) -> str:
    figures = (sum(map(hits_at(depth), found)) / len(found) for depth in (1, 5, 10))
    return f"| {pair} | {len(found)} | {' | '.join(f'{figure:.3f}' for figure in figures)} |"


async def measure(options: argparse.Namespace, folder: Path) -> None:
    def embedder() -> KeptVectors:
        return kept_vectors(options.embedder, folder / "vectors")

    given: list[Example] = []
    if not options.train:
        print("| questions-articles | questions | Hits@1 | Hits@5 | Hits@10 |")
        print("| --- | ---: | ---: | ---: | ---: |")
    for pair in options.pairs.split(","):
        asked, _, told = pair.partition("-")
        place = folder / options.embedder
        await opened(place, told, embedder())
        questions = questions_of(asked, options.every)
        config = LibraryConfig(place / f"{told}-articles")
        async with open_library(config, embedder=embedder()) as library:
            if options.train:
                given += await examples(library, pair, questions)
            else:
                print(line(pair, await ranks(library, questions)), flush=True)
    if options.train:
        weights = train(given)
        print(json.dumps(weights))
        if options.write:
            path = Path(ranking.__file__).with_name("ranking_weights_of_many_languages.json")
            path.write_text(json.dumps(weights, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", default=_PAIRS, help="questions-articles, with commas")
    parser.add_argument("--every", type=int, default=1, help="take one question in so many")
    parser.add_argument("--embedder", default="e5")
    parser.add_argument("--folder", type=Path, help="keeps vectors and indexes")
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdesk-across-") as temporary:
        asyncio.run(measure(options, options.folder or Path(temporary)))


if __name__ == "__main__":
    main()
