"""What the commands of moderators share: opening, who acts, how things look."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

    from bot.config.settings import Settings
    from bot.services.ingestion import IngestionServices
    from retrieval.catalogue.audit_log import Actor
    from retrieval.ingestion.progress import IngestProgress
    from retrieval.ingestion.vector_worker import VectorWorker
    from retrieval.library import Library, LibraryConfig
    from retrieval.moderation import ModerationService


_T = TypeVar("_T")

# Comparing so many passages takes a tenth of the time that Chroma needs to start.
_COMPARED = 20_000


def run_async(main: Coroutine[Any, Any, _T]) -> _T:
    """``asyncio.run``; asyncio is imported when something runs: `--help` takes half as long."""
    import asyncio

    return asyncio.run(main)


def actor() -> Actor:
    """Whoever runs the command."""
    from retrieval.catalogue.audit_log import Actor

    try:
        who = getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        who = "somebody"
    return Actor(who, "terminal")


def library_config(settings: Settings) -> LibraryConfig:
    """The library of a command. Chroma works in a process of its own, started when it is needed: it
    indexes while the next articles are read, and a damaged index can't end the command with it."""
    return replace(settings.library(), chroma_apart=True, compared_up_to=_COMPARED)


@contextlib.asynccontextmanager
async def open_ingestion_services(
    command: str, *, writing: bool = True, brings_in: bool = False
) -> AsyncIterator[IngestionServices]:
    """Open what brings news in. After a command that ``brings_in`` articles, their vectors are made
    where the embedder takes long."""
    from bot.services.ingestion import open_ingestion
    from bot.storage.library import open_library

    settings = _settings()
    writer = f"newsdesk {command}" if writing else None
    config = library_config(settings)
    async with (
        open_library(config, writer=writer) as library,
        open_ingestion(settings, library) as room,
    ):
        if brings_in and library.embedder.deferred:
            # What it lacks is told before articles come in, not after.
            await library.embedder.warm_up()
        yield room
        if brings_in:
            await make_vectors(room.vectors)


async def make_vectors(worker: VectorWorker) -> None:
    """Make the vectors that follow, with a bar on standard error where somebody sees it."""
    import sys

    total = await worker.lacking()
    if not total:
        return
    with _progress(quiet=not sys.stderr.isatty()) as shown:
        # Who stops it loses nothing: the next command that brings articles in goes on, as the bot does.
        task = shown.add_task(
            "making vectors; until then, search finds articles by their words", total=total
        )
        async for made in worker.finish():
            shown.update(task, completed=made)


async def known(library: Library, corpus: str) -> None:
    """Raises ``NotFound`` for a corpus that isn't there while others are: a slip of the pen."""
    if await library.catalogue.corpora.all():
        await library.require_corpus(corpus)


def open_moderator(
    command: str,
    corpus: str,
    act: Callable[[ModerationService], Awaitable[Any]],
    *,
    writing: bool = True,
) -> Any:
    """Run ``act`` with what moderators may do to a corpus; return what it returns."""

    async def run() -> Any:
        from bot.storage.library import open_library
        from retrieval.moderation import ModerationService

        writer = f"newsdesk {command}" if writing else None
        async with open_library(library_config(_settings()), writer=writer) as library:
            await library.require_corpus(corpus)
            return await act(await ModerationService.of(library, corpus))

    return run_async(run())


def _progress(*, quiet: bool = False) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True, quiet=quiet)
    return Progress(*columns, TimeElapsedColumn(), console=console, transient=True)


@contextlib.contextmanager
def bar(*, hidden: bool) -> Iterator[Callable[[IngestProgress], None]]:
    """A bar on standard error, where somebody sees it, that follows ``IngestProgress``."""
    import sys

    if hidden or not sys.stderr.isatty():
        yield lambda progress: None
        return
    with _progress() as shown:
        task = shown.add_task("reading", total=None)

        def follow(now: Any) -> None:
            text = f"{now.fetched} fetched, {now.extracted} extracted, {now.indexed} indexed"
            if skipped := sum(now.skipped.values()):
                text += f", {skipped} skipped"
            shown.update(task, description=text, total=now.found, completed=now.finished)

        yield follow


@contextlib.contextmanager
def steps(*, hidden: bool) -> Iterator[Callable[[str, int], None]]:
    """A line on standard error, where somebody sees it: what is being done and how many are."""
    import sys

    with _progress(quiet=hidden or not sys.stderr.isatty()) as shown:
        task = shown.add_task("beginning", total=None)
        yield lambda step, done: shown.update(task, description=step, completed=done)


def _settings() -> Settings:
    from bot.config.settings import load_settings

    return load_settings()
