"""Paragraphs and questions by language, which several benchmarks ask.

``FOLDER`` has the same encyclopaedic ones in eight languages (XQuAD, beside the project); ``INVENTED``
a few invented ones of the project in four more languages. A paragraph has one number in all languages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bot.evaluation.questions import read_records
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library
from retrieval.models import SearchResult
from tests.benchmarks import weekly_news

FOLDER = weekly_news.SHARED / "data" / "languages"
LANGUAGES = ("en", "de", "es", "ru", "ar", "zh", "tr", "hi")
INVENTED = Path(__file__).with_name("invented_languages")
INVENTED_LANGUAGES = ("el", "ro", "th", "vi")
_LARGEST = 50_000_000
_ARTICLES = (".jsonl", ".jsonl.gz")
# Scripts without spaces: an answer may stand anywhere in a run of characters.
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def _file(name: str, suffixes: Iterable[str]) -> Path:
    return next(
        path
        for folder in (INVENTED, FOLDER)
        for suffix in suffixes
        if (path := folder / f"{name}{suffix}").exists()
    )


def questions_of(language: str, every: int = 1) -> list[dict[str, Any]]:
    """One question in ``every`` of a language, the same ones of each."""
    return read_records(_file(f"{language}-questions", (".jsonl",)))[::every]


def articles_of(language: str) -> list[dict[str, Any]]:
    """The paragraphs of a language, as articles."""
    return read_records(_file(f"{language}-articles", _ARTICLES))


async def take_in(library: Library, language: str, corpus: str, folder: Path) -> None:
    """Ingest the articles of a language into a corpus of the library in ``folder``."""
    file = _file(f"{language}-articles", _ARTICLES)
    indexer = await library.indexer(corpus)
    async for result in ingest(
        indexer, read_source(file, _LARGEST), actor="benchmark", data_dir=folder
    ):
        assert result.status == "indexed", result.reason


def is_gold(url: str | None, gold: str) -> bool:
    """Whether an article is the paragraph of a question."""
    return url is not None and url.rsplit("/", 2)[1:] == gold.rsplit("/", 2)[1:]


def gold_rank(hits: Iterable[SearchResult], gold: str) -> int | None:
    """The place of the first passage of a question's paragraph; None if there is none."""
    return next((hit.rank for hit in hits if is_gold(hit.passage.article.url, gold)), None)


def has_words(answer: str, text: str) -> bool:
    """Whether ``text`` has the words of ``answer`` in their order, whatever their forms of
    characters and the punctuation; of scripts without spaces, their characters."""
    wanted, told = _plain(answer), _plain(text)
    if _UNSPACED.search(wanted):
        return wanted.replace(" ", "") in told.replace(" ", "")
    return f" {wanted} " in f" {told} "


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return " ".join("".join(kept).split())
