"""Articles, dates, names, paywalls, error pages and briefs in fifteen languages."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import UnreadableSource
from retrieval.extraction import extract_article
from retrieval.models import Article
from retrieval.timestamps import written

_LANGUAGES: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "data" / "languages.toml").read_text(encoding="utf-8")
)
_LEAST = 0.95


def _page(tag: str, title: str, head: str, body: str, foot: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="{tag}"><head><meta charset="utf-8"><title>{escape(title)} | Varsund Post</title>'
        '<meta property="og:site_name" content="Varsund Post"></head><body><header><nav><a href="/">Varsund Post</a> '
        f'<a href="/a">A</a></nav></header><main><article><h1>{escape(title)}</h1>{head}{body}</article></main>{foot}'
        "<footer><p>© 2019 Varsund Post</p></footer></body></html>"
    )


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def _read(html: str) -> Article:
    return extract_article(html, "https://varsundpost.example/news/mill")


def _article_page(language: str) -> str:
    of = _LANGUAGES[language]
    first, *rest = of["paragraphs"]
    pointer = f'<p>{escape(of["read_also"])}<a href="/other">{escape(of["brief"][0][:40])}</a></p>'
    head = f"<p>{escape(of['by'])}</p><div>{escape(of['date'])}</div>"
    return _page(language, of["title"], head, _paragraphs([first]) + pointer + _paragraphs(rest))


def _rejected(html: str) -> bool:
    try:
        _read(html)
    except UnreadableSource:
        return True
    return False


def _has_the_article(language: str) -> bool:
    of = _LANGUAGES[language]
    text = _read(_article_page(language)).text
    whole = all(paragraph in text for paragraph in of["paragraphs"])
    return whole and of["read_also"].strip() not in text and of["brief"][0][:40] not in text


def _has_the_wall(language: str) -> bool:
    of = _LANGUAGES[language]
    wall = f'<div class="x7"><p>{escape(of["wall"])}</p></div>'
    return _rejected(_page(language, of["title"], "", _paragraphs(of["paragraphs"][:2]) + wall))


def _has_the_error(language: str) -> bool:
    gone = _LANGUAGES[language]["gone"]
    return _rejected(
        _page(language, gone, "", _paragraphs([gone + ".", _LANGUAGES[language]["brief"][0]]))
    )


def _has_the_brief(language: str) -> bool:
    of = _LANGUAGES[language]
    text = _read(_page(language, of["title"], "", _paragraphs(of["brief"]))).text
    return all(sentence in text for sentence in of["brief"])


def _date_of(language: str) -> str | None:
    published = _read(_article_page(language)).published
    return written(published) if published else None


_CELLS: dict[str, Callable[[str], bool]] = {
    "article": _has_the_article,
    "language": lambda tag: _read(_article_page(tag).replace(f'lang="{tag}"', 'lang="en"')).language == tag,
    "date": lambda tag: _date_of(tag) == _LANGUAGES[tag]["moment"],
    "author": lambda tag: list(_read(_article_page(tag)).authors) == _LANGUAGES[tag]["authors"],
    "title": lambda tag: _read(_article_page(tag)).title == _LANGUAGES[tag]["title"],
    "wall": _has_the_wall,
    "error": _has_the_error,
    "brief": _has_the_brief,
}  # fmt: skip


def _holds(cell: str, language: str) -> bool:
    try:
        return _CELLS[cell](language)
    except UnreadableSource:
        return False


def test_pages_of_fifteen_languages_are_read() -> None:
    table = {(tag, cell): _holds(cell, tag) for tag in _LANGUAGES for cell in _CELLS}
    wrong = sorted(f"{tag} {cell}" for (tag, cell), right in table.items() if not right)
    assert len(_LANGUAGES) == 15
    assert sum(table.values()) / len(table) >= _LEAST, wrong


@pytest.mark.parametrize("language", _LANGUAGES)
def test_a_page_is_an_article_in_its_language(language: str) -> None:
    article = _read(_article_page(language))
    assert article.title == _LANGUAGES[language]["title"]
    assert article.source == "Varsund Post"
    assert article.language == language
    assert all(paragraph in article.text for paragraph in _LANGUAGES[language]["paragraphs"])
