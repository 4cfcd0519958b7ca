"""The copies of keyword indexes that a process keeps which doesn't write: built, followed, and dropped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from retrieval.catalogue import Corpus
from retrieval.catalogue.corpus_changes import (
    CorpusChanges,
    CorpusState,
    all_shown,
    changes_since,
    corpus_states,
)
from retrieval.catalogue.place import claim_keywords, keywords_are_here
from retrieval.errors import IndexDamaged, NewsdeskError
from retrieval.indexes.keyword_copy import KeywordCopy, forget_copy_state
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.library import Library
from retrieval.runtime.folder_sizes import folder_bytes

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 2.0
_BATCH = 128
# Of all copies together; the least recently asked ones beyond that are dropped.
MOST_BYTES = 20_000_000_000


class KeywordCopies:
    """Keeps the copies of a library that was opened for a gateway, while ``run`` runs.

    A corpus has a copy from when it is asked, or from when it is served (``serve``).
    """

    def __init__(self, library: Library, *, most_bytes: int = MOST_BYTES) -> None:
        self._library = library
        self._most_bytes = most_bytes
        self._copies: dict[int, KeywordCopy] = {}
        self._served: set[str] = set()
        self._adopted: set[int] = set()
        self._woken = asyncio.Event()
        # Whether folders of copies came, grew or went since the bound was last kept to.
        self._changed = True
        self._loop = asyncio.get_running_loop()
        library.use_copies(self._copy_of)

    def serve(self, names: Iterable[str]) -> None:
        """Keep copies of corpora that will be asked, as far as there is room."""
        new = set(names) - self._served
        if new:
            self._served |= new
            self._woken.set()

    async def run(self) -> None:
        """Follow what changes until cancelled. A failure is logged; it goes on."""
        while True:
            self._woken.clear()
            try:
                await self.look()
            except NewsdeskError as error:
                _log.warning("copies of keywords can't be followed: %s", error)
            except Exception:  # noqa: BLE001 - logged; tried again
                _log.exception("copies of keywords can't be followed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY_SECONDS):
                    await self._woken.wait()

    async def look(self) -> None:
        """Bring every copy up to date once, and drop what is in use no more."""
        if self._served:
            for corpus in await self._library.catalogue.corpora.all():
                if corpus.name in self._served:
                    self._served.discard(corpus.name)
                    self._library.indexes(corpus)
        states = await corpus_states(self._library.database, list(self._copies))
        for corpus_id in list(self._copies):
            state = states.get(corpus_id)
            if state is None:
                await self._drop(corpus_id)
                self._library.forget_corpora()
            else:
                await self._follow(state)
        if self._changed:
            self._changed = False
            await self._keep_within_bounds()

    async def adopt(self, corpus: Corpus) -> None:
        """Make the copy of a corpus its keyword index, for who writes from now on."""
        self._library.indexes(corpus)
        copy = self._copies.get(corpus.id)
        if copy is None:
            return
        state = (await corpus_states(self._library.database, [corpus.id])).get(corpus.id)
        if state is not None:
            await self._advance(copy, state)
        del self._copies[corpus.id]
        self._adopted.add(corpus.id)
        await self._library.close_indexes(corpus.id)
        try:
            await asyncio.to_thread(_moved, copy.folder, self._library.keyword_folder(corpus))
        except OSError:  # it is still a copy, and can be adopted later
            self._adopted.discard(corpus.id)
            self._copies[corpus.id] = copy
            await self._library.close_indexes(corpus.id)
            raise

    def _copy_of(self, corpus: Corpus) -> KeywordIndex:
        if corpus.id in self._adopted:
            return KeywordIndex(self._library.keyword_folder(corpus), self._library.keyword_pool)
        folder = _copies_of(self._library) / f"{corpus.id}-{corpus.generation}"
        known = self._copies.get(corpus.id)
        if known is not None and known.folder == folder:
            return known
        made = KeywordCopy(
            folder, self._library.database.folder_id, self._library.keyword_pool, self._wake
        )
        self._copies[corpus.id] = made
        self._changed = True
        self._wake()
        return made

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._woken.set)

    async def _follow(self, state: CorpusState) -> None:
        corpus, copy = state.corpus, self._copies[state.corpus.id]
        if copy.folder.name != f"{corpus.id}-{corpus.generation}":
            # The indexes were made anew: everything that knew the old ones has to ask again.
            await self._drop(corpus.id)
            self._library.forget(corpus.name)
            self._library.indexes(corpus)
            copy = self._copies[corpus.id]
        told = self._library.conditions.of("keywords", corpus.name)
        if told is not None and told.code != "keyword-copy-unfinished":
            _log.warning("the copy of %s's keywords is damaged and made anew", corpus.name)
            await copy.drop()
        try:
            await self._advance(copy, state)
        except IndexDamaged as error:
            self._library.conditions.begin("keywords", error.note, corpus=corpus.name)
            return
        self._library.conditions.end("keywords", corpus=corpus.name)

    async def _advance(self, copy: KeywordCopy, state: CorpusState) -> None:
        """Bring a copy to at least the revision of ``state``."""
        if copy.revision is not None and copy.revision >= state.revision:
            return
        changes: CorpusChanges | None = None
        if copy.revision is not None:
            changes = await changes_since(self._library.database, state.corpus, copy.revision)
        if changes is None:
            await copy.drop()
            changes = await all_shown(self._library.database, state.corpus)
        await self._apply(copy, changes)

    async def _apply(self, copy: KeywordCopy, changes: CorpusChanges) -> None:
        self._changed = True
        if changes.gone:
            await copy.apply((), changes.gone, None)
        for first in range(0, len(changes.shown), _BATCH):
            batch = changes.shown[first : first + _BATCH]
            await copy.apply(await self._library.catalogue.articles.load_versions(batch), (), None)
        await copy.apply((), (), changes.revision)

    async def _drop(self, corpus_id: int) -> None:
        self._changed = True
        copy = self._copies.pop(corpus_id)
        await self._library.close_indexes(corpus_id)
        await copy.drop()

    async def _keep_within_bounds(self) -> None:
        """Delete folders of copies that nobody uses, and the least recently asked copies beyond the
        bound."""
        known = {copy.folder for copy in self._copies.values()}
        sizes = await asyncio.to_thread(_sizes, _copies_of(self._library))
        for folder in sizes.keys() - known:
            await asyncio.to_thread(shutil.rmtree, folder, True)
        left = sum(sizes.get(folder, 0) for folder in known)
        for corpus_id, copy in sorted(self._copies.items(), key=lambda each: each[1].used):
            if left <= self._most_bytes:
                return
            left -= sizes.get(copy.folder, 0)
            await self._drop(corpus_id)


async def own_keywords(library: Library, copies: KeywordCopies | None = None) -> None:
    """Have the writer's keyword indexes in this folder: ``copies`` of them, or new ones where another
    process wrote last in a folder of its own. Raises ``StorageError``."""
    if copies is None and not await _are_here(library):
        copies = KeywordCopies(library)
    if copies is not None:
        for corpus in await library.catalogue.corpora.all():
            await copies.adopt(corpus)
        library.use_copies(None)
    with contextlib.suppress(OSError):  # then the next start elsewhere makes them anew
        await claim_keywords(library.database, library.data_dir)


async def _are_here(library: Library) -> bool:
    with contextlib.suppress(OSError):
        return await keywords_are_here(library.database, library.data_dir)
    return True


def _copies_of(library: Library) -> Path:
    return library.data_dir / "copies"


def _sizes(folder: Path) -> dict[Path, int]:
    return {copy: folder_bytes(copy) for copy in folder.glob("*-*")}


def _moved(copy: Path, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if copy.exists():
        forget_copy_state(copy)
        folder.parent.mkdir(parents=True, exist_ok=True)
        copy.rename(folder)
