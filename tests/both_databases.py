"""Running tests on PostgreSQL too: marked ``both_databases``, or all of them with ``--database``, but
for those marked ``sqlite_files``.

A library that a test opens without saying where its catalogue is has it in a database of its own
on the tests' server, one for each data folder.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import retrieval.maintenance
from bot.storage.library import APPLICATION
from retrieval.catalogue.connections import DatabaseFile
from retrieval.catalogue.database import Database, DatabaseLocation
from retrieval.catalogue.server import DatabaseServer
from retrieval.indexes.keyword_files import documents_held
from retrieval.library import Library, LibraryConfig
from tests.postgres import PostgresServer, template_with_tables

SQLITE, POSTGRESQL = "sqlite", "postgresql"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database", choices=[SQLITE, POSTGRESQL], help="run all tests on this database"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = metafunc.config.getoption("--database")
    marked = metafunc.definition.get_closest_marker("both_databases") is not None
    which = [chosen] if chosen else [SQLITE, POSTGRESQL] if marked else []
    if which and "kept_in" in metafunc.fixturenames:
        metafunc.parametrize("kept_in", which, indirect=True)


@pytest.fixture(autouse=True)
def kept_in(request: pytest.FixtureRequest) -> Iterator[str]:
    """Which database the libraries of a test use."""
    which: str = getattr(request, "param", SQLITE)
    if which == SQLITE:
        yield which
        return
    about = request.node.get_closest_marker("sqlite_files")
    if about is not None:
        pytest.skip(f"about the files of SQLite: {about.args[0]}")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    made: dict[Path, str] = {}
    of_setting = retrieval.maintenance._server

    async def of_folder(config: LibraryConfig) -> DatabaseServer | None:
        if config.database_url:
            return await of_setting(config)
        folder = config.data_dir.resolve()
        if folder not in made:
            if await asyncio.to_thread(documents_held, folder):
                pytest.skip("about a data folder that was filled with SQLite for several tests")
            template = await asyncio.to_thread(template_with_tables, server)
            made[folder] = await asyncio.to_thread(server.create, template)
        return DatabaseServer(server.url(made[folder]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval.maintenance, "_server", of_folder)
        yield which
    for name in made.values():
        server.drop(name)


@pytest.fixture
async def tables(
    kept_in: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Database]:
    """A database with the catalogue's tables and the application's, all of them empty."""
    location: DatabaseLocation = DatabaseFile(tmp_path / "catalogue.sqlite3")
    if kept_in == POSTGRESQL:
        location = DatabaseServer(request.getfixturevalue("postgres_url"))
    await Database.prepare(location, [APPLICATION])
    opened = await Database.open(location)
    yield opened
    await opened.close()


async def execute(library: Library, statement: str) -> list[Any]:
    """Run a statement of SQL on a library's database, as another program would. Returns its rows."""
    async with library.database.engine.begin() as connection:
        done = await connection.exec_driver_sql(statement)
        return list(done.all()) if done.returns_rows else []
