"""Draw weeks' digests and stories' summaries for a reader to mark:
`python -m tests.benchmarks.digests_to_review OUT [--weeks N] [--seed N] [--folder FOLDER]`.

The same seed draws the same weeks, in turn of each of four years: the seven days before a quiz. OUT
gets one line a digest, its first five stories, and one line for the summary of its first story, as
`newsdesk digest --json` and `newsdesk summarize --json` print them.
"""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.answering.summaries.service import SummaryService
from bot.cli.summary_output import digest_record, summary_record
from bot.evaluation.questions import read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks.answers_to_review import SETS, draw_to_review
from tests.benchmarks.weekly_news import SHARED, ingested

_STORIES = 5
_DAYS = timedelta(days=7)


async def of_week(data: Path, asked_at: str) -> list[dict[str, Any]]:
    """The digest of the seven days up to a moment, and the summary of its first story."""
    until = parse_span(asked_at).end
    async with open_library(LibraryConfig(data)) as library:
        service = SummaryService(library)
        digest = await service.digest(
            "local", TimeRange(until, until - _DAYS, until), limit=_STORIES
        )
        lines = [digest_record(digest, 0.0)]
        if digest.entries:
            number = str(digest.entries[0].story.story_id)
            lines.append(summary_record(await service.story("local", number, until), 0.0))
    return lines


async def drawn(folder: Path, weeks: int, seed: int, out: Path) -> None:
    dice, used = random.Random(seed), set[str]()
    with out.open("w", encoding="utf-8") as file:
        for number in range(weeks):
            name = SETS[number % len(SETS)]
            records = read_records(SHARED / "data" / name / "questions.jsonl")
            days = sorted({record["asked_at"] for record in records} - used)
            asked_at = dice.choice(days)
            used.add(asked_at)
            for line in await of_week(await ingested(folder, name), asked_at):
                line = {"set": name, "asked_at": asked_at, **line}
                file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


if __name__ == "__main__":
    draw_to_review(__doc__ or "", "weeks", 10, drawn)
