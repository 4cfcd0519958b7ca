"""What SQLite and PostgreSQL say differently, so that statements are the same for both."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Integer, String, Table, Text, insert
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

POSTGRESQL = "postgresql"

# SQLite counts up its own row numbers only, which are INTEGER and have 64 bits.
ID = BigInteger().with_variant(Integer(), "sqlite")
# Compared by code points, as in SQLite, whatever the order of the server's language is.
TEXT = Text().with_variant(Text(collation="C"), POSTGRESQL)


def chars(length: int) -> String:
    """The type of a text of about ``length`` characters. SQLite takes longer ones, and so do we."""
    return String(length).with_variant(Text(collation="C"), POSTGRESQL)


class LikeAnyCase(ColumnElement[bool]):
    """Whether a text matches a pattern of LIKE, upper and lower case of ASCII being the same.

    No character of the pattern is an escape.
    """

    inherit_cache = False
    type = Boolean()

    def __init__(self, text: ColumnElement[str], pattern: str) -> None:
        self.text = text
        self.pattern = pattern


@compiles(LikeAnyCase)
def _like(element: LikeAnyCase, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.text.like(element.pattern), **options)


@compiles(LikeAnyCase, POSTGRESQL)
def _ilike(element: LikeAnyCase, compiler: SQLCompiler, **options: Any) -> str:
    pattern = element.pattern.replace("\\", "\\\\")
    return compiler.process(element.text.ilike(pattern), **options)


async def insert_many(
    connection: AsyncConnection, table: Table, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows, each with a value for every column of ``table`` in their order. For those that
    come by the ten thousand: what SQLAlchemy does for a row takes longer than what a database does.
    """
    await _write_many(connection, table, rows, replacing=False)


async def replace_many(
    connection: AsyncConnection, table: Table, rows: Sequence[tuple[Any, ...]]
) -> None:
    """As ``insert_many``; a row of the same primary key is replaced."""
    await _write_many(connection, table, rows, replacing=True)


async def _write_many(
    connection: AsyncConnection, table: Table, rows: Sequence[tuple[Any, ...]], *, replacing: bool
) -> None:
    if not rows:
        return
    if connection.dialect.name == POSTGRESQL:
        columns = tuple(map(list, zip(*rows, strict=True)))
        await connection.exec_driver_sql(_unnesting(table, replacing), columns)
    else:
        await connection.exec_driver_sql(_inserting(table, replacing), list(rows))


@cache
def _inserting(table: Table, replacing: bool) -> str:
    statement = insert(table)
    if replacing:
        statement = statement.prefix_with("OR REPLACE")
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _unnesting(table: Table, replacing: bool) -> str:
    """One statement for any number of rows, which come as an array for each column."""
    from sqlalchemy.dialects import postgresql

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = [f"%s::{column.type.compile(dialect)}[]" for column in table.columns]
    names = ", ".join(column.name for column in table.columns)
    sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608
    if replacing:
        key = [column.name for column in table.primary_key.columns]
        rest = [column.name for column in table.columns if column.name not in key]
        changes = ", ".join(f"{name} = excluded.{name}" for name in rest)
        sql += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    return sql
