"""Draw answers to quiz questions for a reader to mark:
`python -m tests.benchmarks.answers_to_review OUT [--count N] [--seed N] [--folder FOLDER] [--sets A,B]`.

The same seed draws the same questions, as many of each of four years; OUT gets one line for each
that is answered, with what is cited and what the quiz holds for right, until N are. It also prints
how many were declined on the way, and how many answers remark that reports differ. The marks that
were given stand in docs/answer-review.csv; they name questions and repeat no article.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bot.answering.answer_request import AnswerRequest
from bot.answering.engine import AnswerEngine
from bot.cli.output import answer_record
from bot.evaluation.questions import read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks.weekly_news import SHARED, ingested

SETS = ("weekly-news-2022", "weekly-news", "weekly-news-2024", "weekly-news-2025")


async def answered(
    data: Path, records: Sequence[dict[str, Any]], most: int
) -> tuple[list[dict[str, Any]], int]:
    """The first ``most`` answers, and how many questions were declined before that."""
    found: list[dict[str, Any]] = []
    declined = 0
    async with open_library(LibraryConfig(data)) as library:
        engine = AnswerEngine(library)
        for record in records:
            within = TimeRange(parse_span(record["asked_at"]).end)
            answer = await engine.answer(AnswerRequest(record["question"], within, "local"))
            if answer.abstained:
                declined += 1
                continue
            line = answer_record(answer, record["id"], 0.0)
            found.append({**line, "asked_at": record["asked_at"], "right": record.get("answer")})
            if len(found) == most:
                break
    return found, declined


async def drawn(folder: Path, count: int, seed: int, out: Path, sets: Sequence[str]) -> None:
    each, lines, declined = count // len(sets), list[dict[str, Any]](), 0
    for name in sets:
        records = read_records(SHARED / "data" / name / "questions.jsonl")
        random.Random(seed).shuffle(records)
        found, without = await answered(await ingested(folder, name), records, each)
        lines += ({"set": name, **line} for line in found)
        declined += without
    text = "".join(json.dumps(line, ensure_ascii=False, default=str) + "\n" for line in lines)
    out.write_text(text, encoding="utf-8")
    differing = sum(bool(line["conflicts"]) for line in lines)
    print(f"{len(lines)} answers, {declined} questions declined, {differing} remark a difference")


def draw_to_review(
    told: str,
    counted: str,
    most: int,
    draw: Callable[[Path, int, int, Path, Sequence[str]], Awaitable[None]],
) -> None:
    """Read the command line of a command that ``told`` describes and that draws a number of what is
    ``counted``, ``most`` unless said; then ``draw`` from the ingested sets."""
    parser = argparse.ArgumentParser(description=told.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(f"--{counted}", dest="most", type=int, default=most)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--folder", type=Path, help="where ingested sets are kept")
    parser.add_argument("--sets", default=",".join(SETS), help="from which it is drawn")
    options = parser.parse_args()
    sets = options.sets.split(",")
    missing = [name for name in sets if not (SHARED / "data" / name).exists()]
    if missing:
        print(f"not drawn: {SHARED / 'data' / missing[0]} is not there")
        return

    async def from_folder(folder: Path) -> None:
        await draw(folder, options.most, options.seed, options.out, sets)

    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(from_folder(options.folder or Path(temporary)))


if __name__ == "__main__":
    draw_to_review(__doc__ or "", "count", 100, drawn)
