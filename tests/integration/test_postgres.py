"""The catalogue and the application's tables on a PostgreSQL server, and what can go wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage import schema as application
from bot.storage.library import APPLICATION, open_library
from retrieval.catalogue import schema as catalogue
from retrieval.catalogue import server as server_module
from retrieval.catalogue.bulk_writes import insert_rows
from retrieval.catalogue.database import Database
from retrieval.catalogue.dialects import among
from retrieval.catalogue.server import DatabaseServer
from retrieval.catalogue.server_lock import ServerWriterLock
from retrieval.errors import FolderInUse, FolderTooNew, StorageError
from retrieval.library import Library, LibraryConfig
from retrieval.maintenance import check_indexes
from retrieval.models import Article, IngestItem
from tests.deadlines import scaled
from tests.integration.conftest import bring_in, titles_found
from tests.integration.crash_child import HashEmbedder
from tests.relay import relay_to_postgres

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


async def test_both_databases_have_the_same_tables(postgres_url: str, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite3"
    await Database.prepare(path, [APPLICATION])
    engines = [
        sa.create_engine(f"sqlite:///{path}"),
        sa.create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:")),
    ]
    sqlite, postgres = (_described(sa.inspect(engine)) for engine in engines)
    for engine in engines:
        engine.dispose()
    known = {*catalogue.metadata.tables, *application.metadata.tables}
    assert set(postgres) == set(sqlite) >= known
    for table in sqlite:
        assert postgres[table] == sqlite[table], table


async def test_ids_are_identities_of_64_bits_and_orders_those_of_code_points(
    postgres_url: str,
) -> None:
    with psycopg.connect(postgres_url) as connection:
        short = connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = "
            "'public' AND data_type = 'integer' AND (column_name = 'id' OR column_name LIKE '%\\_id')"
        ).fetchall()
        collated = connection.execute(
            "SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_schema = "
            "'public' AND data_type IN ('text', 'character varying') "
            "AND column_name <> 'version_num'"
        ).fetchall()
        identities = connection.execute(
            "SELECT count(*) FROM information_schema.columns WHERE is_identity = 'YES'"
        ).fetchone()
    assert short == []
    assert collated == [("C",)]
    assert identities is not None
    assert identities[0] >= 8


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("mysql://localhost/newsdesk", "database-url-invalid"),
        ("postgresql://localhost", "database-url-invalid"),
        ("postgresql://localhost:x/newsdesk", "database-url-invalid"),
        ("postgresql://user:secret@127.0.0.1:1/newsdesk", "database-unreachable"),
    ],
)
async def test_a_wrong_url_is_told_in_a_sentence(tmp_path: Path, url: str, code: str) -> None:
    with pytest.raises(StorageError) as refused:
        await _open_once(tmp_path, url)
    assert refused.value.code == code
    assert "secret" not in str(refused.value)


async def test_a_database_that_is_not_there_is_told(tmp_path: Path, postgres_url: str) -> None:
    with pytest.raises(StorageError) as refused:
        await _open_once(tmp_path, postgres_url.replace("/test_", "/no_"))
    assert refused.value.code == "database-refused"


async def test_without_rights_nothing_is_made(tmp_path: Path, empty_postgres_url: str) -> None:
    name = f"guest_{urlsplit(empty_postgres_url).path[-8:]}"
    with psycopg.connect(empty_postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN")
        try:
            with pytest.raises(StorageError) as refused:
                await _open_once(tmp_path, empty_postgres_url.replace("postgres@", f"{name}@"))
            made = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            assert made.fetchone() == (0,)
        finally:
            connection.execute(f"DROP ROLE {name}")
    assert refused.value.code == "database-no-rights"


async def test_an_old_server_and_a_newer_schema_are_refused(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f"UPDATE {APPLICATION.version_table} SET version_num = '9999'")
    with pytest.raises(FolderTooNew):
        await _open_once(tmp_path, postgres_url)
    monkeypatch.setattr(server_module, "_OLDEST", 99)
    with pytest.raises(StorageError) as refused:
        await _open_once(tmp_path, postgres_url)
    assert refused.value.code == "database-too-old"


async def test_a_second_writer_is_refused_whatever_its_folder(
    tmp_path: Path, postgres_url: str
) -> None:
    async with _opened(tmp_path / "one", postgres_url, writer="the first") as library:
        with pytest.raises(FolderInUse) as refused:
            async with _opened(tmp_path / "two", postgres_url, writer="the second"):
                pass
        holder = refused.value.params["holder"]
        assert "the first" in str(holder)
        async with _opened(tmp_path / "two", postgres_url):
            pass  # reading is nobody's loss
        await _drop_connections(postgres_url)
        # The lock went with its connection; who needs it next takes it again, once.
        database = library.catalogue.database
        await asyncio.gather(*(database.require_writer() for _ in range(5)))
        await library.catalogue.corpora.ensure("other", NOW)
        with pytest.raises(FolderInUse):
            async with _opened(tmp_path / "two", postgres_url, writer="the third"):
                pass
        await _drop_connections(postgres_url)
        other = ServerWriterLock(tmp_path / "three", DatabaseServer(postgres_url))
        (tmp_path / "three").mkdir()
        await asyncio.to_thread(other.acquire, "the fourth")
        for name in ("third", "fourth"):  # it was lost for good, not for one change
            with pytest.raises(FolderInUse):
                await library.catalogue.corpora.ensure(name, NOW)
            with pytest.raises(FolderInUse):
                await database.require_writer()
        await asyncio.to_thread(other.release)
    async with _opened(tmp_path / "two", postgres_url, writer="the fifth"):
        pass


@pytest.mark.parametrize("how", ["closes", "hangs"])
async def test_a_question_while_the_server_is_away_is_told_to_try_again(
    tmp_path: Path, postgres_url: str, how: str
) -> None:
    with relay_to_postgres(postgres_url) as gate:
        async with _opened(tmp_path, gate.url, writer="test", embedder=HashEmbedder()) as library:
            await bring_in(library, range(2))
            assert await titles_found(library, "topic1", NOW)
            gate.shut(hang=how == "hangs")
            began = time.monotonic()
            with pytest.raises(StorageError) as away:
                await titles_found(library, "topic1", NOW)
            took = time.monotonic() - began
            assert (away.value.code, away.value.retry) == ("database-away", True)
            assert took < 3 * scaled(1)
            with pytest.raises(StorageError) as lost:
                await library.catalogue.corpora.ensure("other", NOW)
            assert lost.value.code == "database-away"
            gate.open()
            assert await titles_found(library, "topic1", NOW)
            await library.catalogue.corpora.ensure("other", NOW)


async def test_a_server_that_goes_in_the_middle_of_a_change_leaves_nothing_half_done(
    tmp_path: Path, postgres_url: str
) -> None:
    with relay_to_postgres(postgres_url) as gate:
        async with _opened(tmp_path, gate.url, writer="test", embedder=HashEmbedder()) as library:
            await bring_in(library, range(2))

            async def shut(_connection: AsyncConnection, _outcomes: object) -> None:
                gate.shut(hang=False)

            indexer = await library.indexer("local")
            item = IngestItem("a", Article("Town2 approves topic2", "The council approved topic2."))
            with pytest.raises(StorageError) as lost:
                await indexer.accept([item], actor="test", settle=shut)
            assert lost.value.code == "database-away"
            gate.open()
            [before] = await library.counts()
            assert (before.articles, before.unfinished) == (2, 0)
            assert [each.status for each in await bring_in(library, range(4))] == [
                *["unchanged"] * 2,
                *["indexed"] * 2,
            ]
            assert await check_indexes(library) == []


async def test_a_text_with_nul_is_taken_as_with_a_space(tmp_path: Path, postgres_url: str) -> None:
    async with _opened(tmp_path, postgres_url, writer="test", embedder=HashEmbedder()) as library:
        await bring_in(library, range(2))
        assert await titles_found(library, "what about\0topic1", NOW)
        assert await library.unknown_source("local", "The\0Courier") is not None
        made = await library.catalogue.corpora.ensure("guild\0one", NOW)
        assert made.name == "guild one"
        notes = [{"name": f"kept{n}", "value": f"{n}\0"} for n in range(2)]
        async with library.database.write() as connection:
            await insert_rows(connection, catalogue.properties, notes)
        async with library.database.connect() as connection:
            mine = among(connection, catalogue.properties.c.value, ["0\0", "1 "])
            found = await connection.execute(sa.select(catalogue.properties).where(mine))
            assert len(found.all()) == 2


async def _open_once(folder: Path, url: str) -> None:
    async with _opened(folder, url, writer="test"):
        pass


def _opened(
    folder: Path, url: str, **options: Any
) -> contextlib.AbstractAsyncContextManager[Library]:
    return open_library(LibraryConfig(folder, database_url=url), **options)


async def _drop_connections(url: str) -> None:
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(f"SELECT pg_terminate_backend(pid, 10000) {others}")


def _described(inspector: sa.Inspector) -> dict[str, Any]:
    return {
        table: {
            "columns": {(c["name"], c["nullable"]) for c in inspector.get_columns(table)},
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": sorted(
                tuple(u["column_names"]) for u in inspector.get_unique_constraints(table)
            ),
            "indexes": sorted(
                (str(i["name"]), tuple(i["column_names"]), _is_partial(i))
                for i in inspector.get_indexes(table)
                if not i.get("duplicates_constraint")
            ),
            "references": sorted(
                (tuple(f["constrained_columns"]), f["referred_table"])
                for f in inspector.get_foreign_keys(table)
            ),
        }
        for table in inspector.get_table_names()
        if table != "sqlite_sequence"
    }


def _is_partial(index: Any) -> bool:
    return any(option.endswith("_where") for option in index.get("dialect_options", {}))
