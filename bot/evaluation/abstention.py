"""Does it know when it does not know? Questions over half of the articles.

Only the articles named for the questions of the first half of the dates are indexed; then all
questions are asked that name articles. Those whose articles are all missing should be refused,
those that the articles answer should not.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from bot.answering.extractive import Selection, select
from bot.evaluation.questions import EvaluationQuestion, holds, known_questions, read_records
from bot.evaluation.scoring import Interval, interval
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library, LibraryConfig
from retrieval.timestamps import TimeRange
from retrieval.web.urls import canonical_url

_LIMIT = 10
_CORPUS = "eval"


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """``known`` are the selections for the questions that the articles answer, ``unknown`` those for
    the questions whose articles are all missing; ``rightly`` says which of ``known`` are answered and
    hold the answer."""

    articles: int
    known: tuple[Selection, ...]
    unknown: tuple[Selection, ...]
    rightly: tuple[bool, ...] = ()

    @property
    def right(self) -> Interval:
        """Of the questions that the articles answer, those answered with the right answer."""
        return interval([float(each) for each in self.rightly])

    @property
    def answered(self) -> Interval:
        """The share of answered questions among those that the articles answer."""
        return interval([float(not each.thin) for each in self.known])

    @property
    def abstained(self) -> Interval:
        """The share of declined questions among those whose articles are all missing."""
        return interval([float(each.thin) for each in self.unknown])

    def curve(self) -> list[tuple[float, float, float]]:
        """``(threshold, share answered, share abstained)`` for every threshold that matters, rising."""
        known = np.array([each.confidence for each in self.known])
        unknown = np.array([each.confidence for each in self.unknown])
        thresholds = [*np.unique(np.concatenate([[0.0], known, unknown])), 1.0 + 1e-9]
        return [
            (float(t), float((known >= t).mean()), float((unknown < t).mean())) for t in thresholds
        ]

    @property
    def area(self) -> float:
        """Under the curve: how often a question that can be answered gets more confidence than one
        that can't. 0.5 is chance, 1 perfect."""
        points = self.curve()
        return sum(
            (later[2] - earlier[2]) * (later[1] + earlier[1]) / 2
            for earlier, later in pairwise(points)
        )


def first_half(
    articles: Sequence[Mapping[str, Any]], questions: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """The articles that the questions of the first half of the dates name."""
    dates = sorted({record["asked_at"] for record in questions if record.get("asked_at")})
    early = set(dates[: len(dates) // 2])
    named = {
        canonical_url(url)
        for record in questions
        if record.get("asked_at") in early
        for url in record.get("gold_urls") or ()
    }
    return [a for a in articles if a.get("url") and canonical_url(a["url"]) in named]


async def tradeoff(
    articles: Path,
    questions: Path,
    config: LibraryConfig,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Tradeoff | None:
    """Run the experiment in a folder of its own; None if there are too few dates or questions.

    Raises ``UnreadableSource`` for files that are not as the contract says.
    """
    everything, records = await asyncio.gather(
        asyncio.to_thread(read_records, articles), asyncio.to_thread(read_records, questions)
    )
    half = first_half(everything, records)
    asked = known_questions(records, half)
    known = [question for question in asked if question.gold]
    unknown = [question for question in asked if question.names_articles and not question.covered]
    if not known or not unknown:
        return None
    with tempfile.TemporaryDirectory(prefix="newsdesk-eval-") as temporary:
        folder = Path(temporary)
        config = config.embedded(folder / "data")
        file = folder / "half.jsonl"
        await asyncio.to_thread(file.write_text, "\n".join(map(json.dumps, half)), encoding="utf-8")
        async with open_library(config, writer="eval") as library:
            indexer = await library.indexer(_CORPUS)
            done = 0
            async for _ in ingest(
                indexer, read_source(file, 50_000_000), actor="eval", data_dir=config.data_dir
            ):
                done += 1
                progress("ingesting half", done, len(half))
        async with open_library(config) as library:
            total = len(known) + len(unknown)
            selections: list[Selection] = []
            for number, question in enumerate([*known, *unknown], 1):
                selections.append(await _selected(library, question))
                progress("asking half", number, total)
    asked_known, asked_unknown = selections[: len(known)], selections[len(known) :]
    rightly = (
        not each.thin and holds(question.answer, " ".join(q.text for q in each.quotations))
        for question, each in zip(known, asked_known, strict=True)
    )
    return Tradeoff(len(half), tuple(asked_known), tuple(asked_unknown), tuple(rightly))


async def _selected(library: Library, question: EvaluationQuestion) -> Selection:
    found = await library.search(
        question.question, TimeRange(question.as_of), corpus=_CORPUS, limit=_LIMIT
    )
    return await asyncio.to_thread(select, found)
