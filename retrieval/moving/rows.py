"""Rows as they are carried from one database to another, and their digest, which is the same in both."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Insert,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    insert,
    select,
    tuple_,
)

# Digests of rows are added up: their order, which databases collate in their own ways, is nothing to them.
MODULUS = 1 << 128


def batch_after(table: Table, last: Sequence[Any] | None, limit: int) -> Select[Any]:
    """The next rows of a table in the order of its primary key; JSON as the text that is stored."""
    key = list(table.primary_key)
    query = select(*(_carried(column) for column in table.columns)).order_by(*key).limit(limit)
    return query if last is None else query.where(tuple_(*key) > tuple_(*last))


def key_of(table: Table, row: Sequence[Any]) -> list[Any]:
    """The primary key of a row that ``batch_after`` found."""
    return [row[list(table.columns).index(column)] for column in table.primary_key]


def inserting(connection: Connection, table: Table) -> Insert:
    """The statement that writes rows that ``batch_after`` found, by the names of columns."""
    values: dict[str, ColumnElement[Any]] = {}
    for column in table.columns:
        is_json = isinstance(column.type, JSON)
        given = bindparam(column.name, type_=Text() if is_json else column.type)
        # SQLite keeps JSON as text, and would make a number of what is cast to it.
        casts = is_json and connection.dialect.name != "sqlite"
        values[column.name] = cast(given, column.type) if casts else given
    return insert(table).values(values)


def digest(table: Table, rows: Iterable[Sequence[Any]]) -> int:
    """The sum of the digests of rows that ``batch_after`` found, below ``MODULUS``."""
    is_json = [isinstance(column.type, JSON) for column in table.columns]
    total = 0
    for row in rows:
        values = [
            _json(value) if json_here else _plain(value)
            for value, json_here in zip(row, is_json, strict=True)
        ]
        told = json.dumps(values, ensure_ascii=True, separators=(",", ":"))
        total += int.from_bytes(hashlib.blake2b(told.encode(), digest_size=16).digest(), "big")
    return total % MODULUS


def _carried(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, Text).label(None) if isinstance(column.type, JSON) else column


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    # PostgreSQL is sent a space for it.
    return value.replace("\0", " ") if isinstance(value, str) else value


def _json(text: str | None) -> Any:
    """JSON in one form, whatever spaces and order a database keeps; told from none at all."""
    return None if text is None else [json.dumps(json.loads(text), sort_keys=True)]
