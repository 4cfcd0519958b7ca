"""Turns of processes that write to one PostgreSQL database; on SQLite only one ever writes.

A turn lasts to the end of the transaction that waited for it. Who needs both takes the corpus's first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, cast, func, select

from retrieval.catalogue.dialects import POSTGRESQL

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# The first of the two numbers that name an advisory lock; the second is the corpus, or 0.
_CORPUS, _VERSIONS, _CLAIMS = 0x6E647763, 0x6E647776, 0x6E64776A  # "ndwc", "ndwv", "ndwj"
_INT4 = 1 << 31


async def take_corpus_turn(connection: AsyncConnection, corpus_id: int) -> None:
    """Wait until nobody else accepts, removes or deletes articles of a corpus."""
    await _take(connection, _CORPUS, corpus_id % _INT4)


async def take_version_turn(connection: AsyncConnection) -> None:
    """Wait until nobody else gives numbers to new versions."""
    await _take(connection, _VERSIONS, 0)


async def take_claim_turn(connection: AsyncConnection, corpus_id: int) -> None:
    """Wait until nobody else claims a job of a corpus."""
    await _take(connection, _CLAIMS, corpus_id % _INT4)


async def _take(connection: AsyncConnection, kind: int, number: int) -> None:
    if connection.dialect.name == POSTGRESQL:
        # One number: the function that takes two of 32 bits would need both to be cast.
        key = cast((kind << 32) | number, BigInteger)
        await connection.execute(select(func.pg_advisory_xact_lock(key)))
