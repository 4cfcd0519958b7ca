"""Questions on single articles, pasted as a person copies them from a web page.

    python -m tests.benchmarks.pasted [--all]

Twenty invented articles (pasted_articles.jsonl), each in a corpus of its own, with questions of each
kind: a day told by its feast, a definition, an opinion with its holder, a strength compared, a
reason, who unveiled what, an amount and its term, what someone's company does. Where the article of
pasted_shared.jsonl lies beside the project, it is asked about too, and counted apart: nothing is
learned from it. Prints how often the first sentence is right, and what went wrong (or with --all
everything).
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.evaluation.questions import holds, read_records
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library, LibraryConfig
from retrieval.timestamps import TimeRange
from tests.benchmarks.weekly_news import SHARED

ARTICLES = Path(__file__).with_name("pasted_articles.jsonl")
_BESIDE = Path(__file__).with_name("pasted_shared.jsonl")


def load() -> list[dict[str, Any]]:
    """Read the articles with their questions."""
    return read_records(ARTICLES)


def beside() -> list[dict[str, Any]]:
    """The same of articles that lie beside the project, as far as they do."""
    records = read_records(_BESIDE)
    files = [(SHARED / "data" / record["file"], record["questions"]) for record in records]
    return [
        {"text": file.read_text(encoding="utf-8"), "questions": questions}
        for file, questions in files
        if file.exists()
    ]


def corpus_of(number: int) -> str:
    """The corpus in which an article stands alone."""
    return f"article {number}"


async def take_in(library: Library, folder: Path, number: int, text: str) -> None:
    """Ingest a pasted article into its corpus."""
    file = folder / f"{number}.txt"
    file.write_text(text, encoding="utf-8")
    indexer = await library.indexer(corpus_of(number))
    async for _ in ingest(indexer, read_source(file, 1_000_000), actor="bench", data_dir=folder):
        pass


async def main() -> None:
    own = load()
    articles = [*own, *beside()]
    rights: dict[str, list[bool]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        async with open_library(LibraryConfig(folder), writer="bench") as library:
            for number, article in enumerate(articles):
                await take_in(library, folder, number, article["text"])
            engine = AnswerEngine(library)
            now = TimeRange(datetime.now(UTC))
            for number, article in enumerate(articles):
                for each in article["questions"]:
                    request = AnswerRequest(each["question"], now, corpus_of(number))
                    answer = await engine.answer(request)
                    first = answer.sentences[0].text if answer.sentences else "declined"
                    right = holds(each["answer"], first)
                    rights[each["kind"] if number < len(own) else "beside the project"].append(
                        right
                    )
                    if not right or "--all" in sys.argv:
                        print(f"{each['question']} [{each['answer']}]\n    {first}")
    for kind, marks in sorted(rights.items()):
        print(f"{kind}: {sum(marks)} of {len(marks)}")
    every = [mark for marks in rights.values() for mark in marks]
    print(f"first sentence right: {sum(every) / len(every):.3f} of {len(every)} questions")


if __name__ == "__main__":
    asyncio.run(main())
