"""The collections of one data folder: which exist, and which a crash left unfinished."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import inspect
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from retrieval.catalogue.vector_servers import SHARING
from retrieval.errors import IndexDamaged, Note
from retrieval.indexes.bounded_chroma import BoundedChroma
from retrieval.indexes.chroma import BlockingChroma, EmbeddedChroma
from retrieval.indexes.chroma_files import recorded
from retrieval.indexes.chroma_server import ServerChroma
from retrieval.indexes.held_vectors import VectorMemory
from retrieval.runtime.conditions import Conditions

# A collection is rebuilt if it has more deleted vectors than this number and this share of the
# others. A shared one is larger: rebuilding it costs more than what it wastes.
_MOST_DELETED, _BLOATED, _SHARED_BLOATED = 250, 1.1, 1.5
# The suffixes of collections that will replace others: one with deleted vectors, and a part of a
# shared one. A mark says that a shared collection may hold more of a corpus than belongs there.
_REBUILT, GROWING, _UNSETTLED = "-rebuilt", "-growing", "unsettled"
_AT_ONCE = 2_000
# Fewer where a query waits for the write that is under way.
LITTLE_AT_ONCE = 40
_COPIED_AT_ONCE = 200
# If only a command waits, the process of the index has to start first.
_FIRST_SECONDS = 30.0
HELD_BYTES = 64 << 20


class ChromaStore:
    """Chroma, embedded in a folder, or a server.

    The embedded one blocks and is called in worker threads; the server's calls are awaited.
    Coroutines raise ``StorageError``, and ``IndexDamaged`` if a collection can't be read.
    """

    def __init__(
        self,
        chroma: BlockingChroma | ServerChroma,
        folder_id: str,
        embedder: str,
        memory: VectorMemory | None = None,
    ) -> None:
        # How many vectors are written in one call; LITTLE_AT_ONCE where people wait for answers.
        self.at_once = _AT_ONCE
        self.chroma = chroma
        self.embedder = embedder
        # Whether a collection was dropped whose memory is still held.
        self.wants_tidying = False
        self.memory = memory or VectorMemory(HELD_BYTES)
        # Shared collections known to exist, and those by other embedders, once looked up.
        self.there: set[str] = set()
        self.of_others: list[str] | None = None
        # Shared collections that were dropped since they could not be read, with the embedder of
        # each: what they held is to be entered again.
        self.lost: dict[str, str] = {}
        self._prefix = f"newsdesk-{folder_id}-"
        self._locks: dict[str, asyncio.Lock] = {}
        # Collections being filled at present, not left by a crash.
        self._making: set[str] = set()
        self._unsettled: Counter[int] = Counter()

    @classmethod
    def embedded(
        cls,
        folder: Path,
        folder_id: str,
        embedder: str,
        conditions: Conditions,
        *,
        apart: bool = False,
        first_seconds: float = _FIRST_SECONDS,
    ) -> ChromaStore:
        """Return the store of an embedded Chroma, which is opened at the first call.

        ``apart`` puts it in a process of its own, which leaves Python's global lock to this one,
        and whose end this one survives; a question waits ``first_seconds`` for its first call.
        """
        if not apart:
            return cls(EmbeddedChroma(folder), folder_id, embedder)

        def make() -> BlockingChroma:
            from retrieval.indexes.chroma_process import ChromaProcessClient

            return ChromaProcessClient(folder)

        chroma = BoundedChroma(
            make,
            _watch(conditions),
            functools.partial(recorded, folder),
            first_seconds=first_seconds,
        )
        return cls(chroma, folder_id, embedder)

    # Names

    def own_name(self, corpus_id: int, generation: int) -> str:
        """Return the name of the collection of a corpus that has its own."""
        return f"{self._prefix}{corpus_id}-{generation}"

    def shared_name(self, corpus_id: int) -> str:
        """Return the name of the collection that a small corpus shares: one for each embedder,
        because vectors of different embedders differ in length."""
        made_by = hashlib.sha256(self.embedder.encode()).hexdigest()[:8]
        return f"{self._shared}{made_by}-{self.group(corpus_id)}"

    def shared_names(self, corpus_id: int, names: Iterable[str]) -> list[str]:
        """Return those of ``names`` that a corpus may share, by any embedder."""
        group = f"-{self.group(corpus_id)}"
        return [name for name in names if name.startswith(self._shared) and name.endswith(group)]

    def shared_by_others(self, names: Iterable[str]) -> list[str]:
        """Return the shared collections among ``names`` with vectors of other embedders."""
        ours = self.shared_name(0).removesuffix("0")
        return [n for n in names if n.startswith(self._shared) and not n.startswith(ours)]

    @staticmethod
    def group(corpus_id: int) -> int:
        """Return a number that is the same for all corpora that share a collection."""
        return corpus_id // SHARING

    @property
    def _shared(self) -> str:
        return f"{self._prefix}shared-"

    async def names(self) -> list[str]:
        """Return the names of all collections, of every corpus."""
        names: list[str] = await self.call(self.chroma.names)
        return names

    async def recovered_names(self) -> list[str]:
        """Return the sorted names of all collections, after finishing or undoing rebuilds of shared
        ones that were cut off."""
        names = set(await self.names())
        for rebuilt in [n for n in names if n.startswith(self._shared) and n.endswith(_REBUILT)]:
            async with self.lock(rebuilt.removesuffix(_REBUILT)):
                names = set(await self.names())  # who held the lock may have finished it
                if rebuilt in names:
                    await self._finish(names, rebuilt)
        self.of_others = self.shared_by_others(names)
        return sorted(names)

    async def generations(self, corpus_id: int, known: Sequence[str] | None = None) -> list[int]:
        """Return the generations of a corpus that have vectors, complete or not, in order.

        ``known`` are the names of all collections, for callers that ask about many corpora: shared
        ones are looked into then only if a crash may have left something there.
        """
        prefix = self.own_name(corpus_id, 0).removesuffix("0")
        names = await self.names() if known is None else known
        mine = {name for name in names if name.startswith(prefix)}
        for unfinished in [name for name in mine if name.endswith((_REBUILT, GROWING))]:
            await self._finish(mine, unfinished)
        rest = [name.removeprefix(prefix) for name in mine]
        found = {int(each) for each in rest if each.isdecimal()}
        if known is None or _UNSETTLED in rest:
            for shared in self.shared_names(corpus_id, names):
                found |= await self._generations_in(shared, corpus_id)
        return sorted(found)

    async def _generations_in(self, shared: str, corpus_id: int) -> set[int]:
        """Return the generations of a corpus in a shared collection, which is dropped if it can't
        be read."""
        try:
            records = await self.call(self.chroma.records, shared, corpus_id)
        except IndexDamaged:
            if await self.call(self.chroma.metadata, shared) is None:
                return set()
            if not await self.drop_damaged(shared):
                raise
            return set()
        return {int(record.partition(":")[0]) for record in records}

    async def _finish(self, names: set[str], unfinished: str) -> None:
        """Let a collection replace the one that it was made for, or drop it if it is incomplete."""
        if unfinished in self._making:
            return
        names.remove(unfinished)
        name = unfinished.removesuffix(_REBUILT)
        if unfinished.endswith(GROWING) or name in names:  # incomplete
            await self.call(self.chroma.drop, unfinished)
        else:
            await self.call(self.chroma.replace, name, unfinished)
            names.add(name)

    # Changing collections

    def lock(self, name: str) -> asyncio.Lock:
        """Return the lock held while a shared collection is written to or rebuilt. Wait for a
        backup to end before taking it."""
        return self._locks.setdefault(name, asyncio.Lock())

    @contextlib.contextmanager
    def making(self, name: str) -> Iterator[None]:
        """Have nobody take a collection for the remains of a crash while the block fills it."""
        self._making.add(name)
        try:
            yield
        finally:
            self._making.discard(name)

    @contextlib.asynccontextmanager
    async def unsettled(self, corpus_id: int) -> AsyncIterator[None]:
        """Mark that a shared collection may hold too much of a corpus until the block succeeds:
        after a crash the next start looks there."""
        self._unsettled[corpus_id] += 1
        try:
            mark = self._mark(corpus_id)
            await self.call(self.chroma.create, mark, {"embedder": self.embedder})
            yield
        finally:
            self._unsettled[corpus_id] -= 1
        await self.settle(corpus_id)

    async def settle(self, corpus_id: int) -> None:
        """Remove the mark, unless another block is still under way."""
        if not self._unsettled[corpus_id]:
            await self.call(self.chroma.drop, self._mark(corpus_id))

    def is_marked(self, corpus_id: int, names: Iterable[str]) -> bool:
        """Return whether the corpus's mark is among ``names``."""
        return self._mark(corpus_id) in names

    def _mark(self, corpus_id: int) -> str:
        return f"{self._prefix}{corpus_id}-{_UNSETTLED}"

    async def rebuild(self, name: str) -> None:
        """Rewrite a collection without what was deleted from it.

        Nothing may be written to it meanwhile; questions are answered. A crash leaves either the
        old one or the complete new one.
        """
        metadata = await self.call(self.chroma.metadata, name)
        if metadata is None:
            return
        shared, rebuilt = name.startswith(self._shared), name + _REBUILT
        with self.making(rebuilt):
            await self.call(self.chroma.drop, rebuilt)
            await self.call(self.chroma.create, rebuilt, metadata, not shared)
            size, done = (max(self.at_once, _COPIED_AT_ONCE) if shared else self.at_once), 0
            while copied := await self.call(self.chroma.copy, name, rebuilt, size, done):
                done += copied
            await self.call(self.chroma.replace, name, rebuilt)
        self.wants_tidying = True

    async def bloated(self, vectors_on_disk: Mapping[str, int]) -> list[str]:
        """Return the shared collections with so many deleted vectors that they should be rebuilt.

        One that can't be read isn't among them: repairing makes it anew.
        """
        found = []
        for name, size in vectors_on_disk.items():
            if name.startswith(self._shared):
                with contextlib.suppress(IndexDamaged):
                    if await self.is_bloated(name, size):
                        found.append(name)
        return found

    async def is_bloated(self, name: str, on_disk: int) -> bool:
        """Return whether so many of a collection's ``on_disk`` vectors are deleted that it should
        be rebuilt."""
        if on_disk <= _MOST_DELETED:
            return False
        share = _SHARED_BLOATED if name.startswith(self._shared) else _BLOATED
        count: int = await self.call(self.chroma.count, name)
        return on_disk > share * count + _MOST_DELETED

    async def rebuild_shared(self, name: str) -> None:
        """Rewrite a shared collection without what was deleted from it; writers wait. One that
        can't be read is dropped instead."""
        try:
            async with self.lock(name):
                if await self.call(self.chroma.metadata, name) is None:
                    return
                await self.call(self.chroma.probe, name)
                await self.rebuild(name)
        except IndexDamaged:
            if not await self.drop_damaged(name):
                raise

    async def drop_damaged(self, name: str) -> bool:
        """Drop a shared collection if it can't be read, and note it as ``lost``; return whether
        that was so."""
        async with self.lock(name):
            metadata = await self.call(self.chroma.metadata, name)
            if metadata is None:
                return False
            try:
                await self.call(self.chroma.probe, name)
            except IndexDamaged:
                await self.call(self.chroma.drop, name)
                self.lost[name] = str(metadata.get("embedder"))
                self.forget()
                return True
            return False

    def know_gone(self, name: str) -> None:
        """Note that a shared collection doesn't exist any more."""
        self.there.discard(name)
        if name in (self.of_others or ()):
            self.of_others = None

    def forget(self) -> None:
        """Discard everything known of the collections."""
        self.there.clear()
        self.of_others = None
        self.memory.clear()

    # The whole of Chroma

    async def give_back(self) -> None:
        """Return to the disk the space of collections that are gone."""
        await self.call(self.chroma.give_back)

    async def tidy(self) -> None:
        """Return disk space and memory of what was deleted. Questions wait a moment for their
        vectors."""
        self.wants_tidying = False
        await self.call(self.chroma.tidy)

    async def vectors_on_disk(self) -> dict[str, int]:
        """Return how many vectors collections have on disk, including deleted ones, where it is
        known."""
        found: dict[str, int] = await self.call(self.chroma.vectors_on_disk)
        return found

    @property
    def is_local(self) -> bool:
        """Whether Chroma is embedded, not a server."""
        return not isinstance(self.chroma, ServerChroma)

    async def heartbeat(self) -> None:
        await self.call(self.chroma.heartbeat)

    async def require_answer(self) -> None:
        """Raise ``StorageError`` if a server doesn't answer in the time that a question has."""
        if isinstance(self.chroma, ServerChroma):
            await self.chroma.ask("heartbeat")

    @property
    def url(self) -> str | None:
        """The address of a server."""
        return self.chroma.url if isinstance(self.chroma, ServerChroma) else None

    @property
    def is_late(self) -> bool:
        """Whether it is a server that questions do without until it answers again."""
        return isinstance(self.chroma, ServerChroma) and self.chroma.is_late

    async def holds(self, corpus_id: int, generation: int, names: Sequence[str]) -> bool:
        """Whether it has vectors of a build of a corpus's indexes; ``names`` are those of all
        collections."""
        if self.own_name(corpus_id, generation) in names:
            return True
        for shared in self.shared_names(corpus_id, names):
            if generation in await self._generations_in(shared, corpus_id):
                return True
        return False

    async def reset(self) -> None:
        """Delete all vectors of an embedded Chroma, readable or not; none of a server."""
        if not isinstance(self.chroma, ServerChroma):
            await self.call(self.chroma.reset)
            self.forget()

    async def call(self, method: Callable[..., Any], *args: Any) -> Any:
        """Call Chroma and return its answer; a blocking call is made in a worker thread."""
        if inspect.iscoroutinefunction(method):
            return await method(*args)
        return await asyncio.to_thread(method, *args)

    async def close(self) -> None:
        """Release Chroma's files or connections."""
        await self.call(self.chroma.close)


def _watch(conditions: Conditions) -> Callable[[Note | None], None]:
    def watch(why: Note | None) -> None:
        if why is None:
            conditions.end("vectors")
        else:
            conditions.begin("vectors", why)

    return watch
