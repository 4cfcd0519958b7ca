"""`newsdesk work`: a process that only ingests, beside `newsdesk run`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.cli.common import run_async, set_up_logging, stop_on_signals

if TYPE_CHECKING:
    from bot.config.settings import Settings


def work() -> None:
    """Run a worker, which does jobs and checks feeds for the bot. Ctrl-C or SIGTERM stops the worker.

    Workers need PostgreSQL (NEWSDESK_DATABASE_URL). You can run any number of workers, on any number of
    machines. Workers fetch and read articles, and the bot indexes them. Workers use the data folder only for
    temporary files.
    """
    from bot.config.settings import load_settings

    settings = load_settings()
    set_up_logging(settings)
    run_async(_work(settings))


async def _work(settings: Settings) -> None:
    import asyncio

    from bot.ops.event_loop import collect_as_usual
    from bot.services.work import work as work_until

    collect_as_usual()
    stop = asyncio.Event()
    stop_on_signals(stop)
    await work_until(settings, stop)
