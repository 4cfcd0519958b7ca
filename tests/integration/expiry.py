"""Leases that run out in a test, as they do while their holder is stopped."""

from __future__ import annotations

from sqlalchemy import update

from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import leases


async def run_out(database: Database, name: str) -> None:
    """Let a lease end, as time does."""
    async with database.write_beside() as connection:
        await connection.execute(update(leases).where(leases.c.name == name).values(expires_at=1))
