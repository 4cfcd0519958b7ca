"""Scores the results of any system as the dev set does."""

from __future__ import annotations

from collections.abc import Sequence

from bot.evaluation.questions import Question
from bot.evaluation.scoring import first_hit
from retrieval.models import AlsoIn, Hit, Passage, Reference
from tests.benchmarks.peers.peer import Result


def first_hits(
    questions: Sequence[Question], results: Sequence[Sequence[Result]]
) -> list[int | None]:
    return [
        first_hit(question, [_hit(rank, each) for rank, each in enumerate(found, 1)])
        for question, found in zip(questions, results, strict=True)
    ]


def _hit(rank: int, found: Result) -> Hit:
    article = Reference("", found.url, found.title, None, None)
    passage = Passage(0, article, 0, len(found.text), found.text)
    return Hit(rank, 0.0, passage, tuple(AlsoIn("", None, url) for url in found.also))
