"""Texts that PostgreSQL accepts: it refuses the NUL character, which anybody can type or paste."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.types.string import StrDumperUnknown


class _PlainTextDumper(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", " ") if "\0" in obj else obj)


def take_any_text(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> None:
    """Let a connection send a space for every NUL character in a text parameter."""
    connection.adapters.register_dumper(str, _PlainTextDumper)
