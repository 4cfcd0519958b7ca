"""Articles, dates, names, paywalls, error pages and briefs in fifteen languages."""

from __future__ import annotations

import pytest

from tests.benchmarks.page_languages import CELLS, article_page, holds, read
from tests.unit.served import LANGUAGES

_LEAST = 0.95


def test_pages_of_fifteen_languages_are_read() -> None:
    table = {(tag, cell): holds(cell, tag) for tag in LANGUAGES for cell in CELLS}
    wrong = sorted(f"{tag} {cell}" for (tag, cell), right in table.items() if not right)
    assert len(LANGUAGES) == 15
    assert sum(table.values()) / len(table) >= _LEAST, wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_an_article_in_its_language(language: str) -> None:
    article = read(article_page(language))
    assert article.title == LANGUAGES[language]["title"]
    assert article.source == "Varsund Post"
    assert article.language == language
    assert all(paragraph in article.text for paragraph in LANGUAGES[language]["paragraphs"])
