"""Errors and notes in the language of the terminal (``NEWSDESK_LANGUAGE``).

JSON output and the log stay English.
"""

from __future__ import annotations

from functools import cache

from bot.i18n import day_text, describe, text
from retrieval.errors import NewsdeskError, Note


def for_terminal(said: Note | NewsdeskError) -> str:
    """Return the sentence for the operator, including the remedy."""
    note = said.note if isinstance(said, NewsdeskError) else said
    return describe(note, _language(), remedy=True)


def terminal_text(key: str, **variables: object) -> str:
    """Return the text ``key`` in the language of the terminal."""
    return text(_language(), key, **variables)


def day_and_hour(written: str) -> str:
    """Return an ISO 8601 date or time as people write it: `3 November 2023`, `3 November 2023,
    09:00 UTC`."""
    from retrieval.timestamps import parse_span

    span = parse_span(written)
    hour = "" if span.is_day else f", {span.start:%H:%M} UTC"
    return f"{day_text(written, _language())}{hour}"


def published(written: str | None) -> str:
    """Return when an article was published, as ``day_and_hour`` does, or that it is undated."""
    return day_and_hour(written) if written else "undated"


@cache
def _language() -> str:
    from bot.config.settings import terminal_language

    return terminal_language()
