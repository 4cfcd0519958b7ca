"""Words that a corpus does not know: other spellings, halves, the nearest word, short forms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig
from retrieval.timestamps import TimeRange

_ARTICLES = [
    ("cannabis", "Parliament votes to legalize cannabis", "Lawmakers in Maravel voted to legalize cannabis for adults. The vote was close."),
    ("carmaker", "Carmaker Torvo recalls its vans", "The carmaker Torvo recalled every van that it sold. Owners were evacuated from a garage."),
    ("minister", "Prime minister Zelenka visits Britain", "Prime minister Zelenka travelled to Britain. People lined the streets to see the car maker's gift."),
    ("bowl", "Lions win the Super Bowl", "The Lions won the Super Bowl after extra time. The colour of the trophy is silver."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "article", "word", "instead"),
    [
        ("Who voted to legalise canabis?", "cannabis", "legalise", "legalize"),
        ("Who voted to legalise canabis?", "cannabis", "canabis", "cannabis"),
        ("Where did Zelenca travel?", "minister", "Zelenca", "zelenka"),
        ("Who won the superbowl?", "bowl", "superbowl", "super bowl"),
        ("Who was evacuatd?", "carmaker", "evacuatd", "evacuated"),
        ("What color has the trophy?", "bowl", "color", "colour"),
    ],
)
async def test_an_unknown_word_is_looked_for_as_it_may_be_meant(
    tmp_path: Path, question: str, article: str, word: str, instead: str
) -> None:
    found = await _search(tmp_path, question)
    assert found.hits[0].passage.article.url == f"https://example.com/{article}"
    assert {one.word: one.instead for one in found.respellings}[word] == (instead,)


async def test_short_forms_are_written_out_and_known_words_stay(tmp_path: Path) -> None:
    found = await _search(tmp_path, "What did ppl do abt the visit to the UK?")
    assert found.hits[0].passage.article.url == "https://example.com/minister"
    assert "peopl" in found.weights
    assert "abt" not in found.weights


async def test_a_word_like_no_other_stays_unknown(tmp_path: Path) -> None:
    found = await _search(tmp_path, "Who is Qwrtzlpf?")
    assert found.respellings == ()


@pytest.mark.parametrize(
    "question",
    [
        "Who rules Brazil?",
        "Who is the mayor of Paris?",
        "Was Mr Bowen evacuated?",
        "¿Quién ganó el partido anoche?",
    ],
)
async def test_a_name_or_a_word_of_another_language_stays_as_it_is(
    tmp_path: Path, question: str
) -> None:
    found = await _search(tmp_path, question)
    assert found.respellings == ()


async def _search(folder: Path, question: str):  # type: ignore[no-untyped-def]
    lines = [
        json.dumps({"url": f"https://example.com/{name}", "title": title, "text": text, "published_at": "2026-03-01"})
        for name, title, text in _ARTICLES
    ]  # fmt: skip
    file = folder / "articles.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    config = LibraryConfig(folder / "data")
    async with open_library(config, writer="test") as library:
        indexer = await library.indexer("local")
        async for _ in ingest(
            indexer, read_source(file, 1_000_000), actor="test", data_dir=config.data_dir
        ):
            pass
        within = TimeRange(datetime(2026, 3, 20, tzinfo=UTC))
        return await library.search(question, within, corpus="local")
