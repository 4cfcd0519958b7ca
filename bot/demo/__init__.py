"""The demo: invented events in the invented city of Maravel, dated relative to now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.models import IngestItem
from retrieval.timestamps import iso

QUESTIONS = (
    "How much did the Lantern Bridge cost?",
    "Who won the mayoral election in Maravel?",
    "When will the night trams start running?",
    "What did Ines Calder say about the flood barrier?",
    "How many people were evacuated from the Saltmarket?",
    "Who is the president of Brazil?",
)


def demo_articles(now: datetime) -> Iterator[IngestItem]:
    """The bundled articles as of ``now``; their file says how many hours old each one is."""
    with (Path(__file__).parent / "articles.jsonl").open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            moment = now.replace(microsecond=0) - timedelta(hours=record.pop("hours_ago"))
            record["published_at"] = iso(moment)
            yield IngestItem(f"demo:{number}", article_from_record(record))
