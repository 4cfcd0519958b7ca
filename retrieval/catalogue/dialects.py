"""Where SQLite and PostgreSQL differ, so that the same statements run on both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    any_,
    event,
    literal,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.ext.asyncio import AsyncConnection

POSTGRESQL = "postgresql"

# SQLite only increments its own row ids, which are INTEGER and have 64 bits.
ID = BigInteger().with_variant(Integer(), "sqlite")
# Compared by code points, as in SQLite, whatever the server's collation is.
TEXT = Text().with_variant(Text(collation="C"), POSTGRESQL)


def chars(length: int) -> String:
    """Return the type of a text of up to about ``length`` characters. SQLite stores longer ones
    too."""
    return String(length).with_variant(Text(collation="C"), POSTGRESQL)


def index_part(
    name: str, *columns: Column[Any], where: ColumnElement[bool], unique: bool = False
) -> Index:
    """Return an index of those rows of a table that meet a condition."""
    index = Index(name, *columns, unique=unique, sqlite_where=where)

    # Only there: to be told now, SQLAlchemy would import all that it has for PostgreSQL.
    @event.listens_for(columns[0].table, "before_create")
    def _on_server(_table: Table, connection: Connection, **_options: Any) -> None:
        if connection.dialect.name == POSTGRESQL:
            index.dialect_options[POSTGRESQL]["where"] = where

    return index


class LikeAnyCase(ColumnElement[bool]):
    """Whether a text matches a LIKE pattern, ignoring the case of ASCII letters. The pattern has no
    escape character."""

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


class Now(ColumnElement[int]):
    """The database's clock in whole microseconds since 1970, the only one that all processes share.
    It advances within a transaction."""

    inherit_cache = True
    type = BigInteger()


@compiles(Now)
def _now(_element: Now, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"


@compiles(Now, POSTGRESQL)
def _server_now(_element: Now, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"


def insert_into(
    connection: Connection | AsyncConnection, table: Table
) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can say what to do with rows that are there already."""
    if connection.dialect.name == POSTGRESQL:
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


def among(
    connection: Connection | AsyncConnection, column: ColumnElement[Any], values: Sequence[Any]
) -> ColumnElement[bool]:
    """Return the condition that ``column`` has one of ``values``. On PostgreSQL they are one array
    parameter, however many there are; on SQLite each is a parameter."""
    if connection.dialect.name == POSTGRESQL:
        kind = BigInteger() if isinstance(column.type, Integer) else Text()
        return column == any_(literal(list(values), ARRAY(kind)))
    return column.in_(values)
