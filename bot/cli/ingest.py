"""`newsdesk ingest`, `extract` and `reindex`."""

from __future__ import annotations

import itertools
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import options as o
from bot.cli.common import (
    actor,
    following,
    library_config,
    make_vectors,
    open_ingestion_services,
    run_async,
)
from bot.cli.language import for_terminal
from bot.cli.output import complain, ingested_record, print_json
from retrieval.errors import Note

if TYPE_CHECKING:
    from bot.services.ingestion import IngestionServices
    from retrieval.catalogue import Corpus
    from retrieval.library import Library
    from retrieval.models import IngestItem, IngestResult


def ingest(
    sources: Annotated[list[str], typer.Argument(help="Files or URLs; - means standard input.")],
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Ingest articles from files, URLs or standard input.

    Supported files: .html .pdf .docx .eml .epub .txt .md .jsonl .xml. Files may be gzipped (.gz) or
    packed into a .zip archive. A URL can lead to an article or to a feed.

    Example: newsdesk ingest articles.jsonl.gz https://example.com/story
    """

    async def run() -> None:
        rejected: list[IngestResult] = []
        counts: dict[str, int] = {}
        async with open_ingestion_services("ingest", brings_in=True) as room:
            for is_web, group in itertools.groupby(sources, lambda source: "://" in source):
                given = list(group)
                results = (
                    _from_web(room, given, corpus, hidden=as_json)
                    if is_web
                    else _from_files(room, given, corpus, hidden=as_json)
                )
                async for result in results:
                    counts[result.status] = counts.get(result.status, 0) + 1
                    if result.status == "rejected":
                        rejected.append(result)
                    if as_json:
                        print_json(ingested_record(result))
        if not as_json:
            print(_counted(counts) or "nothing")
        _tell_rejected(rejected, as_json)

    run_async(run())


def extract(
    file: Annotated[Path, typer.Argument(help="A saved HTML page or PDF, optionally gzipped.")],
    url: Annotated[str | None, typer.Option(help="The URL that the page came from.")] = None,
    as_json: o.Json = False,
) -> None:
    """Show the article that Newsdesk extracts from a saved page.

    Example: newsdesk extract page.html --url https://example.com/story
    """
    from bot.config.settings import load_settings
    from retrieval.errors import UnreadableSource
    from retrieval.extraction.process_pool import Extractor
    from retrieval.extraction.worker_process import ExtractionJob
    from retrieval.ingestion.readers.dispatch import document_kind
    from retrieval.text.encoding import read_bounded
    from retrieval.text.language import detect_language
    from retrieval.timestamps import written

    try:
        settings = load_settings()
        data = read_bounded(file, settings.max_article_bytes)
        kind = document_kind(file.name, data)
        # Somebody who asks for a page is shown what comes before its paywall.
        job = ExtractionJob(kind, url, teasers=True, respect_noai=settings.respect_noai)
        with Extractor(1) as extractor:
            article = extractor.submit(job, data).result()
    except UnreadableSource as error:
        complain(f"{file}: {for_terminal(error)}.")
        raise typer.Exit(1) from error
    record: dict[str, Any] = {
        "title": article.title,
        "source": article.source,
        "authors": list(article.authors),
        "published_at": written(article.published) if article.published else None,
        "language": article.language or detect_language(article.text),
        "text": article.text,
    }
    if as_json:
        print_json(record)
        return
    for key in ("title", "source", "authors", "published_at", "language"):
        value = record[key]
        print(f"{key}: {', '.join(value) if isinstance(value, list) else value or 'unknown'}")
    print(f"\n{article.text}")


def reindex(
    corpus: Annotated[
        str | None, typer.Option(help="Reindex only this corpus. Default: all corpora.")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Rebuild the indexes from the catalogue. The vectors are made with the embedder that is set in
    NEWSDESK_EMBEDDER."""

    async def run() -> None:
        from bot.config.settings import load_settings
        from bot.storage.library import open_library
        from retrieval.ingestion.vector_worker import VectorWorker
        from retrieval.reindexing import make_store_usable

        async with open_library(
            library_config(load_settings()), writer="newsdesk reindex"
        ) as library:
            if corpus is not None:
                await library.require_corpus(corpus)
            known = await library.catalogue.corpora.all()
            if not known and not as_json:
                print("There is nothing to reindex yet.")
            lost = await make_store_usable(library)
            wanted = [each for each in known if lost or corpus in (None, each.name)]
            for each in wanted:
                articles = await _reindex(library, each, hidden=as_json)
                await make_vectors(VectorWorker(library))
                if as_json:
                    print_json({"corpus": each.name, "articles": articles})
                else:
                    print(f"{each.name}: {articles} articles reindexed")

    run_async(run())


async def _reindex(library: Library, corpus: Corpus, *, hidden: bool) -> int:
    from bot.cli.progress import telling
    from retrieval.reindexing import reindex

    articles = 0
    with telling(corpus.name, hidden=hidden) as tell:
        async for articles, total in reindex(library, corpus):
            tell(corpus.name, articles, total)
    return articles


async def _from_files(
    room: IngestionServices, sources: list[str], corpus: str, *, hidden: bool
) -> AsyncIterator[IngestResult]:
    import asyncio

    from bot.cli.progress import telling
    from retrieval.ingestion.pipeline import ingest as ingest_all

    by = actor()
    config = room.library.config
    counts: dict[str, int] = {}
    groups = itertools.groupby(_read(room, sources), lambda item: item.corpus or corpus)
    with telling("reading", hidden=hidden) as tell:
        while (group := await asyncio.to_thread(next, groups, None)) is not None:
            async for result in ingest_all(
                await room.library.indexer(group[0]),
                group[1],
                actor=by.who,
                origin=by.where,
                data_dir=config.data_dir,
                vectors=False,  # after all sources
            ):
                counts[result.status] = counts.get(result.status, 0) + 1
                tell(_counted(counts), 0, None)
                yield result


async def _from_web(
    room: IngestionServices, urls: list[str], corpus: str, *, hidden: bool
) -> AsyncIterator[IngestResult]:
    """Ingest as a job: one that is killed midway continues with `newsdesk jobs resume` or the next
    URL."""
    import asyncio

    from retrieval.catalogue.jobs import JobSource

    job = await room.jobs.submit(corpus, [JobSource("url", url) for url in urls], actor())
    try:
        with following(hidden=hidden) as follow:
            async for event in room.jobs.follow(job):
                follow(event.progress)
                for result in event.results:
                    yield result
    except asyncio.CancelledError:
        await room.jobs.cancel(job.id, corpus, actor())
        raise


def _read(room: IngestionServices, sources: list[str]) -> Iterator[IngestItem]:
    from retrieval.ingestion.readers import read_sources, read_stdin

    pages = room.pages
    for is_stdin, group in itertools.groupby(sources, lambda source: source == "-"):
        if not is_stdin:
            yield from read_sources(
                map(Path, group), pages.max_bytes, pages.extractor, respect_noai=pages.respect_noai
            )
            continue
        for _ in group:
            yield from read_stdin(sys.stdin.buffer, pages.max_bytes)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _reason(result: IngestResult) -> str:
    return for_terminal(result.reason or Note("no-reason-given"))


def _tell_rejected(rejected: list[IngestResult], as_json: bool) -> None:
    if not rejected:
        return
    if not as_json:
        for result in rejected:
            print(f"rejected {result.source}: {_reason(result)}", file=sys.stderr)
    else:
        first = rejected[0]
        more = f" and {len(rejected) - 1} more" if len(rejected) > 1 else ""
        complain(
            f"rejected {first.source}: {_reason(first)}{more}; the other articles were ingested."
        )
    raise typer.Exit(1)
