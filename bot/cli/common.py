"""What commands share: opening the library, who acts, logging, signals, questions, progress."""

from __future__ import annotations

import contextlib
import getpass
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

    from bot.config.settings import Settings
    from bot.services.ingestion import IngestionServices
    from retrieval.catalogue.audit_log import Actor
    from retrieval.ingestion.progress import IngestProgress
    from retrieval.ingestion.vector_worker import VectorWorker
    from retrieval.library import Library, LibraryConfig
    from retrieval.moderation import ModerationService


_T = TypeVar("_T")

# Comparing this many passages takes a tenth of the time that Chroma needs to start.
_COMPARED = 20_000


def run_async(main: Coroutine[Any, Any, _T]) -> _T:
    """Do as ``asyncio.run``; asyncio is imported only here, which halves the time of `--help`."""
    import asyncio

    return asyncio.run(main)


def set_up_logging(settings: Settings) -> None:
    """Log as a process that runs on, first from which files its settings come."""
    import logging

    from bot.config.env_files import env_files
    from bot.ops.logging import set_up

    set_up(as_json=settings.log_json)
    for file in env_files():
        logging.getLogger("bot.cli").info("settings from %s", file.absolute())


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set ``stop`` when Ctrl-C or SIGTERM asks the program to end."""
    import asyncio
    import signal

    loop = asyncio.get_running_loop()
    for name in ("SIGINT", "SIGTERM"):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(getattr(signal, name), stop.set)


def confirmed(question: str) -> bool:
    """Ask on standard error and return whether the answer is yes; no answer means no.

    Call this outside the event loop: inside, Ctrl-C would take effect only after Enter.
    """
    print(f"{question} [y/N]: ", end="", file=sys.stderr, flush=True)
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        print(file=sys.stderr)
        raise


def actor() -> Actor:
    """Return the user who runs the command."""
    from retrieval.catalogue.audit_log import Actor

    try:
        who = getpass.getuser()
    except (OSError, KeyError):  # an account without a name
        who = "somebody"
    return Actor(who, "terminal")


def library_config(settings: Settings) -> LibraryConfig:
    """Return the configuration of a command's library.

    Chroma works in a process of its own, started when it is needed: it indexes while the next
    articles are read, and a damaged index can't end the command.
    """
    return replace(settings.library(), chroma_apart=True, compared_up_to=_COMPARED)


@contextlib.asynccontextmanager
async def open_ingestion_services(
    command: str, *, writing: bool = True, brings_in: bool = False
) -> AsyncIterator[IngestionServices]:
    """Yield what ingests articles; ``brings_in`` says that the command does.

    Articles that came in have their vectors made at the end if the embedder defers them.
    """
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
            # What the embedder lacks is reported before articles come in, not after.
            await library.embedder.warm_up()
        yield room
        if brings_in:
            await make_vectors(room.vectors)


async def make_vectors(worker: VectorWorker) -> None:
    """Make the missing vectors, with a progress bar on a terminal."""
    from bot.cli.progress import telling

    total = await worker.lacking()
    if not total:
        return
    step = "making vectors; for now, search finds articles only by their words"
    with telling(step) as tell:
        # Stopping loses nothing: the next command that brings in articles continues, or the bot.
        async for made in worker.finish():
            tell(step, made, total)


async def known(library: Library, corpus: str) -> None:
    """Raise ``NotFound`` for a corpus that doesn't exist while others do: probably a typing
    mistake."""
    if await library.catalogue.corpora.all():
        await library.require_corpus(corpus)


def open_moderator(
    command: str,
    corpus: str,
    act: Callable[[ModerationService], Awaitable[Any]],
    *,
    writing: bool = True,
) -> Any:
    """Run ``act`` with the moderation of a corpus and return its result. Raises ``NotFound``."""

    async def run() -> Any:
        from bot.storage.library import open_library
        from retrieval.moderation import ModerationService

        writer = f"newsdesk {command}" if writing else None
        async with open_library(library_config(_settings()), writer=writer) as library:
            await library.require_corpus(corpus)
            return await act(await ModerationService.of(library, corpus))

    return run_async(run())


@contextlib.contextmanager
def following(*, hidden: bool) -> Iterator[Callable[[IngestProgress], None]]:
    """Yield a function that shows ``IngestProgress`` in a line on standard error, on a terminal
    only.

    What was found so far is no total: a feed may bring more.
    """
    from bot.cli.progress import telling

    with telling("reading", hidden=hidden) as tell:

        def follow(now: IngestProgress) -> None:
            text = f"{now.found} found, {now.fetched} fetched, {now.indexed} indexed"
            if skipped := sum(now.skipped.values()):
                text += f", {skipped} skipped"
            tell(text, 0, None)

        yield follow


def _settings() -> Settings:
    from bot.config.settings import load_settings

    return load_settings()
