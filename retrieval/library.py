"""The library: one data folder opened, with everything that reads and writes it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from weakref import WeakValueDictionary

from retrieval.catalogue import LAYOUT, Catalogue, Corpus, CorpusCounts
from retrieval.catalogue.corpus_deletion import (
    corpora_pending_deletion,
    erase_corpus,
    mark_corpus_deleted,
)
from retrieval.catalogue.database import Database
from retrieval.catalogue.migrate import SchemaBranch
from retrieval.embedders import Embedder, EmbedderOptions, make_embedder
from retrieval.errors import (
    EmbedderMismatch,
    FolderInUse,
    IndexDamaged,
    NotFound,
    StorageError,
)
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.indexes.vector_index import ChromaStore
from retrieval.ingestion.indexer import Indexer
from retrieval.models import Reference, SearchResults
from retrieval.rerankers import RerankerOptions, make_reranker
from retrieval.runtime.writer_lock import WriterLock
from retrieval.search.candidates import CorpusIndexes
from retrieval.search.ranking import Ranking
from retrieval.search.searcher import Searcher
from retrieval.timestamps import Clock, TimeRange, utc_now

_FIRST_START_SECONDS = 30.0
_INDEXERS = 4


@dataclass(frozen=True, slots=True)
class LibraryConfig:
    """Where the data folder is and what makes its vectors."""

    data_dir: Path
    chroma_url: str | None = None
    # Whether the embedded Chroma gets a process of its own, for which writing is no wait for others.
    chroma_apart: bool = False
    embedder: str = "wordllama"
    embedder_options: EmbedderOptions = field(default_factory=EmbedderOptions)
    ranking: Ranking = field(default_factory=Ranking)
    reranker: str = "none"
    reranker_options: RerankerOptions = field(default_factory=RerankerOptions)
    rerank_seconds: float = 1.0
    # Where the people who ask are: "today" and "this week" are theirs.
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class EmbedderDisagreement:
    """Passages that an index lacks, has too many of, or holds twice."""

    corpus: str
    index: str
    missing: int
    surplus: int


class Library:
    """Open with ``open_library``. Reading is always possible; writing if it was opened for it."""

    def __init__(
        self,
        config: LibraryConfig,
        catalogue: Catalogue,
        store: ChromaStore,
        embedder: Embedder,
        clock: Clock,
        *,
        writable: bool,
    ) -> None:
        self.config = config
        self.catalogue = catalogue
        self.store = store
        self.clock = clock
        self.writable = writable
        self.embedder = embedder
        self.reranker = make_reranker(config.reranker, config.reranker_options)
        self.searcher = Searcher(
            catalogue,
            self.embedder,
            config.ranking,
            config.zone,
            reranker=self.reranker,
            rerank_seconds=config.rerank_seconds,
        )
        self._corners: dict[tuple[int, int], CorpusIndexes] = {}
        # One for a corpus, as long as anybody uses it; the last few are kept, for what they know
        # of the corpus's stories takes a while to load.
        self._indexers: WeakValueDictionary[tuple[int, int], Indexer] = WeakValueDictionary()
        self._recent_indexers: deque[Indexer] = deque(maxlen=_INDEXERS)
        self._corpora: dict[str, Corpus] = {}

    @property
    def database(self) -> Database:
        """The catalogue's, which may hold tables of others too."""
        return self.catalogue.database

    # Asking

    async def search(
        self,
        question: str,
        within: TimeRange,
        *,
        corpus: str,
        source: str | None = None,
        limit: int = 10,
    ) -> SearchResults:
        """Search a corpus by name; one that does not exist is empty, with a note that says so."""
        found = await self._corpus(corpus)
        if found is None:
            return SearchResults(
                question, within.since, within.last, (), (await self._no_corpus(corpus),)
            )
        return await self.searcher.search(
            self.corner(found), question, within, source=source, limit=limit
        )

    async def nearest(self, question: str, as_of: datetime, *, corpus: str) -> list[Reference]:
        """The articles closest to a question; empty only if the corpus is, as of that moment."""
        found = await self._corpus(corpus)
        if found is None:
            return []
        return await self.searcher.nearest(self.corner(found), question, as_of)

    async def source_names(self, corpus: str, beginning: str = "") -> list[str]:
        """The publishers of a corpus whose names begin so, the most prolific first."""
        found = await self._corpus(corpus)
        if found is None:
            return []
        return (await self.searcher.publishers(found)).completions(beginning)

    async def title_of(self, corpus: str, url: str) -> str | None:
        """The title of the article of this address; None if it isn't here."""
        found = await self._corpus(corpus)
        return await self.catalogue.articles.title_of(found, url) if found is not None else None

    async def require_corpus(self, name: str) -> None:
        """Raises ``NotFound``, naming those that there are, if there is no such corpus."""
        if await self._corpus(name) is None:
            raise NotFound(await self._no_corpus(name))

    async def is_empty(self, corpus: str) -> bool:
        found = await self.catalogue.corpora.by_name(corpus)
        return found is None or not await self.catalogue.articles.newest(found, datetime.max, 1)

    # Writing

    async def indexer(self, corpus: str) -> Indexer:
        """What brings articles into a corpus, which is made if it is new."""
        self._require_writable()
        made = await self.catalogue.corpora.ensure(corpus, self.clock())
        return self._indexer(self.corner(made))

    async def ensure_corpus(self, name: str) -> None:
        """Make a corpus, empty, if there is none of that name."""
        if name not in self._corpora:
            self._require_writable()
            self._corpora[name] = await self.catalogue.corpora.ensure(name, self.clock())

    async def recover(self) -> int:
        """Finish what a crash left: accepted articles are indexed, leftovers removed.

        An index that turns out to be damaged is made anew. Returns how many articles were finished.
        """
        self._require_writable()
        finished = 0
        for corpus in await corpora_pending_deletion(self.database):
            await self._erase(corpus)
        for corpus in await self.catalogue.corpora.all():
            await self._drop_other_generations(corpus)
            with contextlib.suppress(EmbedderMismatch):  # the command that mends it says so
                try:
                    if corpus.layout != LAYOUT:
                        raise IndexDamaged("The indexes were made by an older Newsdesk.")
                    finished += await self._indexer(self.corner(corpus)).finish_pending()
                except IndexDamaged:
                    async for _ in self.reindex(corpus):
                        pass
        return finished

    async def reindex(self, corpus: Corpus) -> AsyncIterator[tuple[int, int]]:
        """Build both indexes of a corpus anew from the catalogue, with the embedder of the settings.

        Yields ``(done, total)`` articles. The old indexes serve until the new ones are whole; a
        crash on the way leaves the old ones in use.
        """
        self._require_writable()
        await self._drop_other_generations(corpus)
        await self.catalogue.articles.drop_vectors(corpus)
        renewed = Corpus(corpus.id, corpus.name, corpus.generation + 1)
        corner = self.corner(renewed)
        version_ids = await self.catalogue.articles.shown_version_ids(corpus)
        indexer = self._indexer(corner)
        yield 0, len(version_ids)
        async for done in indexer.write_shown(version_ids):
            yield done, len(version_ids)
        await self.catalogue.corpora.switch_generation(corpus, renewed.generation)
        self._corpora.pop(corpus.name, None)
        await self._drop_other_generations(renewed)
        await self.catalogue.articles.drop_vectors(renewed)
        # What could not enter the old indexes, say for another embedder, enters the new ones.
        await indexer.finish_pending()

    async def delete_corpus(self, name: str) -> None:
        """Delete a corpus with everything in it. A crash on the way is finished at the next start."""
        self._require_writable()
        await mark_corpus_deleted(self.database, name)
        self._corpora.pop(name, None)
        for corpus in await corpora_pending_deletion(self.database):
            await self._erase(corpus)

    # Looking after

    async def counts(self) -> list[CorpusCounts]:
        return await self.catalogue.corpora.counts()

    async def embedders(self) -> dict[str, str | None]:
        """By corpus name, the embedder that made its vectors."""
        return {
            corpus.name: await self.corner(corpus).vectors.embedder()
            for corpus in await self.catalogue.corpora.all()
        }

    async def check(self) -> list[EmbedderDisagreement]:
        """Compare the indexes with the catalogue, passage by passage."""
        found = []
        for corpus in await self.catalogue.corpora.all():
            corner = self.corner(corpus)
            expected = await self.catalogue.articles.shown_passage_ids(corpus)
            for name, held in (
                ("keywords", await corner.keywords.passage_ids()),
                ("vectors", await corner.vectors.passage_ids()),
            ):
                missing = len(expected - set(held))
                surplus = len(held) - (len(expected) - missing)
                if missing or surplus:
                    found.append(EmbedderDisagreement(corpus.name, name, missing, surplus))
        return found

    def sizes(self) -> dict[str, int]:
        """Bytes on disk of the catalogue and of each index kept in the data folder."""
        folder = self.config.data_dir
        return {
            "catalogue": sum(path.stat().st_size for path in folder.glob("catalogue.sqlite3*")),
            "keywords": _size(folder / "keywords"),
            "vectors": _size(folder / "chroma"),
        }

    def corner(self, corpus: Corpus) -> CorpusIndexes:
        key = (corpus.id, corpus.generation)
        if key not in self._corners:
            self._corners[key] = CorpusIndexes(
                corpus,
                KeywordIndex(_keyword_folder(self.config.data_dir, corpus)),
                self.store.index(corpus.id, corpus.generation),
            )
        return self._corners[key]

    async def close(self) -> None:
        for corner in self._corners.values():
            await corner.keywords.close()
        await self.store.close()
        await self.embedder.close()
        if self.reranker is not None:
            await self.reranker.close()
        await self.catalogue.close()

    def _indexer(self, corner: CorpusIndexes) -> Indexer:
        key = (corner.corpus.id, corner.corpus.generation)
        indexer = self._indexers.get(key)
        if indexer is None:
            indexer = Indexer(self.catalogue, self.embedder, corner, self.clock)
            self._indexers[key] = indexer
        if indexer not in self._recent_indexers:
            self._recent_indexers.append(indexer)
        return indexer

    def _require_writable(self) -> None:
        if not self.writable:
            raise StorageError("This process opened the data folder for reading only.")

    async def _erase(self, corpus: Corpus) -> None:
        for key in [key for key in self._corners if key[0] == corpus.id]:
            await self._corners.pop(key).keywords.close()
        for generation in await self.store.generations(corpus.id):
            await self.store.index(corpus.id, generation).drop()
        for folder in (self.config.data_dir / "keywords").glob(f"{corpus.id}-*"):
            await asyncio.to_thread(shutil.rmtree, folder, True)
        await erase_corpus(self.database, corpus)

    async def _corpus(self, name: str) -> Corpus | None:
        if name not in self._corpora and (found := await self.catalogue.corpora.by_name(name)):
            self._corpora[name] = found
        return self._corpora.get(name)

    async def _no_corpus(self, name: str) -> str:
        known = [corpus.name for corpus in await self.catalogue.corpora.all()]
        if not known:
            return "Nothing has been ingested yet; `newsdesk ingest FILE` brings articles in."
        return f"There is no corpus called {name!r}; known: {', '.join(known)}."

    async def _drop_other_generations(self, corpus: Corpus) -> None:
        """Delete indexes of a corpus that are not in use: replaced, or never finished."""
        for generation in await self.store.generations(corpus.id):
            if generation != corpus.generation:
                await self.store.index(corpus.id, generation).drop()
        in_use = _keyword_folder(self.config.data_dir, corpus)
        for folder in in_use.parent.glob(f"{corpus.id}-*"):
            if folder != in_use:
                await asyncio.to_thread(shutil.rmtree, folder, True)
        for key in [
            key for key in self._corners if key[0] == corpus.id and key[1] != corpus.generation
        ]:
            await self._corners.pop(key).keywords.close()


@contextlib.asynccontextmanager
async def open_library(
    config: LibraryConfig,
    *,
    writer: str | None = None,
    clock: Clock = utc_now,
    embedder: Embedder | None = None,
    branches: Sequence[SchemaBranch] = (),
) -> AsyncIterator[Library]:
    """Open a data folder, making it if need be, and close it again.

    ``writer`` says what is going to write, for others to read, and takes the writer's lock; None
    opens for reading, beside a writer if there is one. ``embedder`` replaces the one of ``config``; ``branches`` are tables of
    the caller's in the same database. Either finishes what a crash left, reading only if nobody is
    writing. Raises ``StorageError``, ``FolderInUse`` or ``FolderTooNew``.
    """
    folder = config.data_dir
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The data folder can't be made ({error.strerror or error}); set NEWSDESK_DATA_DIR to "
            "a folder that can."
        ) from error
    lock = WriterLock(folder)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(lock.release)
        path = folder / "catalogue.sqlite3"
        if writer is not None:
            lock.acquire(writer)
            if not await Database.is_ready(path, branches):
                await Database.prepare(path, branches)
        elif not await Database.is_ready(path, branches):
            await asyncio.to_thread(lock.acquire, "first start", seconds=_FIRST_START_SECONDS)
            if not await Database.is_ready(path, branches):
                await Database.prepare(path, branches)
            lock.release()
        embedder = embedder or make_embedder(config.embedder, config.embedder_options)
        library = await _opened(config, path, embedder, clock, writable=writer is not None)
        stack.push_async_callback(library.close)
        if writer is not None:
            await library.recover()
        elif await _has_unfinished(library.catalogue):
            await _recover_as_reader(library, lock)
        # What a start leaves in memory stays as long as the library is open: looking through it for
        # garbage takes a tenth of a second, in which no question goes on.
        gc.freeze()
        stack.callback(gc.unfreeze)
        yield library


async def _opened(
    config: LibraryConfig, path: Path, embedder: Embedder, clock: Clock, *, writable: bool
) -> Library:
    catalogue = await Catalogue.open(path)
    try:
        if config.chroma_url:
            store = await ChromaStore.server(
                config.chroma_url, catalogue.database.folder_id, embedder.identity
            )
        else:
            store = await ChromaStore.embedded(
                config.data_dir / "chroma", catalogue.database.folder_id, embedder.identity,
                apart=config.chroma_apart,
            )  # fmt: skip
    except BaseException:
        await catalogue.close()
        raise
    return Library(config, catalogue, store, embedder, clock, writable=writable)


async def _has_unfinished(catalogue: Catalogue) -> bool:
    corpora = await catalogue.corpora.all()
    old = any(corpus.layout != LAYOUT for corpus in corpora)
    return old or any([any(await catalogue.articles.unfinished(corpus)) for corpus in corpora])


async def _recover_as_reader(library: Library, lock: WriterLock) -> None:
    """Nobody may be writing: then what is unfinished was left by a crash, and we finish it."""
    try:
        lock.acquire("recovery")
    except FolderInUse:
        return  # a writer is at it
    except StorageError:
        return  # a folder that can't be written can still be read
    try:
        library.writable = True
        await library.recover()
    finally:
        library.writable = False
        for corpus in await library.catalogue.corpora.all():
            await library.corner(corpus).keywords.close()
        lock.release()


def _keyword_folder(data_dir: Path, corpus: Corpus) -> Path:
    return data_dir / "keywords" / f"{corpus.id}-{corpus.generation}"


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
