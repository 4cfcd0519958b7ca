"""The migrations make what the code expects."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from retrieval.catalogue.database import Database
from retrieval.catalogue.schema import metadata


async def test_the_migrations_end_at_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite3"
    await Database.prepare(path)
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
