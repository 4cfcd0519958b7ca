"""Messages as people type them, whether each gets the right behaviour, and how long that takes.

    python -m tests.benchmarks.people [--messages FILE] [--articles FILE] [--folder FOLDER] [--list]
                                      [--perfect]

`people_messages.jsonl` holds messages over the articles of ../shared/data/weekly-news-2025 as of
10 October 2025, each with what it should get (`expect`); they were written from the articles'
beginnings, before their answers were seen. ../shared/score/people.py judges the answers. A data
folder that has the articles already can be named with --folder. With --perfect a model writes that
copies what is expected, if it is given it. Where the articles or the judge are missing, nothing is
measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import NamedTuple

from bot.answering.answer_request import AnswerRequest
from bot.answering.budget import TokenBudget
from bot.answering.composer import Composer
from bot.answering.conversation import Conversation
from bot.answering.engine import AnswerEngine
from bot.cli.output import answer_record
from bot.config.limits import Budget, GenerationLimits
from bot.evaluation.questions import read_records
from bot.storage.library import open_library
from retrieval.library import Library, LibraryConfig
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks import weekly_news
from tests.benchmarks.perfect_model import PerfectModel

MESSAGES = Path(__file__).parent / "people_messages.jsonl"
ARTICLES = weekly_news.SHARED / "data" / "weekly-news-2025" / "articles.jsonl.gz"
_SCORER = weekly_news.SHARED / "score" / "people.py"
_WARMING = 3


class Answered(NamedTuple):
    """``lines`` are JSON, one for each message; ``ms`` says how long each took, ``busy`` how long of
    that the processor worked for it: what other programs hardly lengthen."""

    lines: list[str]
    ms: list[float]
    busy: list[float]


async def answers(folder: Path, messages: Path, model: PerfectModel | None = None) -> Answered:
    """The answer to each message, said after the one that it follows; without a model unless one is
    given."""
    async with open_library(LibraryConfig(folder)) as library:
        engine = AnswerEngine(library, _composer(library, model) if model else None)
        said = dict[str, Conversation]()
        found = Answered([], [], [])
        records = read_records(messages)
        for record in [*records[:_WARMING], *records]:
            before = said.get(record.get("after") or "", Conversation())
            within = TimeRange(parse_span(record["asked_at"]).end)
            asked = AnswerRequest(record["question"], within, "local", conversation=before)
            if model is not None:
                model.expected = record["expect"]
            start, worked = time.perf_counter(), time.process_time()
            answer = await engine.answer(asked)
            ms = (time.perf_counter() - start) * 1000
            said[record["id"]] = engine.after(before, asked, answer)
            line = json.dumps(
                answer_record(answer, record["id"], ms), ensure_ascii=False, default=str
            )
            found.lines.append(line)
            if not answer.cached:
                found.ms.append(ms)
                found.busy.append((time.process_time() - worked) * 1000)
        return Answered(found.lines[_WARMING:], found.ms[_WARMING:], found.busy[_WARMING:])


def _composer(library: Library, model: PerfectModel) -> Composer:
    budget = TokenBudget(library.database, {}, Budget(), library.clock, UTC)
    return Composer(model, budget, GenerationLimits(), UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--messages", type=Path, default=MESSAGES)
    parser.add_argument("--articles", type=Path, default=ARTICLES)
    parser.add_argument("--folder", type=Path, help="a data folder that has the articles")
    parser.add_argument("--list", action="store_true", help="print what is wrong")
    parser.add_argument("--perfect", action="store_true", help="with a model that knows the answer")
    options = parser.parse_args()
    needed = [options.messages, options.folder or options.articles, _SCORER]
    missing = [path for path in needed if not path.exists()]
    if missing:
        print(f"not measured: {missing[0]} is not there")
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "data"
        if options.folder is None:
            asyncio.run(weekly_news.ingest_once(folder, read_records(options.articles)))
        model = PerfectModel() if options.perfect else None
        answered = asyncio.run(answers(folder, options.messages, model))
        out = Path(temporary) / "answers.jsonl"
        out.write_text("\n".join(answered.lines) + "\n", encoding="utf-8")
        flags = ["--list"] if options.list else []
        command = [sys.executable, str(_SCORER), str(options.messages), str(out), *flags]
        subprocess.run(command, check=True)
    ms = sorted(answered.ms)
    print(
        f"an answer with{'' if options.perfect else 'out'} a model: median {statistics.median(ms):.1f} ms, "
        f"nine in ten within {ms[int(len(ms) * 0.9)]:.1f} ms ({len(ms)} messages); "
        f"processor time {statistics.median(answered.busy):.1f} ms in the median"
    )


if __name__ == "__main__":
    main()
