"""Whether a timeline puts events under their day: `python -m tests.benchmarks.timelines [--all]`.

Sixty events of the dev set's articles whose text names the day (timeline_events.jsonl: the article,
words of the sentence that tells the event, and the day, all found by reading). The articles are
ingested together; for each event a timeline is made of its words, and the line that this article
has in it should stand under that day. Prints the share, and what went wrong (or everything).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

from bot.answering.summaries.models import NothingToSummarize
from bot.answering.summaries.service import SummaryService
from bot.answering.summaries.timeline import TimelineEvent
from bot.evaluation.questions import read_records
from bot.storage.library import open_library
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange
from tests.benchmarks.weekly_news import ingest_once, load_articles

EVENTS = Path(__file__).with_name("timeline_events.jsonl")


async def read_timelines(folder: Path) -> list[tuple[dict[str, str], TimelineEvent | None]]:
    """For each event of the list, the line that the timeline of its words has of its article."""
    events = read_records(EVENTS)
    urls = {event["url"] for event in events}
    await ingest_once(folder, (each for each in load_articles() if each["url"] in urls))
    async with open_library(LibraryConfig(folder)) as library:
        service = SummaryService(library)
        now = TimeRange(datetime.now(UTC))
        return [(event, await _line(service, now, event)) for event in events]


async def _line(
    service: SummaryService, now: TimeRange, event: dict[str, str]
) -> TimelineEvent | None:
    try:
        timeline = await service.timeline("local", now, event["topic"])
    except NothingToSummarize:
        return None
    lines = (line for line in timeline.events if line.citations[0].article.url == event["url"])
    return next(lines, None)


def verdict(event: dict[str, str], line: TimelineEvent | None) -> str:
    """``right``, ``wrong`` or ``not shown``."""
    if line is None:
        return "not shown"
    return "right" if line.day == date.fromisoformat(event["day"]) else "wrong"


async def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        read = await read_timelines(Path(temporary))
    counts: Counter[str] = Counter()
    for event, line in read:
        told = verdict(event, line)
        counts[told] += 1
        if told != "right" or "--all" in sys.argv:
            shown = f"{line.day}: {line.sentence.text}" if line else ""
            print(f"{told}: {event['topic']} ({event['day']})\n    {shown}")
    for told, count in counts.most_common():
        print(f"{told}: {count} of {len(read)} ({count / len(read):.3f})")


if __name__ == "__main__":
    asyncio.run(main())
