"""Search and answers by language: `python -m tests.benchmarks.languages`.

    python -m tests.benchmarks.languages [--languages de,zh] [--over en] [--limit N] [--embedder NAME] [--search-only] [--show N]

The same encyclopaedic paragraphs and questions in eight languages (XQuAD, beside the project); for
``el``, ``ro``, ``th`` and ``vi`` six invented paragraphs and ten questions of the project. Each
language's articles are ingested into a folder of its own and asked its questions; with ``--over``,
the articles of that language are asked the questions of the others. Prints, by language, at what
place the paragraph stands that a question is about, how many answers without a model have the right
words, and how many questions are declined, of all and of those whose paragraph is among the first
five.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.evaluation.scoring import hits_at
from bot.storage.library import open_library
from retrieval.library import Library, LibraryConfig
from retrieval.timestamps import TimeRange, parse_span
from tests.benchmarks.language_data import LANGUAGES, gold_rank, has_words, questions_of, take_in

_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one question; ``rank`` is the place of its paragraph, None if not found."""

    question: str
    wanted: str
    answer: str
    rank: int | None
    declined: bool
    right: bool


async def outcomes(
    library: Library, corpus: str, questions: Sequence[Mapping[str, Any]], *, search_only: bool
) -> list[Outcome]:
    """Ask ``questions`` of a corpus without a model."""
    engine = AnswerEngine(library)
    found: list[Outcome] = []
    for each in questions:
        text, wanted = str(each["question"]), str(each["answer"])
        within = TimeRange(parse_span(each["asked_at"]).end)
        results = await library.search(text, within, corpus=corpus, limit=_LIMIT)
        rank = gold_rank(results.hits, each["gold_urls"][0])
        answer, declined = "", True
        if not search_only:
            told = await engine.answer(AnswerRequest(text, within, corpus, limit=_LIMIT))
            answer, declined = told.text, told.abstained
        right = not declined and has_words(wanted, answer)
        found.append(Outcome(text, wanted, answer, rank, declined, right))
    return found


def line(name: str, found: Sequence[Outcome], *, search_only: bool = False) -> str:
    """The figures of some outcomes in one row of a table."""
    ranks = [each.rank for each in found]
    first, fifth = (sum(map(hits_at(depth), ranks)) / len(ranks) for depth in (1, 5))
    row = f"| {name} | {len(found)} | {first:.3f} | {fifth:.3f} |"
    if search_only:
        return row
    held = [each for each in found if hits_at(5)(each.rank)]
    right = sum(each.right for each in found) / len(found)
    declined = sum(each.declined for each in found) / len(found)
    of_held = sum(each.declined for each in held) / max(1, len(held))
    return f"{row} {right:.3f} | {declined:.3f} | {of_held:.3f} |"


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--languages", default=",".join(LANGUAGES))
    parser.add_argument("--over", help="the language of the articles; else that of the questions")
    parser.add_argument("--limit", type=int, default=0, help="questions of each language")
    parser.add_argument("--embedder", help="else the default one")
    parser.add_argument("--search-only", action="store_true")
    parser.add_argument("--show", type=int, default=0, help="answers to print of each language")
    options = parser.parse_args()
    columns = ["questions", "Hits@1", "Hits@5"]
    if not options.search_only:
        columns += ["right words", "declined", "declined though found"]
    print(f"| language | {' | '.join(columns)} |")
    print("| --- |" + " ---: |" * len(columns))
    with tempfile.TemporaryDirectory(prefix="newsdesk-languages-") as temporary:
        for language in options.languages.split(","):
            corpus = options.over or language
            folder = Path(temporary) / corpus
            config = LibraryConfig(folder)
            if options.embedder:
                config = replace(config, embedder=options.embedder)
            questions = questions_of(language)
            if options.limit:
                questions = questions[:: max(1, len(questions) // options.limit)][: options.limit]
            known = folder.exists()
            async with open_library(config, writer="benchmark") as library:
                if not known:
                    await take_in(library, corpus, corpus, folder)
                found = await outcomes(library, corpus, questions, search_only=options.search_only)
            name = f"{language} over {corpus}" if options.over else language
            print(line(name, found, search_only=options.search_only), flush=True)
            for each in found[: options.show]:
                print(f"  {each.question}\n    [{each.wanted}] {each.rank} {each.right}: {each.answer}")  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
