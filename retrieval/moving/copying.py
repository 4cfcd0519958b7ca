"""Copying the rows of all tables into another database, from where an earlier try was killed."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from retrieval.errors import StorageError
from retrieval.moving.rows import MODULUS, batch_after, digest, inserting, key_of
from retrieval.runtime.observer import Tell, tell_nobody

Result = TypeVar("Result")

_BATCH = 1_000
# How far each table has come, in the database that is filled.
_PROGRESS = Table(
    "move_progress",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("rows", BigInteger, nullable=False),
    # The primary key of the last row, as JSON.
    Column("last", Text),
    Column("done", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class TableDigest:
    """How many rows a table has, and the digest of all of them in hexadecimal."""

    rows: int
    digest: str


def all_tables(metadatas: Sequence[MetaData], *, but: Sequence[str] = ()) -> list[Table]:
    """The tables in an order in which rows find those that they refer to."""
    return [t for metadata in metadatas for t in metadata.sorted_tables if t.name not in but]


def holds_rows(connection: Connection, tables: Sequence[Table]) -> bool:
    """Return whether any of the tables has rows."""
    return any(connection.execute(select(1).select_from(t).limit(1)).first() for t in tables)


def begin(connection: Connection) -> None:
    """Make the table of progress."""
    _PROGRESS.create(connection, checkfirst=True)


def is_begun(connection: Connection) -> bool:
    """Return whether a move was begun and not finished."""
    return inspect(connection).has_table(_PROGRESS.name)


def finish(connection: Connection) -> None:
    """Drop the table of progress."""
    _PROGRESS.drop(connection, checkfirst=True)


def is_done(connection: Connection, name: str) -> bool:
    """Whether a step, which may be the copying of a table, is done."""
    done = select(_PROGRESS.c.done).where(_PROGRESS.c.name == name)
    return bool(connection.scalar(done))


def mark_done(connection: Connection, name: str) -> None:
    """Record that a step is done."""
    connection.execute(insert(_PROGRESS), {"name": name, "rows": 0, "last": None, "done": 1})


def clear(connection: Connection, tables: Sequence[Table]) -> None:
    """Forget what was copied."""
    for table in reversed(tables):
        with _without_triggers(connection, table):
            connection.execute(delete(table))
    connection.execute(delete(_PROGRESS))


async def copy_table(
    source: AsyncEngine,
    target: AsyncEngine,
    table: Table,
    tell: Tell = tell_nobody,
) -> None:
    """Copy a table in batches, each of which is kept together with how far it is. ``tell`` hears the
    table's name, how many of its rows are there, and how many there will be."""
    if await _run(target, lambda connection: is_done(connection, table.name)):
        return
    last = await _run(target, lambda connection: _last(connection, table))
    most = _rows_at_once(table)
    async with source.connect() as reading:
        total = await reading.scalar(select(func.count()).select_from(table))
    while True:
        query = batch_after(table, last, most)
        async with source.connect() as reading:
            rows = [tuple(row) for row in await reading.execute(query)]
        last = key_of(table, rows[-1]) if rows else last
        ended = len(rows) < most
        there = await _run(
            target,
            lambda connection, rows=rows, ended=ended: _keep(  # type: ignore[misc]
                connection, table, rows, done=ended
            ),
        )
        tell(table.name, there, total)
        if ended:
            return


async def table_digest(engine: AsyncEngine, table: Table) -> TableDigest:
    """Read a table to its end."""
    last, count, total, most = None, 0, 0, _rows_at_once(table)
    async with engine.connect() as connection:
        while True:
            found = await connection.execute(batch_after(table, last, most))
            rows = [tuple(row) for row in found]
            count, total = count + len(rows), (total + digest(table, rows)) % MODULUS
            if len(rows) < most:
                return TableDigest(count, f"{total:032x}")
            last = key_of(table, rows[-1])


def _rows_at_once(table: Table) -> int:
    return int(table.info.get("rows_at_once", _BATCH))


def counters(connection: Connection, tables: Sequence[Table]) -> dict[str, int]:
    """By table whose rows are numbered, the highest number that a row ever had."""
    found = {}
    for table in tables:
        column = table.autoincrement_column
        if column is not None:
            highest = connection.scalar(select(func.max(column))) or 0
            found[table.name] = max(highest, _counter(connection, table, column.name) or 0)
    return found


def set_counters(
    connection: Connection, tables: Sequence[Table], numbers: Mapping[str, int]
) -> None:
    """Let new rows get higher numbers than those."""
    for table in tables:
        column = table.autoincrement_column
        if column is not None and numbers.get(table.name):
            _set_counter(connection, table, column.name, numbers[table.name])


def _counter(connection: Connection, table: Table, column: str) -> int | None:
    """The last number that was given to a row of a table; None if nothing counts them."""
    if connection.dialect.name == "sqlite":
        if not inspect(connection).has_table("sqlite_sequence"):
            return None
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return connection.execute(query, {"name": table.name}).scalar()
    sequence = _sequence(connection, table, column)
    if sequence is None:
        return None
    query = text(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608
    return connection.execute(query).scalar()


def _set_counter(connection: Connection, table: Table, column: str, number: int) -> None:
    given = {"name": table.name, "number": number}
    if connection.dialect.name != "sqlite":
        sequence = _sequence(connection, table, column)
        if sequence is not None:
            query = text("SELECT setval(CAST(:sequence AS regclass), :number)")
            connection.execute(query, {"sequence": sequence, "number": number})
        return
    counts = "AUTOINCREMENT" in (
        connection.execute(
            text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name"), given
        ).scalar()
        or ""
    )
    if counts:
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), given)
        connection.execute(
            text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), given
        )


def _sequence(connection: Connection, table: Table, column: str) -> str | None:
    query = text("SELECT pg_get_serial_sequence(:name, :column)")
    found = connection.execute(query, {"name": table.name, "column": column}).scalar()
    return str(found) if found else None


async def _run(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    async with engine.begin() as connection:
        return await connection.run_sync(work)


def _last(connection: Connection, table: Table) -> list[Any] | None:
    """The primary key of the last row that is there; what a migration put into a table goes first."""
    found = connection.execute(
        select(_PROGRESS.c.last).where(_PROGRESS.c.name == table.name)
    ).first()
    if found is not None:
        return json.loads(found[0]) if found[0] else None
    with _without_triggers(connection, table):
        connection.execute(delete(table))
    row = {"name": table.name, "rows": 0, "last": None, "done": 0}
    connection.execute(insert(_PROGRESS), row)
    return None


def _keep(
    connection: Connection, table: Table, rows: Sequence[Sequence[Any]], *, done: bool
) -> int:
    """Write a batch and that it is there. Returns how many rows of the table are."""
    names = [column.name for column in table.columns]
    mine = _PROGRESS.c.name == table.name
    if rows:
        try:
            with _without_triggers(connection, table):
                connection.execute(
                    inserting(connection, table),
                    [dict(zip(names, row, strict=True)) for row in rows],
                )
        except DBAPIError as error:
            detail = str(error.orig or error).splitlines()[0]
            raise StorageError("move-row-refused", table=table.name, detail=detail) from error
        last = json.dumps(key_of(table, rows[-1]))
        values = {"rows": _PROGRESS.c.rows + len(rows), "last": last}
        connection.execute(update(_PROGRESS).where(mine).values(values))
    if done:
        connection.execute(update(_PROGRESS).where(mine).values(done=1))
    return int(connection.execute(select(_PROGRESS.c.rows).where(mine)).scalar_one())


@contextlib.contextmanager
def _without_triggers(connection: Connection, table: Table) -> Iterator[None]:
    """Write to a table without its triggers: what they would write is copied too. They are away
    within the transaction only."""
    if connection.dialect.name != "sqlite":
        name = connection.dialect.identifier_preparer.format_table(table)
        connection.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        yield
        connection.execute(text(f"ALTER TABLE {name} ENABLE TRIGGER USER"))
        return
    query = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
    triggers = connection.execute(query, {"name": table.name}).all()
    for name, _ in triggers:
        connection.exec_driver_sql(f'DROP TRIGGER "{name}"')
    yield
    for _, made in triggers:
        connection.exec_driver_sql(made)
