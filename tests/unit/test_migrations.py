"""The migrations make what the code expects."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.storage import schema as application
from bot.storage.library import APPLICATION
from retrieval.catalogue import schema as catalogue
from retrieval.catalogue.database import Database
from retrieval.catalogue.migrate import CATALOGUE, SchemaBranch
from retrieval.errors import FolderTooNew


async def test_the_migrations_end_at_the_schemas(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite3"
    await Database.prepare(path, [APPLICATION])
    everything = sa.MetaData()
    for table in (*catalogue.metadata.tables.values(), *application.metadata.tables.values()):
        table.to_metadata(everything)
    engine = sa.create_engine(f"sqlite:///{path}")
    options = {"include_name": _not_a_version_table}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={**options, "target_metadata": None})
        assert compare_metadata(context, everything) == []
    engine.dispose()


async def test_the_catalogue_has_no_table_of_the_application(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite3"
    await Database.prepare(path)
    engine = sa.create_engine(f"sqlite:///{path}")
    tables = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    assert tables - {"alembic_version", "sqlite_sequence"} == set(catalogue.metadata.tables)


@pytest.mark.parametrize("branch", [CATALOGUE, APPLICATION], ids=["catalogue", "application"])
def test_the_head_of_a_branch_is_its_last_migration(branch: SchemaBranch) -> None:
    assert max(path.name[:4] for path in branch.scripts.glob("versions/0*.py")) == branch.head


@pytest.mark.parametrize("branch", [CATALOGUE, APPLICATION], ids=["catalogue", "application"])
async def test_what_a_newer_program_made_is_refused_in_a_sentence(
    tmp_path: Path, branch: SchemaBranch
) -> None:
    path = tmp_path / "catalogue.sqlite3"
    await Database.prepare(path, [APPLICATION])
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {branch.version_table} SET version_num = '9999'"))
    engine.dispose()
    for act in (Database.is_ready, Database.prepare):
        with pytest.raises(FolderTooNew) as refused:
            await act(path, [APPLICATION])
        assert str(refused.value).count("\n") == 0


def _not_a_version_table(name: str | None, kind: str, parents: object) -> bool:
    return kind != "table" or name not in {CATALOGUE.version_table, APPLICATION.version_table}
