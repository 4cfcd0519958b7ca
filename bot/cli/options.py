"""Options that several commands share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from retrieval.timestamps import TimeRange

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")]


def _named(corpus: str) -> str:
    if not corpus.strip():
        raise typer.BadParameter("the corpus's name is empty", param_hint="--corpus")
    return corpus


Corpus = Annotated[str, typer.Option(help="The name of the corpus.", callback=_named)]
Question = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUESTION", help="A question in plain words.", show_default=False),
]
Batch = Annotated[
    Path | None,
    typer.Option(
        help="A file with one question per line, as JSON. In a line, `asked_at` overrides --as-of, and `corpus` overrides --corpus."
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=100, help="Maximum number of passages to consider.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="Treat this time (ISO 8601) as the current time. Default: now."),
]
Since = Annotated[
    str | None,
    typer.Option(
        help="Only articles published from this time on: an ISO 8601 date, or words such as `last week`."
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        help="Only articles published up to this time: an ISO 8601 date, or words such as `yesterday`."
    ),
]

ShowDropped = Annotated[
    bool,
    typer.Option(
        "--show-dropped",
        help="Also show sentences of the model that its sources don't support, and why.",
    ),
]


def _known_sources(incomplete: str) -> list[str]:
    """Return the publishers of the corpus `local` for shell completion; none if anything fails."""
    from bot.cli.common import library_config, run_async
    from bot.config.settings import load_settings
    from bot.storage.library import open_library
    from retrieval.errors import NewsdeskError

    async def names() -> list[str]:
        async with open_library(library_config(load_settings())) as library:
            return await library.source_names("local", incomplete)

    try:
        return run_async(names())
    except NewsdeskError:
        return []


Source = Annotated[
    str | None,
    typer.Option(
        help="Only articles from this publisher (name or host).", autocompletion=_known_sources
    ),
]


def moment(text: str | None, option: str, *, end: bool) -> datetime | None:
    """Return the start or, if ``end``, the end of a date or time in UTC; None for None.

    Raises ``typer.BadParameter`` for anything but ISO 8601.
    """
    from retrieval.timestamps import parse_span

    if text is None:
        return None
    try:
        span = parse_span(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} isn't an ISO 8601 date, such as 2023-11-03", param_hint=option
        ) from error
    return span.end if end else span.start


def moment_in_words(text: str | None, option: str, now: datetime, *, end: bool) -> datetime | None:
    """Do as ``moment``, but also read words such as `last week` or `gestern`, at ``now`` in UTC."""
    from retrieval.text.time_expressions.options import read_option

    try:
        return moment(text, option, end=end)
    except typer.BadParameter as error:
        read = read_option(text or "", now, UTC)
        found = read and (read.until if end else read.since)
        if not found:
            raise typer.BadParameter(
                f"{text!r} is neither an ISO 8601 date, such as 2023-11-03, nor words for a time, "
                "such as `last week`",
                param_hint=option,
            ) from error
        return found


def time_range(as_of: str | None, since: str | None, until: str | None) -> TimeRange:
    """Return the range that the options describe. Raises ``typer.BadParameter``."""
    from retrieval.timestamps import TimeRange, utc_now

    now = moment(as_of, "--as-of", end=True) or utc_now()
    first = moment_in_words(since, "--since", now, end=False)
    last = moment_in_words(until, "--until", now, end=True)
    if first is not None and last is not None and first > last:
        raise typer.BadParameter("--since is later than --until")
    return TimeRange(now, first, last)
