"""Scores the results of any system as the dev set does."""

from __future__ import annotations

from collections.abc import Sequence

from bot.evaluation.questions import EvaluationQuestion
from bot.evaluation.scoring import first_hit
from retrieval.models import Passage, Reference, RelatedArticle, SearchResult
from tests.benchmarks.peers.peer import Result


def first_hits(
    questions: Sequence[EvaluationQuestion], results: Sequence[Sequence[Result]]
) -> list[int | None]:
    return [
        first_hit(question, [_hit(rank, each) for rank, each in enumerate(found, 1)])
        for question, found in zip(questions, results, strict=True)
    ]


def _hit(rank: int, found: Result) -> SearchResult:
    article = Reference("", found.url, found.title, None, None)
    passage = Passage(0, article, 0, len(found.text), found.text)
    return SearchResult(
        rank, 0.0, passage, tuple(RelatedArticle("", None, url) for url in found.also)
    )
