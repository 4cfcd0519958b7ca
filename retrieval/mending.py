"""Mending a library while it serves: damaged indexes are found and made anew in the background."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from retrieval.catalogue import Corpus
from retrieval.errors import NewsdeskError, Note, StorageError
from retrieval.library import Library
from retrieval.maintenance import damage_of, recover
from retrieval.reindexing import enter_lost, place_corpora, reindex
from retrieval.runtime.conditions import Condition, Part

_log = logging.getLogger(__name__)

_EVERY_SECONDS = 15.0
# A rebuilding that failed is not begun again sooner.
_AGAIN_SECONDS = 120.0
# Of each round without a cause so many corpora are looked at, and at the start so many: looking at
# one loads it.
_CORPORA, _AT_START = 4, 64
_PARTS: tuple[Part, ...] = ("keywords", "vectors")


class Mender:
    """Looks after the indexes of a library that is open for writing: at its start those of up to 64
    corpora, later of a few at a time, in turns, and at once those that a question found damaged. What is wrong stands in the
    library's conditions as long as it lasts."""

    def __init__(self, library: Library, *, every_seconds: float = _EVERY_SECONDS) -> None:
        self._library = library
        self._conditions = library.conditions
        self._every_seconds = every_seconds
        self._woken = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._next = 0
        self._not_before: dict[int, float] = {}
        self._unfinished = True
        self._file = _identity(library)
        self._conditions.listen(self._heard)

    async def run(self) -> None:
        """Look and mend until cancelled. A mistake of ours is logged."""
        await self._guarded(thorough=True)
        if self._conditions.of("catalogue") is None:
            await self._tell_damage()
        while True:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every_seconds):
                    await self._woken.wait()
            await self._guarded()

    async def _guarded(self, *, thorough: bool = False) -> None:
        try:
            await self.look(thorough=thorough)
        except Exception:  # noqa: BLE001 - logged; tried again
            _log.exception("the indexes could not be looked after")

    async def look(self, *, thorough: bool = False) -> None:
        """Look once at some corpora, or (``thorough``) at many, and mend what is damaged."""
        try:
            corpora = await self._library.catalogue.corpora.all()
        except StorageError as error:
            self._conditions.begin("catalogue", error.note, severity="failing", mends_itself=False)
            return
        if await asyncio.to_thread(_identity, self._library) != self._file:
            note = Note("catalogue-missing")
            self._conditions.begin("catalogue", note, severity="failing", mends_itself=False)
            return
        told = self._conditions.of("catalogue")
        if told is not None and told.severity == "failing":
            await self._tell_damage()
        with contextlib.suppress(NewsdeskError):  # tried again
            await place_corpora(self._library)
            await enter_lost(self._library)
        for corpus in self._some(corpora, _AT_START if thorough else _CORPORA):
            await self._look_at(corpus)
        if self._unfinished and self._conditions.of("vectors") is None:
            await self._finish()

    async def _tell_damage(self) -> None:
        """Read all of the catalogue, which can be answered from, and tell what is wrong with it."""
        if wrong := await asyncio.to_thread(catalogue_damage, self._library):
            self._conditions.begin("catalogue", wrong, mends_itself=False)
        else:
            self._conditions.end("catalogue")

    async def _look_at(self, corpus: Corpus) -> None:
        try:
            damage = await damage_of(self._library, corpus)
        except NewsdeskError as error:  # such as an index that doesn't answer: told by its watch
            _log.debug("%s can't be looked at: %s", corpus.name, error)
            if self._library.stores.misses(corpus):
                wrong = error.note
                self._conditions.begin("vectors", wrong, mends_itself=False, corpus=corpus.name)
            return
        for part in _PARTS:
            if part in damage:
                self._conditions.begin(part, damage[part].note, corpus=corpus.name)
            else:
                self._conditions.end(part, corpus=corpus.name)
        if damage and self._loop.time() >= self._not_before.get(corpus.id, 0.0):
            await self._mend(corpus)

    async def _mend(self, corpus: Corpus) -> None:
        _log.warning("the indexes of %s are damaged and are made anew", corpus.name)
        try:
            async for _ in reindex(self._library, corpus):
                pass
        except NewsdeskError as error:
            self._not_before[corpus.id] = self._loop.time() + _AGAIN_SECONDS
            _log.warning("the indexes of %s could not be made anew: %s", corpus.name, error)
            return
        for part in _PARTS:
            self._conditions.end(part, corpus=corpus.name)
        _log.info("the indexes of %s are whole again", corpus.name)

    async def _finish(self) -> None:
        """What the start left undone since an index could not be had."""
        try:
            await recover(self._library)
        except NewsdeskError as error:
            _log.warning("what a crash left can't be finished yet: %s", error)
        else:
            self._unfinished = False

    def _some(self, corpora: list[Corpus], count: int) -> list[Corpus]:
        """Those of which something is known to be wrong, and the next ``count`` of all."""
        wrong = {condition.corpus for condition in self._conditions.current()}
        begin = self._next % max(1, len(corpora))
        turn = {corpus.name for corpus in (corpora[begin:] + corpora[:begin])[:count]}
        self._next += count
        return [corpus for corpus in corpora if corpus.name in wrong | turn]

    def _heard(self, condition: Condition, begun: bool) -> None:
        if begun and condition.corpus is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._woken.set)


def catalogue_damage(library: Library) -> Note | None:
    """What reading all of the catalogue finds wrong with it. Blocks, about a second a gigabyte."""
    return library.database.location.damage()


def _identity(library: Library) -> tuple[int, int] | None:
    """Which file the catalogue is, whatever its name."""
    return library.database.location.identity()
