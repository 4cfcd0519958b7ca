"""The dev set: real articles and news-quiz questions of twenty weeks, beside the project."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.evaluation.questions import EvaluationQuestion, holds, known_questions, plain, read_records
from bot.evaluation.scoring import first_hit, summarize_scores

__all__ = [
    "EvaluationQuestion",
    "counting_questions",
    "first_hit",
    "holds",
    "load_articles",
    "plain",
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


def counting_questions(folder: Path = FOLDER) -> list[EvaluationQuestion]:
    """The questions that the articles of a set answer, in the order of the set."""
    articles = read_records(folder / "articles.jsonl.gz")
    known = known_questions(read_records(folder / "questions.jsonl"), articles)
    return [question for question in known if question.gold]
