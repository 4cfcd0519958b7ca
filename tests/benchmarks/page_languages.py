"""`python -m tests.benchmarks.page_languages`: how pages of fifteen languages are read.

A table of languages by what is to be right: the article's text, its language, date, authors and
title, that a paywall and an error page are refused, that a brief is taken. Pages and rules are the
project's own; nothing was trained on them.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from retrieval.errors import UnreadableSource
from retrieval.extraction import extract_article
from retrieval.models import Article
from retrieval.timestamps import written
from tests.unit.served import LANGUAGES


def _page(tag: str, title: str, head: str, body: str, foot: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="{tag}"><head><meta charset="utf-8"><title>{escape(title)} | Varsund Post</title>'
        '<meta property="og:site_name" content="Varsund Post"></head><body><header><nav><a href="/">Varsund Post</a> '
        f'<a href="/a">A</a></nav></header><main><article><h1>{escape(title)}</h1>{head}{body}</article></main>{foot}'
        "<footer><p>© 2019 Varsund Post</p></footer></body></html>"
    )


def _paragraphs(lines: list[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)


def read(html: str) -> Article:
    """Read a page as that of an article at an invented address."""
    return extract_article(html, "https://varsundpost.example/news/mill")


def article_page(language: str) -> str:
    """Return the page of an article with its byline, its date and a pointer to another."""
    of = LANGUAGES[language]
    first, *rest = of["paragraphs"]
    pointer = f'<p>{escape(of["read_also"])}<a href="/other">{escape(of["brief"][0][:40])}</a></p>'
    head = f"<p>{escape(of['by'])}</p><div>{escape(of['date'])}</div>"
    return _page(language, of["title"], head, _paragraphs([first]) + pointer + _paragraphs(rest))


def _rejected(html: str) -> bool:
    try:
        read(html)
    except UnreadableSource:
        return True
    return False


def _has_the_article(language: str) -> bool:
    of = LANGUAGES[language]
    text = read(article_page(language)).text
    whole = all(paragraph in text for paragraph in of["paragraphs"])
    return whole and of["read_also"].strip() not in text and of["brief"][0][:40] not in text


def _has_the_wall(language: str) -> bool:
    of = LANGUAGES[language]
    wall = f'<div class="x7"><p>{escape(of["wall"])}</p></div>'
    return _rejected(_page(language, of["title"], "", _paragraphs(of["paragraphs"][:2]) + wall))


def _has_the_error(language: str) -> bool:
    gone = LANGUAGES[language]["gone"]
    return _rejected(
        _page(language, gone, "", _paragraphs([gone + ".", LANGUAGES[language]["brief"][0]]))
    )


def _has_the_brief(language: str) -> bool:
    of = LANGUAGES[language]
    text = read(_page(language, of["title"], "", _paragraphs(of["brief"]))).text
    return all(sentence in text for sentence in of["brief"])


def _date_of(language: str) -> str | None:
    published = read(article_page(language)).published
    return written(published) if published else None


CELLS: dict[str, Callable[[str], bool]] = {
    "article": _has_the_article,
    "language": lambda tag: read(article_page(tag).replace(f'lang="{tag}"', 'lang="en"')).language == tag,
    "date": lambda tag: _date_of(tag) == LANGUAGES[tag]["moment"],
    "author": lambda tag: list(read(article_page(tag)).authors) == LANGUAGES[tag]["authors"],
    "title": lambda tag: read(article_page(tag)).title == LANGUAGES[tag]["title"],
    "wall": _has_the_wall,
    "error": _has_the_error,
    "brief": _has_the_brief,
}  # fmt: skip


def holds(cell: str, language: str) -> bool:
    """Whether a cell of the table is right."""
    try:
        return CELLS[cell](language)
    except UnreadableSource:
        return False


def main() -> None:
    print("    " + " ".join(f"{cell:>8}" for cell in CELLS))
    right = 0
    for language in LANGUAGES:
        row = [holds(cell, language) for cell in CELLS]
        right += sum(row)
        print(f"{language:4}" + " ".join(f"{'right' if cell else 'WRONG':>8}" for cell in row))
    count = len(LANGUAGES) * len(CELLS)
    print(f"{right} of {count} cells right ({right / count:.3f})")


if __name__ == "__main__":
    main()
