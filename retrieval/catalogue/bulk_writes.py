"""Write many rows at a time: SQLAlchemy spends more time on a row than the database does."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, LargeBinary, String, Table, bindparam, insert
from sqlalchemy.dialects import sqlite

from retrieval.catalogue.dialects import POSTGRESQL
from retrieval.catalogue.server import server_error

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_many(
    connection: AsyncConnection, table: Table, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows, each a tuple with a value for every column of ``table`` in order."""
    names = tuple(column.name for column in table.columns)
    await _write_many(connection, table, names, rows, replacing=False)


async def replace_many(
    connection: AsyncConnection, table: Table, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows like ``insert_many``, replacing those with the same primary key."""
    names = tuple(column.name for column in table.columns)
    await _write_many(connection, table, names, rows, replacing=True)


async def insert_rows(
    connection: AsyncConnection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows by column name. All rows must have the same names; columns with a default may be
    left out."""
    if rows:
        names = tuple(column.name for column in table.columns if column.name in rows[0])
        as_json = {name for name in names if isinstance(table.c[name].type, JSON)}
        told = [
            tuple(json.dumps(row[name]) if name in as_json else row[name] for name in names)
            for row in rows
        ]
        await _write_many(connection, table, names, told, replacing=False)


@contextlib.asynccontextmanager
async def sent_together(connection: AsyncConnection) -> AsyncIterator[None]:
    """Send what is written in the block in one round trip, where the database is a server. Nothing
    can be read in the block, and an error may only be raised at its end, as a ``StorageError``."""
    if connection.dialect.name != POSTGRESQL:
        yield
        return
    import psycopg

    driver: Any = (await connection.get_raw_connection()).driver_connection
    try:
        async with driver.pipeline():
            yield
    except psycopg.Error as error:
        raise server_error(error) from error


async def _write_many(
    connection: AsyncConnection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    *,
    replacing: bool,
) -> None:
    if not rows:
        return
    if connection.dialect.name == POSTGRESQL:
        columns = tuple(map(list, zip(*rows, strict=True)))
        await connection.exec_driver_sql(_unnesting(table, names, replacing), columns)
    else:
        await connection.exec_driver_sql(_inserting(table, names, replacing), list(rows))


@cache
def _inserting(table: Table, names: tuple[str, ...], replacing: bool) -> str:
    statement = insert(table).values({name: bindparam(name) for name in names})
    if replacing:
        statement = statement.prefix_with("OR REPLACE")
    return str(statement.compile(dialect=sqlite.dialect()))


@cache
def _unnesting(table: Table, names: tuple[str, ...], replacing: bool) -> str:
    """One statement for any number of rows, which come as an array for each column."""
    from sqlalchemy.dialects import postgresql

    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = []
    for name in names:
        kind = table.c[name].type
        # What is binary goes as it is, not as digits.
        given = "%b" if isinstance(kind, LargeBinary) else "%s"
        called = "TEXT" if isinstance(kind, String) else kind.compile(dialect)
        arrays.append(f"{given}::{called}[]")
    columns = ", ".join(names)
    sql = f"INSERT INTO {table.name} ({columns}) SELECT * FROM unnest({', '.join(arrays)})"  # noqa: S608
    if replacing:
        key = [column.name for column in table.primary_key.columns]
        rest = [name for name in names if name not in key]
        changes = ", ".join(f"{name} = excluded.{name}" for name in rest)
        sql += f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    return sql
