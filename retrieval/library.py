"""The library: an open data folder, and everything that reads and writes it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from weakref import WeakValueDictionary

from retrieval.catalogue import Catalogue, Corpus, CorpusCounts
from retrieval.catalogue.access import Access
from retrieval.catalogue.database import Database
from retrieval.embedders import Embedder, EmbedderOptions
from retrieval.errors import Note, NotFound, StorageError
from retrieval.indexes.chroma_store import ChromaStore
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.indexes.keyword_pool import KeywordPool
from retrieval.indexes.vector_index import VectorIndex
from retrieval.indexes.vector_stores import VectorStores
from retrieval.models import IngestItem, IngestResult, Reference, SearchResults
from retrieval.rerankers import RerankerOptions, make_reranker
from retrieval.runtime.conditions import Conditions
from retrieval.runtime.folder_sizes import folder_bytes
from retrieval.runtime.index_lock import IndexLock
from retrieval.runtime.observer import StageObserver
from retrieval.runtime.writer_lock import WriterLock
from retrieval.search.candidates import CorpusIndexes
from retrieval.search.ranking import Ranking
from retrieval.search.searcher import Searcher
from retrieval.timestamps import Clock, TimeRange

if TYPE_CHECKING:
    from retrieval.ingestion.accepted_batch import Settle
    from retrieval.ingestion.indexer import Indexer

_INDEXERS = 4
# A corpus, a build of its indexes, and the server that has its vectors.
_Key: TypeAlias = tuple[int, int, str | None]


@dataclass(frozen=True, slots=True)
class LibraryConfig:
    """Where the data folder is, and which models search it."""

    data_dir: Path
    # A PostgreSQL database that keeps the catalogue, with its password; None: SQLite in the folder.
    database_url: str | None = field(default=None, repr=False)
    # A Chroma server that has all vectors; or several, of which each corpus says which one has its own.
    chroma_url: str | None = None
    chroma_urls: tuple[str, ...] = ()
    # Whether the embedded Chroma gets a process of its own, for which writing is no wait for others.
    chroma_apart: bool = False
    # How long a first question waits for that process to start.
    chroma_start_seconds: float = 30.0
    # Up to so many passages are compared with a question one by one, by the vectors of the catalogue:
    # a command that asks once has done so before Chroma would have started.
    compared_up_to: int = 0
    embedder: str = "wordllama"
    embedder_options: EmbedderOptions = field(default_factory=EmbedderOptions)
    ranking: Ranking = field(default_factory=Ranking)
    reranker: str = "none"
    reranker_options: RerankerOptions = field(default_factory=RerankerOptions)
    rerank_seconds: float = 1.0
    # Where the people who ask are: "today" and "this week" are theirs.
    zone: tzinfo = UTC

    @property
    def chroma_servers(self) -> tuple[str, ...]:
        """Return the addresses of the Chroma servers; none where Chroma is embedded."""
        return self.chroma_urls or ((self.chroma_url,) if self.chroma_url else ())

    def embedded(self, data_dir: Path) -> LibraryConfig:
        """Return the same for another folder, that keeps everything itself."""
        return replace(self, data_dir=data_dir, database_url=None, chroma_url=None, chroma_urls=())


class Library:
    """An open data folder; open it with ``retrieval.maintenance.open_library``.

    Reading is always possible, writing only if the folder was opened for writing.
    """

    def __init__(
        self,
        config: LibraryConfig,
        catalogue: Catalogue,
        stores: VectorStores,
        embedder: Embedder,
        clock: Clock,
        writer_lock: WriterLock,
        *,
        access: Access,
        conditions: Conditions | None = None,
    ) -> None:
        self.config = config
        self.catalogue = catalogue
        self.stores = stores
        self.clock = clock
        # What is wrong with it at present, for all who tell of it.
        self.conditions = conditions or Conditions(clock)
        self.access = access
        self.writable = access is Access.WRITER
        # The right to write, whether it is held or not.
        self.writer_lock = writer_lock
        # Hears how long searches take.
        self.observer = StageObserver()
        self.embedder = embedder
        self.reranker = make_reranker(config.reranker, config.reranker_options)
        self.searcher = Searcher(
            catalogue,
            self.embedder,
            config.ranking.suited(embedder),
            config.zone,
            reranker=self.reranker,
            rerank_seconds=config.rerank_seconds,
            compared_up_to=config.compared_up_to,
            conditions=self.conditions,
        )
        self.index_lock = IndexLock(config.data_dir)
        # Set when shown passages lack their vectors, which are made in the background.
        self._backlog = asyncio.Event()
        self.keyword_pool = KeywordPool()
        self._indexes: dict[_Key, CorpusIndexes] = {}
        # One for a corpus while anybody uses it; the last few stay, as stories take long to load.
        self._indexers: WeakValueDictionary[_Key, Indexer] = WeakValueDictionary()
        self._recent_indexers: deque[Indexer] = deque(maxlen=_INDEXERS)
        self._corpora: dict[str, Corpus] = {}
        self._copy_of: Callable[[Corpus], KeywordIndex] | None = None

    @property
    def database(self) -> Database:
        """Return the catalogue's database, which may contain tables of other packages."""
        return self.catalogue.database

    @property
    def data_dir(self) -> Path:
        """Return the path of the data folder."""
        return self.config.data_dir

    @property
    def store(self) -> ChromaStore:
        """Return the store that has the vectors of all corpora, or the first of several."""
        return self.stores.only

    @property
    def vector_backlog(self) -> asyncio.Event:
        """Return the event that is set while passages lack a vector."""
        return self._backlog

    # Asking

    async def search(
        self,
        question: str,
        within: TimeRange,
        *,
        corpus: str,
        source: str | None = None,
        limit: int = 10,
        day_first: bool = True,
    ) -> SearchResults:
        """Search the corpus of this name. If there is none, return no results and a note."""
        found = await self._corpus(corpus)
        if found is None:
            return SearchResults(
                question, within.since, within.last, (), ((await self._no_corpus(corpus)).note,)
            )
        indexes = self.indexes(found)
        with self.observer.stage("search"):
            return await self.searcher.search(
                indexes, question, within, source=source, limit=limit, day_first=day_first
            )

    async def nearest(self, question: str, as_of: datetime, *, corpus: str) -> list[Reference]:
        """Return the articles closest to a question; empty only if the corpus was empty at
        ``as_of``."""
        found = await self._corpus(corpus)
        if found is None:
            return []
        return await self.searcher.nearest(self.indexes(found), question, as_of)

    async def source_names(self, corpus: str, beginning: str = "") -> list[str]:
        """Return the publishers of a corpus whose names contain all words of ``beginning``; names
        that begin with it come first."""
        found = await self._corpus(corpus)
        if found is None:
            return []
        return (await self.searcher.publishers(found)).completions(beginning)

    async def unknown_source(self, corpus: str, name: str) -> Note | None:
        """Return why no publisher of a corpus is called ``name``; None if one is."""
        found = await self._corpus(corpus)
        return (await self.searcher.publishers(found)).unknown(name) if found is not None else None

    async def title_of(self, corpus: str, url: str) -> str | None:
        """Return the title of the article at ``url``; None if the corpus doesn't contain it."""
        found = await self._corpus(corpus)
        return await self.catalogue.articles.title_of(found, url) if found is not None else None

    async def require_corpus(self, name: str) -> Corpus:
        """Return the corpus of this name. Raise ``NotFound``, which lists those that exist."""
        found = await self._corpus(name)
        if found is None:
            raise await self._no_corpus(name)
        return found

    async def is_empty(self, corpus: str) -> bool:
        """Return whether the corpus doesn't exist or has no article."""
        found = await self.catalogue.corpora.by_name(corpus)
        return found is None or not await self.catalogue.articles.newest(found, datetime.max, 1)

    # Writing

    async def indexer(self, corpus: str) -> Indexer:
        """Return what writes into a corpus, made if need be. Raise ``StorageError`` if read-only."""
        self.require_writable()
        made = await self.catalogue.corpora.ensure(corpus, self.clock())
        return self.indexer_for(self.indexes(made))

    async def ingest(
        self,
        corpus: str,
        batches: AsyncIterator[list[IngestItem]],
        *,
        actor: str,
        origin: str | None = None,
        settle: Settle | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> AsyncGenerator[list[tuple[IngestItem, IngestResult]]]:
        """Add articles to a corpus and yield each batch once it is shown. The writer indexes them
        itself; a worker accepts them, and waits for the writer unless ``stopped``."""
        from retrieval.ingestion import pipeline, remote_ingest

        if self.access is Access.WORKER:
            found = await self.catalogue.corpora.by_name(corpus)
            if found is None:
                raise NotFound("corpus-not-found", corpus=corpus)
            ingesting = remote_ingest.accept_batches(
                self.catalogue,
                found,
                batches,
                actor=actor,
                clock=self.clock,
                origin=origin,
                settle=settle,
                stopped=stopped,
            )
        else:
            ingesting = pipeline.ingest_batches(
                await self.indexer(corpus),
                batches,
                actor=actor,
                data_dir=self.data_dir,
                origin=origin,
                settle=settle,
            )
        async with contextlib.aclosing(ingesting):
            async for outcomes in ingesting:
                yield outcomes

    async def ensure_corpus(self, name: str) -> None:
        """Create an empty corpus of this name if there is none."""
        if name not in self._corpora:
            if self.access is not Access.GATEWAY:
                self.require_writable()
            self._corpora[name] = await self.catalogue.corpora.ensure(name, self.clock())

    # Looking after

    async def counts(self) -> list[CorpusCounts]:
        """Return the number of articles, passages and so on of each corpus."""
        return await self.catalogue.corpora.counts()

    async def without_vector(self) -> dict[str, int]:
        """Return, by corpus name, how many passages have no vector yet."""
        lacking = await self.catalogue.vectors.lacking_by_corpus()
        return {
            corpus.name: lacking.get(corpus.id, 0) for corpus in await self.catalogue.corpora.all()
        }

    def sizes(self) -> dict[str, int]:
        """Return the bytes on disk of the catalogue and of each index in the data folder."""
        folder = self.config.data_dir
        return {
            "catalogue": self.database.location.size(),
            "keywords": folder_bytes(folder / "keywords"),
            "vectors": folder_bytes(folder / "chroma"),
        }

    def indexes(self, corpus: Corpus) -> CorpusIndexes:
        """Return a corpus with its two indexes; the same object for each call."""
        key = _key(corpus)
        if key not in self._indexes:
            self._indexes[key] = CorpusIndexes(
                corpus,
                self._keywords_of(corpus),
                VectorIndex(self.stores.of(corpus), corpus.id, corpus.generation),
            )
        return self._indexes[key]

    def use_copies(self, copy_of: Callable[[Corpus], KeywordIndex] | None) -> None:
        """Search copies of keyword indexes from now on; the indexes that are written here if None."""
        self._copy_of = copy_of
        self._indexes.clear()

    def _keywords_of(self, corpus: Corpus) -> KeywordIndex:
        if self._copy_of is not None:
            return self._copy_of(corpus)
        return KeywordIndex(self.keyword_folder(corpus), self.keyword_pool)

    def keyword_folder(self, corpus: Corpus) -> Path:
        """Return the folder of a corpus's keyword index."""
        return self.data_dir / "keywords" / f"{corpus.id}-{corpus.generation}"

    async def close_indexes(self, corpus_id: int, *, but: int | None = None) -> None:
        """Close the indexes of a corpus, except those of the generation ``but``."""
        keys = [key for key in self._indexes if key[0] == corpus_id and key[1] != but]
        for key in keys:
            await self._indexes.pop(key).keywords.close()

    async def close_keywords(self) -> None:
        """Close all keyword indexes. They reopen when they are used."""
        for indexes in self._indexes.values():
            await indexes.keywords.close()

    def forget_vectors(self) -> None:
        """Drop what is known of every vector index, after all or many of them were deleted."""
        self.stores.forget()
        for indexes in self._indexes.values():
            indexes.vectors.forget()

    def forget(self, corpus: str) -> None:
        """Drop what is known of a corpus, so that it is read again when it is next used."""
        self._corpora.pop(corpus, None)

    def forget_corpora(self) -> None:
        """Drop what is known of all corpora: another process has deleted some."""
        self._corpora.clear()

    async def close(self) -> None:
        """Close the indexes, the models and the catalogue."""
        await self.close_keywords()
        await self.stores.close()
        await self.embedder.close()
        if self.reranker is not None:
            await self.reranker.close()
        await self.catalogue.close()

    def indexer_for(self, indexes: CorpusIndexes) -> Indexer:
        """Return what writes to these indexes; callers at the same time get the same object."""
        key = _key(indexes.corpus)
        indexer = self._indexers.get(key)
        if indexer is None:
            from retrieval.ingestion.indexer import Indexer

            indexer = Indexer(
                self.catalogue,
                self.embedder,
                indexes,
                self.clock,
                self.index_lock,
                backlog=self._backlog,
            )
            self._indexers[key] = indexer
        if indexer not in self._recent_indexers:
            self._recent_indexers.append(indexer)
        return indexer

    def become_writer(self) -> None:
        """Write from now on, under the lock that a gateway has taken."""
        self.access, self.writable = Access.WRITER, True

    def require_writable(self) -> None:
        """Raise ``StorageError`` if the folder was opened only for reading."""
        if not self.writable:
            raise StorageError("opened-read-only")

    async def _corpus(self, name: str) -> Corpus | None:
        if name in self._corpora:
            return self._corpora[name]
        found = await self.catalogue.corpora.by_name(name)
        # Which server has its vectors is found out by the one who writes.
        if found is not None and not (self.stores.places and found.vector_server is None):
            self._corpora[name] = found
        return found

    async def _no_corpus(self, name: str) -> NotFound:
        known = [corpus.name for corpus in await self.catalogue.corpora.all()]
        if not known:
            return NotFound("nothing-ingested")
        return NotFound("corpus-unknown", corpus=name, known=", ".join(known))


def _key(corpus: Corpus) -> _Key:
    return corpus.id, corpus.generation, corpus.vector_server
