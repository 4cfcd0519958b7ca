"""Log lines: one an event, with the question that it belongs to, and no text of messages."""

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
    """A short id for a question or an incident, easy to read out; one of 31 to the eighth."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(8))


@contextlib.contextmanager
def log_context(question_id: str) -> Iterator[None]:
    """Every line logged inside, in whatever task it starts, bears the id of this question."""
    token = _question.set(question_id)
    try:
        yield
    finally:
        _question.reset(token)


def details(**fields: Any) -> dict[str, Any]:
    """For ``extra``: fields of a line, such as a server or milliseconds. Never what somebody wrote."""
    return {"details": fields}


def set_up(*, as_json: bool, debug: bool = False) -> None:
    """Log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonFormatter() if as_json else _PlainFormatter())
    handler.addFilter(_is_worth_a_line)
    handler.addFilter(PutIntoWords())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.INFO)
    # Warns at each start that there will be no voice.
    logging.getLogger("discord.client").setLevel(logging.ERROR)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether a record is ours or tells of something wrong.

    Libraries tell of every request and of every statement, with addresses, texts and keys, some by
    levels that their own environment variables set, and a new version under a new name.
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
