"""Many keyword indexes, few of them open at a time."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path

import pytest
import tantivy

from retrieval.catalogue import PASSAGES_PER_VERSION, PendingVersion
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.indexes.keyword_pool import KeywordPool
from tests.deadlines import scaled


def version(number: int, text: str) -> PendingVersion:
    passage = (number * PASSAGES_PER_VERSION, 0, len(text))
    return PendingVersion(number, f"a{number}", "Title", text, "", None, None, None, None, 0, "en", (passage,))  # fmt: skip


def is_written(folder: Path) -> bool:
    """Whether somebody holds the writer of the index in ``folder``: tantivy lets one do so."""
    try:
        tantivy.Index.open(str(folder)).writer(num_threads=1)
    except ValueError:
        return True
    return False


def found(index: KeywordIndex, word: str) -> list[int]:
    return [*index.search(index.weigh([word]), 10, None, ())]


async def test_many_indexes_are_written_and_read_with_few_of_them_open(tmp_path: Path) -> None:
    pool = KeywordPool(readers=2, writers=2, idle_seconds=0)
    folders = [tmp_path / str(n) for n in range(5)]
    indexes = [KeywordIndex(folder, pool) for folder in folders]
    for n, index in enumerate(indexes):
        await index.write([version(n, f"Only here they speak of zanzibar{n}.")], ())
    assert [is_written(folder) for folder in folders] == [False, False, False, True, True]

    await indexes[0].write([version(7, "They speak of timbuktu now.")], [0])
    assert [is_written(folder) for folder in folders] == [True, False, False, False, True]
    assert found(indexes[0], "timbuktu") == [7 * PASSAGES_PER_VERSION]
    assert found(indexes[0], "zanzibar0") == []
    for n, index in enumerate(indexes[1:], 1):
        assert found(index, f"zanzibar{n}") == [n * PASSAGES_PER_VERSION]
        assert found(index, "timbuktu") == []

    pool.close_idle()
    assert not any(map(is_written, folders))
    await indexes[3].write([version(8, "They speak of timbuktu here too.")], ())
    assert found(indexes[3], "timbuktu") == [8 * PASSAGES_PER_VERSION]
    for index in indexes:
        await index.close()
    assert not any(map(is_written, folders))


async def test_what_many_indexes_are_read_through_is_let_go_of(tmp_path: Path) -> None:
    tasks = Path("/proc/self/task")
    if not tasks.is_dir():
        pytest.skip("the threads of a process are not listed here")

    async def open_indexes() -> int:
        """How many threads look after an open index, once those that are ending have ended."""
        counts = [-1, -2]
        async with asyncio.timeout(scaled(20)):
            while len(set(counts[-4:])) > 1:
                gc.collect()
                await asyncio.sleep(0.05)
                names = [task / "comm" for task in tasks.iterdir()]
                texts = [name.read_text() for name in names if name.exists()]
                counts.append(sum(text.startswith("thread-tantivy") for text in texts))
        return counts[-1]

    pool = KeywordPool(readers=2, writers=2, idle_seconds=0)
    indexes = [KeywordIndex(tmp_path / str(n), pool) for n in range(12)]
    for n, index in enumerate(indexes, 1):
        await index.write([version(n, f"Only here they speak of zanzibar{n}.")], ())
    pool.close_idle()
    before = await open_indexes()
    for n, index in enumerate(indexes, 1):
        assert found(index, f"zanzibar{n}")
        assert index.languages() == {"en": 1}
    assert await open_indexes() <= before + 2


class Recorded:
    """Notes what the pool closes."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def close_reader(self) -> None:
        self.closed.append("reader")

    def close_writer(self) -> None:
        self.closed.append("writer")


def test_what_was_used_longest_ago_is_closed_and_what_is_in_use_is_not() -> None:
    pool = KeywordPool(readers=2, writers=2)
    first, second, third = Recorded(), Recorded(), Recorded()
    for index in (first, second, first, third):
        pool.reads(index)
    assert (first.closed, second.closed, third.closed) == ([], ["reader"], [])

    with pool.writing(first):
        with pool.writing(second):
            pass
        with pool.writing(third):
            pass
    assert (first.closed, second.closed) == ([], ["reader", "writer"])
    pool.close_idle()  # used a moment ago
    assert (first.closed, third.closed) == ([], [])
