"""Messages as people type them, and whether each gets the right behaviour.

    python -m tests.benchmarks.people [--list]

`people_messages.jsonl` holds messages over the articles of ../shared/data/weekly-news-2025 as of
10 October 2025, each with what it should get (`expect`); they were written from the articles'
beginnings, before their answers were seen, and nothing is tuned on them. ../shared/score/people.py
judges the answers. Where one of them is missing, nothing is measured.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from bot.answering.conversation import Conversation
from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.cli.output import answer_record
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks import weekly_news

MESSAGES = Path(__file__).parent / "people_messages.jsonl"
_ARTICLES = weekly_news.SHARED / "data" / "weekly-news-2025" / "articles.jsonl.gz"
_MOST_BYTES = 1 << 30
_SCORER = weekly_news.SHARED / "score" / "people.py"


async def answers(folder: Path) -> list[str]:
    """One JSON line for each message, each said after the one that it follows."""
    async with open_library(LibraryConfig(folder), writer="benchmark") as library:
        indexer = await library.indexer("local")
        async for _ in ingest(
            indexer, read_source(_ARTICLES, _MOST_BYTES), actor="benchmark", data_dir=folder
        ):
            pass
        engine, said, lines = AnswerEngine(library), dict[str, Conversation](), []
        for line in MESSAGES.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            before = said.get(record["after"] or "", Conversation())
            within = TimeRange(parse_span(record["asked_at"]).end)
            asked = AnswerRequest(record["question"], within, "local", conversation=before)
            answer = await engine.answer(asked)
            said[record["id"]] = engine.after(before, asked, answer)
            lines.append(json.dumps(answer_record(answer, record["id"], 0.0), ensure_ascii=False))
        return lines


def main() -> None:
    missing = [path for path in (_ARTICLES, _SCORER) if not path.exists()]
    if missing:
        print(f"not measured: {missing[0]} is not there")
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "answers.jsonl"
        out.write_text("\n".join(asyncio.run(answers(Path(folder)))) + "\n", encoding="utf-8")
        flags = [flag for flag in sys.argv[1:] if flag == "--list"]
        subprocess.run([sys.executable, str(_SCORER), str(MESSAGES), str(out), *flags], check=True)


if __name__ == "__main__":
    main()
