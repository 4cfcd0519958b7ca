"""Corpus, time and source are exact: nothing leaks, whatever the articles and the question."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.library import LibraryConfig
from retrieval.models import Article, IngestItem
from retrieval.timestamps import TimeRange, parse_span, written

_START = datetime(2023, 11, 1, tzinfo=UTC)
_SOURCES = ("BBC", "BBC News", "Reuters", None)
_TEXTS = tuple(f"The mayor of Town{n} opened the bridge on the river and spoke of a flood." for n in range(3))  # fmt: skip


@st.composite
def _articles(draw: st.DrawFn) -> Article:
    number = draw(st.integers(0, 400))
    hours = draw(st.integers(-200, 200))
    moment = _START + timedelta(hours=hours)
    bare = draw(st.booleans())
    dated = draw(st.integers(0, 9)) > 0
    span = parse_span(moment.date().isoformat() if bare else moment.isoformat())
    host = draw(st.sampled_from(["bbc.co.uk", "example.com", "reuters.com"]))
    source = draw(st.sampled_from(_SOURCES)) or host
    text = draw(st.sampled_from(_TEXTS))
    return Article("Bridge opened", text, f"https://{host}/{number}", source, published=span if dated else None)  # fmt: skip


_MOMENTS = st.integers(-220, 220).map(lambda hours: _START + timedelta(hours=hours))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    corpora=st.lists(st.lists(_articles(), max_size=12), min_size=2, max_size=2),
    as_of=_MOMENTS,
    since=st.none() | _MOMENTS,
    until=st.none() | _MOMENTS,
    source=st.none() | st.sampled_from(["BBC", "reuters", "example.com", "bbc.co.uk"]),
)
def test_nothing_leaks(
    corpora: list[list[Article]],
    as_of: datetime,
    since: datetime | None,
    until: datetime | None,
    source: str | None,
) -> None:
    async def run() -> None:
        with tempfile.TemporaryDirectory() as folder:
            now = _START  # when everything is ingested
            async with open_library(
                LibraryConfig(Path(folder)), writer="test", clock=lambda: now
            ) as library:
                urls = {}
                for name, articles in zip("ab", corpora, strict=True):
                    indexer = await library.indexer(name)
                    incoming = [IngestItem(str(n), article) for n, article in enumerate(articles)]
                    async for _ in ingest(indexer, incoming, actor="t", data_dir=Path(folder)):
                        pass
                    # Of one address the last version counts.
                    urls[name] = {article.url: article for article in articles}
                within = TimeRange(as_of, since, until)
                found = await library.search("Who opened the bridge?", within, corpus="a", source=source, limit=50)  # fmt: skip
                shown = [
                    (h.passage.article.url, h.passage.article.published_at) for h in found.hits
                ]
                shown += [(also.url, None) for hit in found.hits for also in hit.also]
                visible = {url for url, a in urls["a"].items() if _passes(a, within, source, now)}
                for url, published in shown:
                    assert url in visible
                    span = urls["a"][url].published
                    assert published is None or (span and published == written(span))
                # And nothing is lost: each text that may be shown is.
                texts = {hit.passage.text for hit in found.hits}
                assert texts == {urls["a"][url].text for url in visible}

    asyncio.run(run())


def _passes(article: Article, within: TimeRange, source: str | None, ingested: datetime) -> bool:
    span = article.published
    if (span.start if span else ingested) > within.as_of:
        return False
    if within.since is not None and (span is None or span.end < within.since):
        return False
    if within.until is not None and (span is None or span.start > within.until):
        return False
    host = str(article.url).split("/")[2]
    by_name = {
        None: {"BBC", "BBC News", "Reuters", "bbc.co.uk", "example.com", "reuters.com"},
        "BBC": {"BBC", "BBC News", "bbc.co.uk"},
        "reuters": {"Reuters", "reuters.com"},
        "example.com": {"example.com"},
        "bbc.co.uk": {"BBC", "BBC News", "bbc.co.uk"},
    }[source]
    return article.source in by_name or source == host
