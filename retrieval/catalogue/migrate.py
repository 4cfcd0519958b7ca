"""Migrate tables to the version of this program, with Alembic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, text

from retrieval.catalogue.dialects import POSTGRESQL
from retrieval.catalogue.schema import metadata
from retrieval.errors import FolderTooNew


@dataclass(frozen=True, slots=True)
class SchemaBranch:
    """Tables that are migrated together, independently of other branches in the same database.

    ``head`` is the last revision of the Alembic ``scripts``; it stands here so that a start with
    nothing to migrate needn't import Alembic. ``version_table`` records the revision of a database.
    """

    name: str
    scripts: Path
    head: str
    # The tables as they are at the head.
    metadata: MetaData
    version_table: str = "alembic_version"


# A test holds each head to the last migration of its folder.
CATALOGUE = SchemaBranch("catalogue", Path(__file__).parent / "migrations", "0017", metadata)


def is_current(connection: Connection, branch: SchemaBranch) -> bool:
    """Return whether the tables of a branch exist and are at its head. Raises ``FolderTooNew`` if a
    newer program wrote them."""
    if not inspect(connection).has_table(branch.version_table):
        return False
    query = f"SELECT version_num FROM {branch.version_table}"  # noqa: S608 - a fixed name
    found = connection.execute(text(query)).scalar()
    if found is not None and not (str(found).isdigit() and int(found) <= int(branch.head)):
        raise FolderTooNew(
            "data-folder-too-new", tables=branch.name, found=str(found), known=branch.head
        )
    return found == branch.head


def upgrade(connection: Connection, branch: SchemaBranch) -> None:
    """Create the tables of a branch, or migrate them to its head. Raises ``FolderTooNew``.

    The catalogue's migrations up to 0013 and the application's up to 0005 are for SQLite only: on
    PostgreSQL new tables are created as they are at the head. Later migrations run on both.
    """
    if is_current(connection, branch):
        return
    fresh = not inspect(connection).has_table(branch.version_table)
    if connection.dialect.name == POSTGRESQL and fresh:
        branch.metadata.create_all(connection)
        versions = Table(
            branch.version_table, MetaData(), Column("version_num", String(32), primary_key=True)
        )
        versions.create(connection)
        connection.execute(versions.insert(), {"version_num": branch.head})
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(branch.scripts).replace("%", "%%"))
    config.attributes.update(connection=connection, version_table=branch.version_table)
    command.upgrade(config, "head")
