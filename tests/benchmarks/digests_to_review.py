"""Draw weeks' digests and stories' summaries for a reader to mark:
`python -m tests.benchmarks.digests_to_review OUT [--weeks N] [--seed N] [--folder FOLDER] [--sets A,B]`.

The same seed draws the same weeks, in turn of each set: the seven days before a quiz. OUT gets one
line a digest, its first five stories, one line for the digest of a topic in that month, and one for the
summary of the week's first story, as `newsdesk digest --json` and `newsdesk summarize --json` print
them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.answering.summaries.models import NothingToSummarize
from bot.answering.summaries.service import SummaryService
from bot.cli.summary_output import digest_record, summary_record
from bot.evaluation.questions import read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks.answers_to_review import draw_to_review
from tests.benchmarks.weekly_news import SHARED, ingested

_STORIES = 5
_DAYS, _MONTH = timedelta(days=7), timedelta(days=30)
_TOPICS = (
    "ukraine",
    "supreme court",
    "space",
    "inflation",
    "climate change",
    "football",
    "tiktok",
    "wildfires",
)


async def of_week(data: Path, asked_at: str, topic: str) -> list[dict[str, Any]]:
    """The digest of the seven days up to a moment, that of a topic in the month before it, and the
    summary of the week's first story."""
    until = parse_span(asked_at).end
    async with open_library(LibraryConfig(data)) as library:
        service = SummaryService(library)
        week, month = (TimeRange(until, until - days, until) for days in (_DAYS, _MONTH))
        digest = await service.digest("local", week, limit=_STORIES)
        lines = [digest_record(digest, 0.0)]
        try:
            on_topic = await service.digest("local", month, topic=topic, limit=_STORIES)
            lines.append({"topic": topic, **digest_record(on_topic, 0.0)})
        except NothingToSummarize:
            lines.append({"topic": topic, "stories": []})
        if digest.entries:
            number = str(digest.entries[0].story.story_id)
            lines.append(summary_record(await service.story("local", number, until), 0.0))
    return lines


async def drawn(folder: Path, weeks: int, seed: int, out: Path, sets: Sequence[str]) -> None:
    dice, used = random.Random(seed), set[str]()
    with out.open("w", encoding="utf-8") as file:
        for number in range(weeks):
            name = sets[number % len(sets)]
            records = read_records(SHARED / "data" / name / "questions.jsonl")
            asked_at = dice.choice(sorted({record["asked_at"] for record in records} - used))
            used.add(asked_at)
            topic = _TOPICS[number % len(_TOPICS)]
            for line in await of_week(await ingested(folder, name), asked_at, topic):
                line = {"set": name, "asked_at": asked_at, **line}
                file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


if __name__ == "__main__":
    draw_to_review(__doc__ or "", "weeks", 10, drawn)
