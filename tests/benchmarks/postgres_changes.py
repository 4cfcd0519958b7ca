"""Eight writers and a reader on PostgreSQL: `python -m tests.benchmarks.postgres_changes`.

Writers change versions of four corpora, a few in each transaction, over connections of their own, and
wait a moment before they commit, as slow ones do. A reader follows each corpus by its revision, as
search does. Counted are changes that it never heard of, and numbers that appeared behind one that it
had read already. Beside it the way that numbers by a sequence, to see that the measure finds what it
looks for.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bot.storage.library import APPLICATION
from retrieval.catalogue.database import Database
from retrieval.catalogue.server import DatabaseServer
from tests.postgres import PostgresServer, start

_CORPORA, _VERSIONS, _WRITERS, _AT_ONCE = 4, 400, 8, 5
_LONGEST_WAIT = 0.002
_BY_SEQUENCE = """
CREATE SEQUENCE numbers;
CREATE OR REPLACE FUNCTION note_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO version_changes VALUES (NEW.corpus_id, nextval('numbers'), NEW.id);
    RETURN NULL;
END $$
"""


def fill(url: str) -> None:
    with psycopg.connect(url) as connection:
        for corpus in range(1, _CORPORA + 1):
            connection.execute(
                "INSERT INTO corpora (id, name, created_at) VALUES (%s, %s, 0)",
                [corpus, f"corpus {corpus}"],
            )
            for n in range(_VERSIONS):
                version = corpus * _VERSIONS + n
                article = f"{version:016x}"
                connection.execute(
                    "INSERT INTO articles (id, corpus_id, canonical_url, first_ingested_at) "
                    "VALUES (%s, %s, %s, 0)",
                    [article, corpus, article],
                )
                connection.execute(
                    "INSERT INTO versions (id, article_id, corpus_id, number, state, title, authors, "
                    "visible_from, ingested_at, content_hash, text) "
                    "VALUES (%s, %s, %s, 1, 'accepted', '', '[]', 0, 0, '', '')",
                    [version, article, corpus],
                )


class Writer:
    """Changes its own versions, so that each change is one that nobody else undoes."""

    def __init__(self, url: str, number: int, changes: int) -> None:
        self._url = url
        self._number = number
        self._changes = changes

    def run(self) -> int:
        draw = random.Random(self._number)
        mine = {
            corpus: [
                corpus * _VERSIONS + n for n in range(_VERSIONS) if n % _WRITERS == self._number
            ]
            for corpus in range(1, _CORPORA + 1)
        }
        done = 0
        with psycopg.connect(self._url) as connection:
            while done < self._changes:
                some = draw.sample(mine[draw.randint(1, _CORPORA)], _AT_ONCE)
                connection.execute(
                    "UPDATE versions SET state = CASE state WHEN 'accepted' THEN 'retired' "
                    "ELSE 'accepted' END WHERE id = ANY(%s)",
                    [some],
                )
                time.sleep(draw.uniform(0, _LONGEST_WAIT))
                connection.commit()
                done += _AT_ONCE
        return done


class Reader:
    """Follows a corpus: reads what changed since the highest number that it has seen."""

    def __init__(self, url: str, corpus: int) -> None:
        self._url = url
        self._corpus = corpus
        self.heard = 0
        self._last = 0

    def run(self, over: threading.Event) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while True:
                ends = over.is_set()
                rows = connection.execute(
                    "SELECT revision FROM version_changes WHERE corpus_id = %s AND revision > %s",
                    [self._corpus, self._last],
                ).fetchall()
                self.heard += len(rows)
                self._last = max([self._last, *(row[0] for row in rows)])
                if ends:
                    return


def measure(url: str, changes: int) -> None:
    began = time.perf_counter()
    readers = [Reader(url, corpus) for corpus in range(1, _CORPORA + 1)]
    over = threading.Event()
    with ThreadPoolExecutor(_WRITERS + _CORPORA) as pool:
        following = [pool.submit(reader.run, over) for reader in readers]
        each = changes // _WRITERS
        writers = [pool.submit(Writer(url, n, each).run) for n in range(_WRITERS)]
        made = sum(writer.result() for writer in writers)
        over.set()
        for reader in following:
            reader.result()
    seconds = time.perf_counter() - began
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM version_changes").fetchone()
        kept = row[0] if row else 0
    heard = sum(reader.heard for reader in readers)
    print(
        f"  {made} changes made in {seconds:.0f} s by {_WRITERS} writers; {made - kept} not noted; "
        f"{kept - heard} lost to who follows, for they appeared out of order"
    )


@contextmanager
def running(*, durable: bool = False) -> Iterator[PostgresServer]:
    """A server as long as the block lasts."""
    folder = Path(tempfile.gettempdir()) / f"newsdesk-postgres-{uuid.uuid4().hex[:12]}"
    server = start(folder, durable=durable)
    try:
        yield server
    finally:
        server.leave()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=100_000)
    changes = parser.parse_args().changes
    with running() as server:
        for way in ("the corpus's revision plus one, at the end of the transaction", "a sequence"):
            url = server.url(server.create())
            asyncio.run(Database.prepare(DatabaseServer(url), [APPLICATION]))
            fill(url)
            if way == "a sequence":
                with psycopg.connect(url) as connection:
                    connection.execute(_BY_SEQUENCE)
                    connection.execute("DROP TRIGGER version_state_changed ON versions")
                    connection.execute(
                        "CREATE TRIGGER version_state_changed AFTER UPDATE OF state ON versions "
                        "FOR EACH ROW EXECUTE FUNCTION note_version_change()"
                    )
            print(f"numbered by {way}:")
            measure(url, changes)


if __name__ == "__main__":
    main()
