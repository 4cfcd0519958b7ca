"""`newsdesk summarize`, `digest`, `timeline` and `compare`."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import options as o
from bot.cli.common import library_config, run_async
from bot.cli.language import for_terminal
from bot.cli.output import complain, print_json
from bot.cli.summary_output import (
    comparison_record,
    digest_record,
    print_comparison,
    print_digest,
    print_summary,
    print_timeline,
    summary_record,
    timeline_record,
)

if TYPE_CHECKING:
    from bot.answering.summaries.models import Progress, SummaryProgress
    from bot.answering.summaries.service import SummaryService


_DAYS = {"day": 1, "week": 7}

Wanted = Annotated[
    str,
    typer.Argument(
        metavar="ARTICLE|STORY",
        help="An article's link, title, id or the beginning of its id; or a story's number.",
    ),
]
Topic = Annotated[str, typer.Argument(help="The topic, in a few words.")]


def summarize(
    wanted: Wanted,
    as_of: o.AsOf = None,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
    story: Annotated[
        bool,
        typer.Option(
            "--story",
            help="Summarise the whole story that the article belongs to, using the articles of all publishers.",
        ),
    ] = False,
) -> None:
    """Summarise an article or a whole story. Each sentence of the summary has a citation.

    Example: newsdesk summarize https://example.com/news/bridge --story
    """
    moment = o.time_range(as_of, None, None).as_of

    async def run() -> None:
        async with _opened(corpus) as summaries:
            start = time.perf_counter()
            with _progress() as progress:
                made = summaries.story if story else summaries.article
                summary = await made(corpus, wanted, moment, progress)
            if as_json:
                print_json(summary_record(summary, _ms(start)))
            else:
                print_summary(summary)
            if summary.problem:
                complain(for_terminal(summary.problem))

    run_async(run())


def _known_period(period: str | None) -> str | None:
    if period is not None and period not in _DAYS:
        raise typer.BadParameter(f"{period!r} is neither 'day' nor 'week'", param_hint="--period")
    return period


def digest(
    as_of: o.AsOf = None,
    since: o.Since = None,
    until: o.Until = None,
    period: Annotated[
        str | None,
        typer.Option(
            metavar="<day|week>",
            help="Cover the last day or the last week. Default: day.",
            callback=_known_period,
            autocompletion=lambda: list(_DAYS),
        ),
    ] = None,
    topic: Annotated[str | None, typer.Option(help="Only stories on this topic.")] = None,
    source: o.Source = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="Maximum number of stories.")] = 10,
    markdown: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="Write the digest as Markdown to this file; - means standard output.",
        ),
    ] = None,
    rss: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the digest as an RSS feed to this file."),
    ] = None,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Show the main stories of a day, a week or any period. The digest has one or two lines for each story, and
    lists the publishers that report it.

    Example: newsdesk digest --period week --topic climate
    """
    within = o.time_range(as_of, since, until)
    if period is not None and since is not None:
        raise typer.BadParameter("give either --since or --period", param_hint="--period")
    if topic is not None and not topic.strip():
        raise typer.BadParameter("the topic is empty", param_hint="--topic")
    if within.since is None:
        days = timedelta(days=_DAYS[period or "day"])
        within = replace(within, since=within.last - days + timedelta(microseconds=1))

    async def run() -> None:
        from bot.answering.summaries.export import as_markdown, as_rss
        from retrieval.timestamps import utc_now

        async with _opened(corpus) as summaries:
            start = time.perf_counter()
            with _progress() as progress:
                made = await summaries.digest(
                    corpus, within, topic=topic, source=source, limit=limit, progress=progress
                )
        if markdown is not None and markdown != "-":
            _write(Path(markdown), as_markdown(made))
        if rss is not None:
            _write(rss, '<?xml version="1.0" encoding="utf-8"?>\n' + as_rss(made, utc_now()))
        if markdown == "-":
            sys.stdout.write(as_markdown(made))
        elif as_json:
            print_json(digest_record(made, _ms(start)))
        else:
            print_digest(made)

    run_async(run())


def timeline(
    topic: Topic,
    as_of: o.AsOf = None,
    since: o.Since = None,
    until: o.Until = None,
    source: o.Source = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Maximum number of events.")] = 20,
    png: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a chart to this file: the number of articles by day and publisher.",
        ),
    ] = None,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Show what happened on a topic, in chronological order. Each event is one line with its date and source.

    Example: newsdesk timeline "Lantern Bridge" --png bridge.png
    """
    within = o.time_range(as_of, since, until)

    async def run() -> None:
        async with _opened(corpus) as summaries:
            start = time.perf_counter()
            with _progress() as progress:
                made = await summaries.timeline(
                    corpus, within, topic, source=source, limit=limit, progress=progress
                )
        alt: str | None = None
        key: tuple[tuple[str, str], ...] = ()
        if png is not None and made.coverage:
            import asyncio

            from bot.charts.coverage import coverage_chart

            chart = await asyncio.to_thread(coverage_chart, made)
            _write(png, chart.png)
            alt, key = chart.alt, chart.key
        if as_json:
            print_json(timeline_record(made, alt, _ms(start)))
        else:
            print_timeline(made, key)

    run_async(run())


def compare(
    topic: Topic,
    as_of: o.AsOf = None,
    since: o.Since = None,
    until: o.Until = None,
    limit: Annotated[int, typer.Option(min=1, max=50, help="Maximum number of publishers.")] = 8,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Show what each publisher says about a topic. The command quotes one sentence of each publisher. Publishers
    that say the same are listed together.

    Example: newsdesk compare "Lantern Bridge"
    """
    within = o.time_range(as_of, since, until)

    async def run() -> None:
        from bot.answering.replies.compare import compare as compare_publishers
        from bot.config.settings import load_settings
        from bot.storage.library import open_library

        async with open_library(library_config(load_settings())) as library:
            await library.require_corpus(corpus)
            start = time.perf_counter()
            made = await compare_publishers(library, topic, within, corpus, limit)
        if as_json:
            print_json(comparison_record(made, _ms(start)))
        else:
            print_comparison(made)

    run_async(run())


@contextlib.asynccontextmanager
async def _opened(corpus: str) -> AsyncIterator[SummaryService]:
    """Yield the summary service for a corpus. Raises ``NotFound`` if there is no such corpus."""
    from bot.answering.factory import open_composer
    from bot.answering.summaries.service import SummaryService
    from bot.config.settings import load_settings
    from bot.storage.library import open_library

    settings = load_settings()
    async with (
        open_library(library_config(settings)) as library,
        open_composer(library, settings.answering()) as composer,
    ):
        await library.require_corpus(corpus)
        yield SummaryService(library, composer, library.config.zone)


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """Yield a function that shows how many parts are written, on a terminal only."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda step: None
        return
    with console.status("Reading…") as status:

        def told(step: SummaryProgress) -> None:
            status.update(f"Written: {step.done} of {step.total} parts")

        yield told


def _write(path: Path, content: str | bytes) -> None:
    """Write a file completely or not at all: readers of a feed never see half of it. Raises
    ``StorageError``."""
    from retrieval.errors import StorageError

    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise StorageError(
            "path-not-writable", path=str(path), detail=error.strerror or str(error)
        ) from error


def _ms(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 1)
