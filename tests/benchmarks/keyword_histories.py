"""Keyword indexes with different histories: `python -m tests.benchmarks.keyword_histories`.

The articles of the dev set are written to one index as they come, and to another one among articles of
another year, which are removed again, and with a part of its own articles removed and written anew.
Then all questions of the set are asked through both, beside the same vectors, as two hosts would ask that
keep a copy each; and the time of a search is compared between an index without removals and one with.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.evaluation.questions import known_questions, read_records
from bot.storage.library import open_library
from retrieval.catalogue import PASSAGES_PER_VERSION, PendingVersion
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.library import Library, LibraryConfig
from retrieval.search.candidates import CorpusIndexes
from retrieval.timestamps import TimeRange
from tests.benchmarks import weekly_news

_BATCH = 100
_FOREIGN = 1 << 30


async def versions_of(library: Library) -> list[PendingVersion]:
    found = await library.catalogue.corpora.by_name("local")
    assert found is not None
    ids = await library.catalogue.articles.shown_version_ids(found)
    return await library.catalogue.articles.load_versions(ids)


def as_foreign(version: PendingVersion) -> PendingVersion:
    """The same under ids that no article of the set has."""
    version_id = version.id + _FOREIGN
    first = version_id * PASSAGES_PER_VERSION
    passages = tuple(
        (first + passage_id % PASSAGES_PER_VERSION, start, end)
        for passage_id, start, end in version.passages
    )
    return replace(version, id=version_id, passages=passages)


async def write_straight(index: KeywordIndex, own: Sequence[PendingVersion]) -> None:
    for first in range(0, len(own), _BATCH):
        await index.write(own[first : first + _BATCH], ())


async def write_with_removals(
    index: KeywordIndex, own: Sequence[PendingVersion], foreign: Sequence[PendingVersion]
) -> None:
    """Every batch beside foreign articles; these leave later, and every fifth batch comes again."""
    batches = [own[first : first + _BATCH] for first in range(0, len(own), _BATCH)]
    size = -(-len(foreign) // len(batches))
    waiting: list[list[int]] = []
    for number, batch in enumerate(batches):
        strangers = foreign[number * size : (number + 1) * size]
        await index.write([*strangers, *batch], ())
        waiting.append([version.id for version in strangers])
        if len(waiting) > 3:
            await index.write((), waiting.pop(0))
        if number % 5 == 4:
            again = batches[number - 2]
            await index.write((), [version.id for version in again])
            await index.write(again, ())
    for ids in waiting:
        await index.write((), ids)


async def compare(folder: Path, share: float, most_answers: int) -> None:
    data = await weekly_news.ingested(folder, "weekly-news")
    other = await weekly_news.ingested(folder, "weekly-news-2022", half=True)
    records = read_records(weekly_news.QUESTIONS)
    questions = known_questions(records, weekly_news.load_articles())
    async with AsyncExitStack() as opened:
        library, strange = [
            await opened.enter_async_context(open_library(LibraryConfig(each)))
            for each in (data, other)
        ]
        own = await versions_of(library)
        foreign = [as_foreign(each) for each in (await versions_of(strange))]
        foreign = foreign[: int(share * len(own))]
        corpus = await library.require_corpus("local")
        indexes = library.indexes(corpus)
        kept = []
        for name in ("straight", "removals"):
            path = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix=name)))
            kept.append(KeywordIndex(path / "index"))
            opened.push_async_callback(kept[-1].close)
        await write_straight(kept[0], own)
        await write_with_removals(kept[1], own, foreign)
        # An engine for each, for they remember answers.
        engines = [AnswerEngine(library) for _ in kept]
        hits_equal = answers_equal = answered = 0
        times: list[list[float]] = [[], []]
        for number, question in enumerate(questions):
            within = TimeRange(question.as_of)
            hits: list[list[int]] = [[], []]
            answers: list[tuple[bool, str]] = []
            for side in (0, 1) if number % 2 else (1, 0):
                key = corpus.id, corpus.generation, corpus.vector_server
                library._indexes[key] = CorpusIndexes(corpus, kept[side], indexes.vectors)
                began = time.process_time()
                found = await library.search(question.question, within, corpus="local")
                times[side].append(time.process_time() - began)
                hits[side] = [hit.passage.passage_id for hit in found.hits]
                if number < most_answers:
                    request = AnswerRequest(question.question, within, "local")
                    answer = await engines[side].answer(request)
                    answers.append((answer.abstained, answer.text))
            hits_equal += hits[0] == hits[1]
            answered += bool(answers)
            answers_equal += bool(answers) and answers[0] == answers[1]
        print(
            f"{len(own)} articles, {len(foreign)} others removed again: {hits_equal} of "
            f"{len(questions)} questions with the same results in the same order, "
            f"{answers_equal} of {answered} with the same answer"
        )
        ratios = [b / a for a, b in zip(*times, strict=True) if a]
        medians = [1000 * statistics.median(each) for each in times]
        print(
            f"processor time of a search: {medians[0]:.1f} ms without removals, {medians[1]:.1f} ms "
            f"with, in the median {statistics.median(ratios):.2f} times as much"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=0.5, help="of others, for each article")
    parser.add_argument("--folder", type=Path, help="where ingested sets are kept")
    parser.add_argument("--answers", type=int, default=559, help="of so many questions")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(compare(arguments.folder or Path(folder), arguments.share, arguments.answers))


if __name__ == "__main__":
    main()
