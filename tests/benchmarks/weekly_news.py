"""The dev set: real articles and news-quiz questions of twenty weeks, beside the project."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bot.evaluation.abstention import first_half
from bot.evaluation.questions import EvaluationQuestion, holds, known_questions, plain, read_records
from bot.evaluation.scoring import first_hit, summarize_scores
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig

__all__ = [
    "EvaluationQuestion",
    "counting_questions",
    "first_hit",
    "holds",
    "ingest_once",
    "ingested",
    "is_ingested",
    "load_articles",
    "plain",
    "questions",
    "summarize_scores",
]

SHARED = Path(__file__).parents[3] / "shared"
FOLDER = SHARED / "data" / "weekly-news"
ARTICLES = FOLDER / "articles.jsonl.gz"
QUESTIONS = FOLDER / "questions.jsonl"


# All sets, of five years; the first is the one above.
SETS = tuple(
    SHARED / "data" / name
    for name in ("weekly-news", *(f"weekly-news-{year}" for year in range(2022, 2027)))
)


def load_articles() -> list[dict[str, Any]]:
    return read_records(ARTICLES)


def questions(folder: Path = FOLDER) -> list[EvaluationQuestion]:
    """All questions of a set, in its order."""
    articles = read_records(folder / "articles.jsonl.gz")
    return known_questions(read_records(folder / "questions.jsonl"), articles)


def counting_questions(folder: Path = FOLDER) -> list[EvaluationQuestion]:
    """The questions that the articles of a set answer, in the order of the set."""
    return [question for question in questions(folder) if question.gold]


async def ingested(folder: Path, name: str, *, half: bool = False) -> Path:
    """The data folder of a set, in ``folder``: ingested now if it is not there from before.

    Of a ``half``, the articles of the first half of its dates. Its corpus is called ``local``.
    """
    data = folder / (f"{name}-half" if half else name)
    if is_ingested(data):
        return data
    articles = read_records(SHARED / "data" / name / "articles.jsonl.gz")
    if half:
        questions = read_records(SHARED / "data" / name / "questions.jsonl")
        articles = [dict(article) for article in first_half(articles, questions)]
    await ingest_once(data, articles)
    return data


def is_ingested(data: Path) -> bool:
    """Whether ``ingest_once`` has filled a data folder."""
    return (data / "done").exists()


async def ingest_once(data: Path, articles: Iterable[Mapping[str, Any]]) -> None:
    """Ingest articles into the corpus ``local`` of a data folder, if that was not done before."""
    if is_ingested(data):
        return
    data.mkdir(parents=True, exist_ok=True)
    file = data / "articles.jsonl"
    file.write_text("\n".join(map(json.dumps, articles)), encoding="utf-8")
    async with open_library(LibraryConfig(data), writer="training") as library:
        indexer = await library.indexer("local")
        sources = read_source(file, 1 << 30)
        async for _ in ingest(indexer, sources, actor="training", data_dir=data):
            pass
    (data / "done").touch()
