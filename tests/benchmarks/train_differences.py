"""Choose how much two sentences have to agree before what differs in them is told as a difference.

    python -m tests.benchmarks.train_differences [--write] [--most N]

Pairs of reports of which one has another answer in it are made of the questions of two years
(`tests.benchmarks.planted_conflicts`), and asked with and without the made ones. As many as can be of
the planted differences are to be told; a difference that is remarked without one costs `_COST` of
them. Prints how that comes out on a third year, which is the figure to believe.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from bot.answering.differing_answers import THRESHOLDS, differing_answer
from bot.answering.extractive import select
from bot.evaluation.questions import EvaluationQuestion, plain, read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange
from retrieval.web.urls import canonical_url
from tests.benchmarks import weekly_news
from tests.benchmarks.planted_conflicts import planted

_LEARNED_FROM = ("weekly-news-2022", "weekly-news-2024")
_LEFT_OUT = "weekly-news-2026"
_MOST = 60
_COST = 5.0
_AGREED = (0.5, 0.6, 0.7, 0.8)
_SURE = (0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True, slots=True)
class Trial:
    """A question, with a ``planted`` difference or as it is. ``told`` says by how much has to agree
    whether the difference that is found is the planted one, and how much of the question stands
    with it; nothing where none is found. ``declined`` is what the selection says by itself."""

    planted: bool
    declined: bool
    told: dict[float, tuple[bool, float]]


async def trials(name: str, most: int) -> list[Trial]:
    """Ask up to ``most`` questions of a set, with and without a planted report."""
    folder = weekly_news.SHARED / "data" / name
    known = {
        canonical_url(record["url"]): record
        for record in read_records(folder / "articles.jsonl.gz")
        if record.get("url")
    }
    cases = list(planted(weekly_news.counting_questions(folder)[:most], known))
    own = list({url: known[url] for each, *_ in cases for url in each.gold}.values())
    found = await _asked([*own, *(report for *_, report in cases)], cases, altered=True)
    return found + await _asked(own, cases, altered=False)


async def _asked(
    articles: Sequence[dict[str, Any]],
    cases: Sequence[tuple[EvaluationQuestion, str, str, dict[str, Any]]],
    *,
    altered: bool,
) -> list[Trial]:
    made = []
    with tempfile.TemporaryDirectory() as temporary:
        await weekly_news.ingest_once(Path(temporary), articles)
        async with open_library(LibraryConfig(Path(temporary))) as library:
            for question, answer, other, _ in cases:
                found = await library.search(
                    question.question, TimeRange(question.as_of), corpus="local"
                )
                selection = select(found)
                told = {}
                for agreed in _AGREED:
                    difference = differing_answer(found, selection, agreed)
                    if difference is not None:
                        listed = plain(" ".join(each.value for each in difference.values))
                        right = all(plain(value) in listed for value in (answer, other))
                        told[agreed] = right, difference.about
                made.append(Trial(altered, selection.reason is not None, told))
    return made


def rates(made: Sequence[Trial], agreed: float, sure: float) -> tuple[float, float]:
    """The share of the planted differences that are told, and of all else that is."""

    def is_told(trial: Trial) -> bool:
        return agreed in trial.told and (not trial.declined or trial.told[agreed][1] >= sure)

    right = [is_told(each) and each.told[agreed][0] for each in made if each.planted]
    false = [is_told(each) for each in made if not each.planted]
    return sum(right) / max(1, len(right)), sum(false) / max(1, len(false))


def chosen(made: Sequence[Trial]) -> tuple[float, float]:
    """How much has to agree, and how much of the question has to stand there: where the planted
    differences that are told are worth most, the strictest of several such."""

    def worth(pair: tuple[float, float]) -> tuple[float, float, float]:
        told, false = rates(made, *pair)
        print(f"  agreed {pair[0]}, sure {pair[1]}: told {told:.2f}, false {false:.3f}")
        return round(told - _COST * false, 3), *pair

    return max(product(_AGREED, _SURE), key=worth)


def main() -> None:
    most = int(sys.argv[sys.argv.index("--most") + 1]) if "--most" in sys.argv else _MOST
    missing = [
        name
        for name in (*_LEARNED_FROM, _LEFT_OUT)
        if not (weekly_news.SHARED / "data" / name).exists()
    ]
    if missing:
        print(f"nothing is chosen: {weekly_news.SHARED / 'data' / missing[0]} is not there")
        return
    made = [each for name in _LEARNED_FROM for each in asyncio.run(trials(name, most))]
    agreed, sure = chosen(made)
    for name, asked in (("chosen on", made), ("left out", asyncio.run(trials(_LEFT_OUT, most)))):
        told, false = rates(asked, agreed, sure)
        print(
            f"{name}: agreed {agreed}, sure {sure}: told {told:.2f} of "
            f"{sum(each.planted for each in asked)} planted, {false:.3f} of as many as they are"
        )
    if "--write" in sys.argv:
        data = {"agreed": agreed, "sure": sure}
        THRESHOLDS.write_text(json.dumps(data) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
