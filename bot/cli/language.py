"""Errors and notes in the language of the terminal (``NEWSDESK_LANGUAGE``).

JSON output and the log stay English.
"""

from __future__ import annotations

from functools import cache

from bot.i18n import describe, text
from retrieval.errors import NewsdeskError, Note


def for_terminal(said: Note | NewsdeskError) -> str:
    """Return the sentence for the operator, including the remedy."""
    note = said.note if isinstance(said, NewsdeskError) else said
    return describe(note, _language(), remedy=True)


def terminal_text(key: str, **variables: object) -> str:
    """Return the text ``key`` in the language of the terminal."""
    return text(_language(), key, **variables)


@cache
def _language() -> str:
    from bot.config.settings import terminal_language

    return terminal_language()
