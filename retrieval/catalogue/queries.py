"""What every question reads from the catalogue: blocking, for worker threads, one statement
each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    Select,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from retrieval.catalogue.dialects import POSTGRESQL
from retrieval.catalogue.records import Corpus
from retrieval.catalogue.schema import (
    INDEXED,
    corpora,
    passage_vectors,
    passages,
    story_members,
    version_changes,
    versions,
)
from retrieval.catalogue.snapshot import VersionRow
from retrieval.errors import StorageError
from retrieval.models import Passage, Reference

Result = TypeVar("Result")
# SQL, the names of its parameters in order, and their default values.
_Statement: TypeAlias = tuple[str, list[str], dict[str, Any]]

LOOKUP = 4_096  # bound parameters a statement; SQLite allows 32,766

REFERENCE = (
    versions.c.article_id,
    versions.c.url,
    versions.c.title,
    versions.c.source,
    versions.c.published_at,
)
_IDS: BindParameter[list[int]] = bindparam("ids", expanding=True)
_ARRAY: BindParameter[Any] = bindparam("ids", type_=ARRAY(BigInteger))
_REVISION = select(corpora.c.revision).where(corpora.c.id == bindparam("corpus"))
_VERSIONS = select(
    versions.c.id,
    versions.c.state,
    select(func.count())
    .where(passages.c.version_id == versions.c.id)
    .correlate(versions)
    .scalar_subquery(),
    versions.c.article_id,
    versions.c.url,
    versions.c.source,
    versions.c.source_key,
    versions.c.host,
    versions.c.published_from,
    versions.c.published_to,
    versions.c.visible_from,
    story_members.c.story_id,
    story_members.c.copy_id,
).outerjoin(story_members, story_members.c.version_id == versions.c.id)
_PASSAGES = select(
    passages.c.id,
    passages.c.start_offset,
    passages.c.end_offset,
    func.substr(
        versions.c.text,
        passages.c.start_offset + 1,
        passages.c.end_offset - passages.c.start_offset,
    ),
    versions.c.state,
    versions.c.correction,
    *REFERENCE,
).join(versions, versions.c.id == passages.c.version_id)
_VECTORS = select(passage_vectors.c.passage_id, passage_vectors.c.vector).where(
    passage_vectors.c.generation == bindparam("generation")
)


class ReadQueries:
    """Reads for questions. Every method is one transaction, blocks, and may be called from any
    thread. Raises ``StorageError`` if the database can't be read."""

    def __init__(self, engine: Engine, explain: Callable[[BaseException], StorageError]) -> None:
        self._engine = engine
        self._explain = explain
        self._compiled: dict[tuple[int, int], _Statement] = {}
        # An array is one parameter, however long it is; SQLite has none.
        self._arrays = engine.dialect.name == POSTGRESQL
        self._passages = _PASSAGES.where(self._among(passages.c.id))
        self._vectors = _VECTORS.where(self._among(passage_vectors.c.passage_id))

    def _among(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        return column == any_(_ARRAY) if self._arrays else column.in_(_IDS)

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Return the result of ``work`` on a connection of its own."""
        try:
            with self._engine.connect() as connection:
                return work(connection)
        except PoolTimeout as error:
            raise StorageError("database-away", retry=True) from error

    def revision(self, corpus: Corpus) -> int:
        """Return a number that grows with every change to what search may show of a corpus; 0 once
        it is gone."""
        rows = self._run(_REVISION, {"corpus": corpus.id})
        return int(rows[0][0]) if rows else 0

    def revision_of(self, name: str) -> int:
        """Return the revision of the corpus of that name; 0 if there is none."""
        query = select(corpora.c.revision).where(corpora.c.name == name)
        return self.run(lambda connection: connection.scalar(query)) or 0

    def oldest_change(self, corpus: Corpus) -> int:
        """Return the first revision whose changes are still recorded; 0 if there are none. Older
        ones are trimmed."""
        oldest = select(func.min(version_changes.c.revision)).where(
            version_changes.c.corpus_id == corpus.id
        )
        return self.run(lambda connection: connection.scalar(oldest)) or 0

    def shown(self, corpus: Corpus) -> list[VersionRow]:
        """Return all versions of a corpus that are shown now, by id."""
        query = (
            _VERSIONS.where(versions.c.corpus_id == corpus.id)
            .where(versions.c.state == INDEXED)
            .order_by(versions.c.id)
        )
        rows = self.run(lambda connection: connection.execute(query).all())
        return [VersionRow._make(row) for row in rows]

    def changed_since(self, corpus: Corpus, revision: int) -> list[VersionRow]:
        """Return the versions that changed after ``revision``, as they are now, by id."""
        changed = select(version_changes.c.version_id).where(
            version_changes.c.corpus_id == corpus.id, version_changes.c.revision > revision
        )
        # The corpus is compared here: in the condition, SQLite would read all of its versions.
        query = (
            _VERSIONS.add_columns(versions.c.corpus_id)
            .where(versions.c.id.in_(changed))
            .order_by(versions.c.id)
        )
        rows = self.run(lambda connection: connection.execute(query).all())
        return [VersionRow._make(row[:-1]) for row in rows if row[-1] == corpus.id]

    def passages(self, passage_ids: Sequence[int]) -> dict[int, Passage]:
        """Return by id those of these passages that are shown at this moment."""
        return {
            row[0]: Passage(row[0], Reference(*row[6:]), row[1], row[2], row[3], row[5])
            for row in self._looked_up(self._passages, passage_ids)
            if row[4] == INDEXED
        }

    def vectors(self, corpus: Corpus, passage_ids: Sequence[int]) -> list[tuple[int, bytes]]:
        """Return pairs (passage id, vector as little-endian float16) of those of these passages
        that have a vector, in no particular order."""
        rows = self._looked_up(self._vectors, passage_ids, generation=corpus.generation)
        return [(row[0], row[1]) for row in rows]

    def _looked_up(self, query: Select[Any], ids: Sequence[int], **more: int) -> list[Any]:
        """Return the rows for ids. A statement is compiled once for each power of two of them,
        since that takes longer than running it."""
        if self._arrays:
            return self._run(query, {"ids": list(ids), **more})
        found: list[Any] = []
        for first in range(0, len(ids), LOOKUP):
            part = list(ids[first : first + LOOKUP])
            size = max(16, 1 << (len(part) - 1).bit_length())
            part += part[-1:] * (size - len(part))
            sql, names, values = self._statement(query, size, more)
            values = values | more | {f"ids_{n}": each for n, each in enumerate(part, 1)}
            found += self._execute(sql, tuple(values[name] for name in names))
        return found

    def _execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
        """Return the driver's rows; SQLAlchemy's own execution takes several times as long."""
        try:
            connection = self._engine.raw_connection()
        except (self._engine.dialect.loaded_dbapi.Error, PoolTimeout) as error:
            raise self._explain(error) from error
        try:
            cursor = connection.cursor()
            cursor.execute(sql, values)
            return list(cursor.fetchall())
        except self._engine.dialect.loaded_dbapi.DatabaseError as error:
            if self._engine.dialect.is_disconnect(error, connection, None):
                # The others in the pool ended with it.
                connection.invalidate(error)
                self._engine.dispose()
            raise self._explain(error) from error
        finally:
            connection.close()

    def _run(self, query: Select[Any], values: Mapping[str, Any]) -> list[Any]:
        key = (id(query), 0)
        if key not in self._compiled:
            compiled = query.compile(dialect=self._engine.dialect)
            names = list(compiled.positiontup or ())
            self._compiled[key] = (str(compiled), names, dict(compiled.params))
        sql, names, standing = self._compiled[key]
        every = {**standing, **values}
        return self._execute(sql, tuple(every[name] for name in names) if names else every)

    def _statement(self, query: Select[Any], size: int, more: Mapping[str, int]) -> _Statement:
        key = (id(query), size)
        if key not in self._compiled:
            compiled = query.compile(dialect=self._engine.dialect)
            state = compiled.construct_expanded_state({"ids": [0] * size, **more})
            names = list(state.positiontup or ())
            self._compiled[key] = (state.statement, names, dict(state.parameters))
        return self._compiled[key]
