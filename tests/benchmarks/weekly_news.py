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


def load_articles() -> list[dict[str, Any]]:
    return read_records(ARTICLES)


def counting_questions() -> list[EvaluationQuestion]:
    """The questions that the articles answer, in the order of the set."""
    known = known_questions(read_records(QUESTIONS), load_articles())
    return [question for question in known if question.gold]
