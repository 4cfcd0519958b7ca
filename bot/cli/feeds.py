"""`newsdesk feeds`: what is fetched automatically."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import options as o
from bot.cli.common import actor, following, known, open_ingestion_services, run_async
from bot.cli.feed_output import (
    import_record,
    in_words,
    print_feed,
    print_import,
    print_items,
    print_visit,
    print_who_checks,
    visit_record,
)
from bot.cli.language import for_terminal
from bot.cli.output import complain, print_json

if TYPE_CHECKING:
    from retrieval.catalogue.feeds import Feed
    from retrieval.feeds.item_filter import FilteredItem
    from retrieval.feeds.visits import FeedImport, FeedVisit

app = typer.Typer(
    help="Add, list, check, filter, pause, import and export feeds.",
    no_args_is_help=True,
)

_OPML_BYTES = 10_000_000
_Reference = Annotated[str, typer.Argument(help="A feed's number or address.")]


@app.command()
def preview(
    address: Annotated[str, typer.Argument(help="The URL of a feed or website, or a feed file.")],
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Show which items a feed would add. The output also says why other items would be left out. Nothing is
    ingested.

    Example: newsdesk feeds preview https://example.com/
    """

    async def run() -> tuple[str, tuple[FilteredItem, ...]]:
        async with open_ingestion_services("feeds preview", writing=False) as room:
            what = address if "://" in address else Path(address)
            seen = await room.feeds.preview(what, corpus)
            title = seen.document.title or "A feed without a title"
            return f"{title} ({seen.document.kind}): {seen.url or address}", seen.judged

    from retrieval.errors import UnreadableSource

    try:
        heading, judged = run_async(run())
    except UnreadableSource as error:
        complain(f"{address}: {for_terminal(error)}.")
        raise typer.Exit(1) from error
    if not as_json:
        print(heading)
    print_items(judged, as_json)


@app.command()
def add(
    address: Annotated[str, typer.Argument(help="The URL of a feed or website.")],
    corpus: o.Corpus = "local",
    include: Annotated[
        list[str] | None, typer.Option(help="Only items that contain this word. Repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Leave out items that contain this word. Repeatable.")
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Add a feed to a corpus. The address of its website is enough. The next check ingests the feed's newest
    items.

    Example: newsdesk feeds add https://example.com/ --exclude sport
    """

    async def run() -> Feed:
        async with open_ingestion_services("feeds add") as room:
            return await room.feeds.add(
                address, corpus, actor(), include=include or (), exclude=exclude or ()
            )

    from retrieval.errors import UnreadableSource

    try:
        feed = run_async(run())
    except UnreadableSource as error:
        complain(f"{address}: {for_terminal(error)}.")
        raise typer.Exit(1) from error
    print_feed(feed, as_json, "added; `newsdesk feeds check` ingests its newest items now")
    if not as_json:
        print_who_checks()


@app.command("list")
def list_(corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """List the feeds of a corpus, with their state and next check."""

    async def run() -> tuple[list[Feed], Path]:
        async with open_ingestion_services("feeds list", writing=False) as room:
            await known(room.library, corpus)
            return await room.feeds.feeds(corpus), room.library.data_dir

    feeds, folder = run_async(run())
    if not feeds and not as_json:
        print(f"The corpus {corpus} has no feeds. `newsdesk feeds add URL` adds one.")
    for feed in feeds:
        print_feed(feed, as_json)
    if feeds and not as_json:
        print_who_checks(folder)


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(help="An OPML file, or its URL.")],
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Add the feeds in an OPML file. Each feed is tested first. Feeds that the corpus already has stay as they
    are.

    Example: newsdesk feeds import subscriptions.opml
    """

    async def run() -> list[FeedImport]:
        import asyncio

        from retrieval.feeds.opml import read_opml
        from retrieval.text.encoding import read_bounded

        done = []
        async with open_ingestion_services("feeds import") as room:
            if "://" in source:
                data = (await room.pages.web.feed(source, max_bytes=_OPML_BYTES)).content
            else:
                data = await asyncio.to_thread(read_bounded, Path(source), _OPML_BYTES)
            async for each in room.feeds.import_feeds(read_opml(data), corpus, actor()):
                done.append(each)
                if as_json:
                    print_json(import_record(each))
        return done

    from retrieval.errors import UnreadableSource

    try:
        done = run_async(run())
    except UnreadableSource as error:
        complain(f"{source}: {for_terminal(error)}.")
        raise typer.Exit(1) from error
    if not as_json:
        print_import(done)
    if not any(each.status != "failed" for each in done):
        raise typer.Exit(1)


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(help="The file to write. Default: standard output.")
    ] = None,
    corpus: o.Corpus = "local",
) -> None:
    """Write the feeds of a corpus as OPML. Newsdesk and feed readers can import this file.

    Example: newsdesk feeds export subscriptions.opml
    """

    async def run() -> bytes:
        from retrieval.feeds.opml import write_opml

        async with open_ingestion_services("feeds export", writing=False) as room:
            await known(room.library, corpus)
            feeds = await room.feeds.feeds(corpus)
            return write_opml(feeds, f"Newsdesk: {corpus}", room.library.clock())

    written = run_async(run())
    if file is None:
        sys.stdout.buffer.write(written)
        return
    try:
        file.write_bytes(written)
    except OSError as error:
        complain(f"{file} can't be written ({error.strerror or error}).")
        raise typer.Exit(1) from error


@app.command()
def filter(
    reference: _Reference,
    corpus: o.Corpus = "local",
    include: Annotated[
        list[str] | None, typer.Option(help="Only items that contain this word. Repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Leave out items that contain this word. Repeatable.")
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(help="Only items in this language (de, en, ...). Repeatable."),
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(help="Only items in this category. Repeatable."),
    ] = None,
    without_category: Annotated[
        list[str] | None,
        typer.Option(help="Leave out items in this category. Repeatable."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove the current filters.")] = False,
    try_only: Annotated[
        bool,
        typer.Option(
            "--preview", help="Only show which items the filters would let through; change nothing."
        ),
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Change which items of a feed are ingested. Filters look at an item's words, language and
    category. Each option replaces the current filter of the same kind; the other filters stay.

    Example: newsdesk feeds filter 3 --category politics --exclude horoscope --preview
    """
    from dataclasses import replace

    from retrieval.errors import UnreadableSource
    from retrieval.feeds.item_filter import FeedFilters

    given: dict[str, list[str] | None] = {
        "include": include,
        "exclude": exclude,
        "languages": language,
        "categories": category,
        "without_categories": without_category,
    }

    async def run() -> tuple[Feed, list[FilteredItem]]:
        async with open_ingestion_services("feeds filter", writing=not try_only) as room:
            feed = await room.feeds.feed(reference, corpus)
            before = FeedFilters() if clear else FeedFilters.of(feed.include, feed.exclude)
            changes = {key: tuple(words) for key, words in given.items() if words}
            filters = replace(before, **changes)
            if try_only:
                return await room.feeds.preview_filters(reference, corpus, filters)
            return await room.feeds.set_filters(reference, corpus, actor(), filters), []

    try:
        feed, judged = run_async(run())
    except UnreadableSource as error:
        complain(f"{reference}: {for_terminal(error)}.")
        raise typer.Exit(1) from error
    if try_only:
        print_items(tuple(judged), as_json)
        return
    print_feed(feed, as_json, "filters changed; they apply from the next check")


@app.command()
def pause(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Stop checking a feed."""

    async def run() -> Feed:
        async with open_ingestion_services("feeds pause") as room:
            return await room.feeds.pause(reference, corpus, actor())

    print_feed(run_async(run()), as_json)


@app.command()
def resume(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Resume a paused feed."""

    async def run() -> Feed:
        async with open_ingestion_services("feeds resume") as room:
            return await room.feeds.resume(reference, corpus, actor())

    print_feed(run_async(run()), as_json)


@app.command()
def remove(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Remove a feed. Articles from the feed stay."""

    async def run() -> Feed:
        async with open_ingestion_services("feeds remove") as room:
            return await room.feeds.remove(reference, corpus, actor())

    print_feed(run_async(run()), as_json, "removed; its articles stay")


@app.command()
def check(
    references: Annotated[
        list[str] | None,
        typer.Argument(help="The numbers or addresses of feeds. Default: all feeds."),
    ] = None,
    corpus: o.Corpus = "local",
    due: Annotated[
        bool,
        typer.Option("--due", help="Check only feeds whose next check is due, in all corpora."),
    ] = False,
    as_json: o.Json = False,
) -> None:
    """Check feeds now and ingest new items. If you name feeds, the output shows what happened to
    each item.

    If no bot is running, run this command every few minutes: newsdesk feeds check --due
    """
    if due and references:
        raise typer.BadParameter("give either feeds or --due")

    async def run() -> list[FeedVisit]:
        visits = []
        async with open_ingestion_services("feeds check", brings_in=True) as room:
            with following(hidden=as_json) as follow:
                coming = (
                    room.poller.due()
                    if due
                    else room.feeds.visit_now(corpus, references or (), follow)
                )
                async for visit in coming:
                    visits.append(visit)
                    if as_json:
                        print_json(visit_record(visit))
        return visits

    visits = run_async(run())
    if not as_json:
        for visit in visits:
            print_visit(visit, explain=bool(references))
        if not visits:
            print("No feed is due." if due else f"The corpus {corpus} has no active feeds.")
    failed = [visit for visit in visits if visit.result == "failed"]
    for visit in failed:
        complain(f"{visit.feed.url}: {in_words(visit.reason)}.")
    if failed:
        raise typer.Exit(1)
