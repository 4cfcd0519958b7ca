"""What is listed where there is no answer is about the question."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.answering.nearest import nearest_coverage
from retrieval.models import Passage, Reference, SearchResult, SearchResults
from retrieval.search.query import content_words
from retrieval.text.stemming import stems

_NOW = datetime(2023, 11, 3, 12, tzinfo=UTC)


def found(question: str, *texts: str) -> SearchResults:
    hits = tuple(
        SearchResult(
            n,
            1 / n,
            Passage(n, Reference(f"a{n}", None, f"Report {n}", None, None), 0, len(text), text),
        )
        for n, text in enumerate(texts, 1)
    )
    weights = {stem: 5.0 for word in content_words(question) for stem in stems(word)}
    return SearchResults(question, None, _NOW, hits, weights=weights)


def test_only_articles_on_the_subject_are_listed_and_three_at_most() -> None:
    results = found(
        "What toll do lorries from Osswick pay on the bridge?",
        "Lorries from Osswick pay more on the bridge from May.",
        "The bridge of Velmar takes no toll from lorries.",
        "A cat won a prize.",
        *(f"Osswick's bridge opens to lorries, part {n}." for n in range(4)),
    )
    assert [article.article_id for article in nearest_coverage(results)] == ["a1", "a4", "a5"]


def test_nothing_on_the_subject_lists_nothing() -> None:
    assert nearest_coverage(found("Who is the president of Brazil?", "A cat won a prize.")) == []
