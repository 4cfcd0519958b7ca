"""Time in questions, over a corpus that begins in 2022: what is exact, preferred, or no limit."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library, LibraryConfig
from retrieval.models import SearchResults
from retrieval.timestamps import TimeRange

_ARTICLES = [
    ("old", "2022-05-04", "The Lantern Bridge was closed for repairs. In 2014 the guild proclaimed it the finest bridge of Maravel."),
    ("may", "2023-05-10", "The Lantern Bridge was painted. The mayor of Maravel spoke about the bridge."),
    ("week", "2023-12-11", "The Lantern Bridge reopened on Sunday. The mayor of Maravel crossed it first."),
    ("usatoday", "2023-11-02", "The Lantern Bridge has lamps of glass. The mayor of Maravel likes them."),
]  # fmt: skip
_NOW = TimeRange(datetime(2023, 12, 13, 12, tzinfo=UTC))


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    lines = [
        json.dumps({
            "url": f"https://{'usatoday.com' if name == 'usatoday' else 'example.com'}/{name}",
            "title": "Lantern Bridge", "text": text, "published_at": date,
        })
        for name, date, text in _ARTICLES
    ]  # fmt: skip
    file = tmp_path / "articles.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    config = LibraryConfig(tmp_path / "data")
    async with open_library(config, writer="test") as opened:
        indexer = await opened.indexer("local")
        async for _ in ingest(
            indexer, read_source(file, 1_000_000), actor="test", data_dir=config.data_dir
        ):
            pass
        yield opened


def _names(found: SearchResults) -> list[str]:
    return [(hit.passage.article.url or "").rsplit("/", 1)[1] for hit in found.hits]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("What was published in May about the Lantern Bridge?", {"may"}),
        ("What is this week's news of the Lantern Bridge?", {"week"}),
        ("Which reports since November tell of the Lantern Bridge?", {"week", "usatoday"}),
        ("According to USA TODAY, what has the Lantern Bridge?", {"usatoday"}),
        ("according to usa today, what has the lantern bridge?", {"usatoday"}),
    ],
)
async def test_words_for_the_report_and_publishers_are_exact(
    library: Library, question: str, names: set[str]
) -> None:
    found = await library.search(question, _NOW, corpus="local")
    assert set(_names(found)) == names
    assert found.preferred is None


@pytest.mark.parametrize(
    ("question", "first", "phrase"),
    [
        ("Who crossed the Lantern Bridge this week?", "week", "this week"),
        ("Who spoke about the Lantern Bridge in May 2023?", "may", "in May 2023"),
        ("What happened to the Lantern Bridge in May 2022?", "old", "in May 2022"),
    ],
)
async def test_other_words_for_time_prefer_and_shut_nothing_out(
    library: Library, question: str, first: str, phrase: str
) -> None:
    found = await library.search(question, _NOW, corpus="local")
    assert _names(found)[0] == first
    assert len(found.hits) == len(_ARTICLES)
    assert found.preferred is not None
    assert found.preferred.phrase == phrase
    assert found.preferred.articles == 1
    assert found.preferred.covers(found.hits[0].passage.article.published_at)


@pytest.mark.parametrize(
    "question",
    [
        "What did the guild proclaim the Lantern Bridge in 2014?",
        "Which bridge did the guild proclaim on July 14, 1789?",
    ],
)
async def test_a_time_before_the_corpus_begins_limits_nothing(
    library: Library, question: str
) -> None:
    found = await library.search(question, _NOW, corpus="local")
    assert _names(found)[0] == "old"
    assert found.preferred is not None
    assert found.preferred.articles == 0
    assert found.since is None


async def test_what_an_option_says_is_exact_beside_words(library: Library) -> None:
    within = TimeRange(_NOW.as_of, since=datetime(2023, 5, 1, tzinfo=UTC))
    found = await library.search("What was the Lantern Bridge in 2022?", within, corpus="local")
    assert "old" not in _names(found)


@pytest.mark.parametrize(("day_first", "since"), [(True, 3), (False, 5)])
async def test_dates_in_figures_are_read_in_the_order_of_the_place(
    library: Library, day_first: bool, since: int
) -> None:
    found = await library.search(
        "What was the Lantern Bridge on 3/5/2023?", _NOW, corpus="local", day_first=day_first
    )
    assert found.preferred is not None
    assert found.preferred.since is not None
    assert found.preferred.since.day == since
