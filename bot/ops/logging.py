"""Log lines: one per event, with the question that it belongs to, and without texts of messages."""

from __future__ import annotations

import contextlib
import json
import logging
import secrets
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from bot.ops.log_words import PutIntoWords

_question: ContextVar[str | None] = ContextVar("question", default=None)

_OURS = frozenset({"bot", "retrieval", "prompts"})

_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_id() -> str:
    """Return a short id for a question or an incident that is easy to read out: eight of 31
    characters."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


@contextlib.contextmanager
def log_context(question_id: str) -> Iterator[None]:
    """Add the id of this question to every line that is logged in the block, in whatever task it
    starts."""
    token = _question.set(question_id)
    try:
        yield
    finally:
        _question.reset(token)


def details(**fields: Any) -> dict[str, Any]:
    """Return fields of a line for ``extra``, such as a server or milliseconds. Never pass what
    somebody wrote."""
    return {"details": fields}


def set_up(*, as_json: bool, debug: bool = False) -> None:
    """Log to standard error, as JSON or as plain text."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if as_json else _PlainFormatter())
    handler.addFilter(_is_worth_a_line)
    handler.addFilter(PutIntoWords())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.INFO)
    # It warns at every start that voice isn't supported.
    logging.getLogger("discord.client").setLevel(logging.ERROR)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Return whether a record is Newsdesk's own or reports something wrong.

    Libraries log every request and statement with addresses, texts and keys, some at levels that
    their own environment variables set, and new versions under new names.
    """
    return record.levelno >= logging.WARNING or record.name.partition(".")[0] in _OURS


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    question = _question.get()
    given: dict[str, Any] = getattr(record, "details", {})
    return ({"question": question} if question else {}) | given


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _PlainFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        text = f"{_time(record)} {record.levelname:<7} {record.name}: {record.getMessage()}{fields}"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text
