"""Ingest many articles: read, embed and write concurrently, with bounded queues between the steps."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from retrieval.catalogue import PendingVersion
from retrieval.catalogue.fences import unfenced
from retrieval.errors import NewsdeskError, StorageError
from retrieval.ingestion.accepted_batch import AcceptedBatch, Settle
from retrieval.ingestion.indexer import Indexer
from retrieval.ingestion.story_assigner import PreparedBatch
from retrieval.models import IngestItem, IngestResult
from retrieval.runtime.concurrency import cancel
from retrieval.runtime.executors import INGESTING, giving_way
from retrieval.text.language import detect_language

_ARTICLES = 128
_CHARACTERS = 600_000
# Of files, where nobody else waits: larger batches cost less. The first are smaller, so that every
# stage has something to do early.
_GROWING = (1 / 8, 1 / 4, 1 / 2, 1, 2)
_LOW_DISK_BYTES = 8_000_000


async def ingest(
    indexer: Indexer,
    sources: Iterable[IngestItem],
    *,
    actor: str,
    data_dir: Path,
    origin: str | None = None,
    vectors: bool = True,
) -> AsyncIterator[IngestResult]:
    """Add the articles that ``sources`` yields to a corpus. Yield the result of each once it is
    durable.

    ``sources`` is read in a worker thread. If iteration ends early, accepted articles are kept and
    finished at the next start. With a slow embedder, vectors are made after the last article,
    unless ``vectors`` is False. Raise ``StorageError`` if the data folder fails, for example
    because the disk is full.
    """

    async def read() -> AsyncIterator[list[IngestItem]]:
        batches = _batches(sources)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            yield batch

    async for outcomes in ingest_batches(
        indexer, read(), actor=actor, data_dir=data_dir, origin=origin
    ):
        for _, result in outcomes:
            yield result
    if vectors and indexer.makes_vectors_later:
        async for _ in indexer.make_vectors():
            pass


async def ingest_batches(
    indexer: Indexer,
    batches: AsyncIterator[list[IngestItem]],
    *,
    actor: str,
    data_dir: Path,
    origin: str | None = None,
    settle: Settle | None = None,
) -> AsyncGenerator[list[tuple[IngestItem, IngestResult]]]:
    """Like ``ingest``, batch by batch, with at most three batches in progress.

    ``settle`` writes to the catalogue in the same transaction as a batch's articles.
    """
    accepted: asyncio.Queue[tuple[AcceptedBatch, list[PendingVersion]] | None] = asyncio.Queue(1)
    prepared: asyncio.Queue[tuple[AcceptedBatch, PreparedBatch] | None] = asyncio.Queue(1)

    async def accept() -> None:
        async for batch in batches:
            known = await INGESTING.run(with_languages, batch)
            kept = await indexer.accept(known, actor=actor, origin=origin, settle=settle)
            await accepted.put((kept, await indexer.load(kept)))
        await accepted.put(None)

    async def embed() -> None:
        while (pair := await accepted.get()) is not None:
            batch, versions = pair
            await prepared.put((batch, await indexer.embed(versions)))

    async def prepare() -> None:
        failure: BaseExceptionGroup[BaseException] | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(accept())
                group.create_task(embed())
        except BaseExceptionGroup as error:
            failure = error
        await prepared.put(None)
        if failure is not None:
            raise failure

    preparing = asyncio.create_task(prepare())
    try:
        while (pair := await prepared.get()) is not None:
            batch, ready = pair
            # Whoever accepted them, to index them is the writer's.
            with unfenced():
                await indexer.finish(ready)
            yield batch.outcomes()
        await preparing
    except Exception as error:
        raise _explained(error, data_dir) from error
    finally:
        await cancel(preparing)


async def batched(
    items: AsyncIterator[IngestItem], *, seconds: float = 1.0
) -> AsyncIterator[list[IngestItem]]:
    """Group items into batches; no item waits longer than ``seconds``."""
    loop = asyncio.get_running_loop()
    batch: list[IngestItem] = []
    characters = 0
    due = 0.0
    upcoming: asyncio.Task[IngestItem] | None = None
    try:
        while True:
            if upcoming is None:
                upcoming = asyncio.create_task(_next(items))
            wait = max(0.0, due - loop.time()) if batch else None
            await asyncio.wait([upcoming], timeout=wait)
            if upcoming.done():
                try:
                    item = upcoming.result()
                except StopAsyncIteration:
                    break
                upcoming = None
                if not batch:
                    due = loop.time() + seconds
                batch.append(item)
                characters += len(item.article.text) if item.article else 0
            if batch and (
                len(batch) >= _ARTICLES or characters >= _CHARACTERS or loop.time() >= due
            ):
                yield batch
                batch, characters = [], 0
        if batch:
            yield batch
    finally:
        if upcoming is not None:
            await cancel(upcoming)


async def _next(items: AsyncIterator[IngestItem]) -> IngestItem:
    return await anext(items)


def _batches(sources: Iterable[IngestItem]) -> Iterator[list[IngestItem]]:
    sizes = itertools.chain(_GROWING, itertools.repeat(_GROWING[-1]))
    size = next(sizes)
    batch: list[IngestItem] = []
    characters = 0
    for item in sources:
        batch.append(item)
        characters += len(item.article.text) if item.article else 0
        if len(batch) >= size * _ARTICLES or characters >= size * _CHARACTERS:
            yield batch
            batch, characters, size = [], 0, next(sizes)
    if batch:
        yield batch


def with_languages(items: Sequence[IngestItem]) -> list[IngestItem]:
    """Detect the languages of articles that don't say theirs. Blocks."""
    return [*map(_with_language, giving_way(items))]


def _with_language(item: IngestItem) -> IngestItem:
    article = item.article
    if article is None or article.language is not None:
        return item
    language = detect_language(article.text)
    return replace(item, article=replace(article, language=language))


def _explained(error: Exception, data_dir: Path) -> Exception:
    """The one error to tell of, out of what went wrong in several tasks at once."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    free = shutil.disk_usage(data_dir).free
    if not isinstance(error, NewsdeskError) or isinstance(error, StorageError):
        if free < _LOW_DISK_BYTES:
            return StorageError("data-disk-full", free=free // 1000)
        if isinstance(error, OSError):
            return StorageError("data-folder-not-writable", detail=error.strerror or str(error))
    return error
