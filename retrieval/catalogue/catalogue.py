"""The catalogue of a data folder: its repositories, over one database. Those that a question
doesn't need are imported when they are first used."""

from __future__ import annotations

import asyncio
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.catalogue.articles import ArticleRepository
from retrieval.catalogue.corpora import CorpusRepository
from retrieval.catalogue.database import Database, DatabaseLocation
from retrieval.catalogue.queries import ReadQueries
from retrieval.catalogue.stories import StoryRepository
from retrieval.catalogue.vectors import VectorRepository

if TYPE_CHECKING:
    from retrieval.catalogue.feeds import FeedRepository
    from retrieval.catalogue.jobs import JobRepository
    from retrieval.catalogue.uploads import UploadRepository


class Catalogue:
    """The repositories of one database. Open it with ``await Catalogue.open(location)`` and close
    it after use."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.queries = ReadQueries(database.reader, database.location.error)
        self.corpora = CorpusRepository(database)
        self.articles = ArticleRepository(database, self.queries)
        self.stories = StoryRepository(database)
        self.vectors = VectorRepository(database)

    @cached_property
    def feeds(self) -> FeedRepository:
        """The feeds of all corpora."""
        from retrieval.catalogue.feeds import FeedRepository

        return FeedRepository(self.database)

    @cached_property
    def jobs(self) -> JobRepository:
        """The jobs of all corpora."""
        from retrieval.catalogue.jobs import JobRepository

        return JobRepository(self.database)

    @cached_property
    def uploads(self) -> UploadRepository:
        """The files of jobs."""
        from retrieval.catalogue.uploads import UploadRepository

        return UploadRepository(self.database)

    @classmethod
    async def open(cls, location: DatabaseLocation | Path, *, moving: bool = False) -> Catalogue:
        """Open a catalogue that ``Database.prepare`` has made ready; ``moving`` opens one whose
        move isn't finished. Raises ``StorageError``."""
        return cls(await Database.open(location, moving=moving))

    async def revision(self, corpus: str) -> int:
        """Return a number that grows with every change to what search may show of a corpus; 0 if
        there is no corpus of that name."""
        return await asyncio.to_thread(self.queries.revision_of, corpus)

    async def close(self) -> None:
        """Close the database with all its connections."""
        await self.database.close()
