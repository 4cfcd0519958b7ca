"""Ingesting in bulk: reading, embedding and writing side by side, with bounded queues between."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path

from retrieval.articles import Article, Incoming, Ingested
from retrieval.errors import NewsdeskError, StorageError
from retrieval.indexing import Accepted, Indexer, Prepared
from retrieval.languages import detect_language

_ARTICLES = 128
_CHARACTERS = 600_000
_LOW_DISK_BYTES = 8_000_000


async def ingest(
    indexer: Indexer, sources: Iterable[Incoming], *, actor: str, data_dir: Path
) -> AsyncIterator[Ingested]:
    """Bring what ``sources`` yield into a corpus; yield what became of each, once it is durable.

    ``sources`` is read in a worker thread. Three batches at most are under way. If this is ended
    early, what was accepted is kept and finished at the next start.
    Raises ``StorageError`` if the data folder gives up, for instance a full disk.
    """
    accepted: asyncio.Queue[Accepted | None] = asyncio.Queue(1)
    prepared: asyncio.Queue[tuple[Accepted, Prepared] | None] = asyncio.Queue(1)

    async def accept() -> None:
        batches = _batches(sources)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            await accepted.put(await indexer.accept(batch, actor=actor))
        await accepted.put(None)

    async def embed() -> None:
        while (batch := await accepted.get()) is not None:
            await prepared.put((batch, await indexer.embed(batch)))

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
            await indexer.finish(ready)
            for result in batch.results():
                yield result
        await preparing
    except Exception as error:
        raise _explained(error, data_dir) from error
    finally:
        preparing.cancel()
        await asyncio.gather(preparing, return_exceptions=True)


def _batches(sources: Iterable[Incoming]) -> Iterator[list[Incoming]]:
    batch: list[Incoming] = []
    characters = 0
    for item in sources:
        batch.append(_with_language(item))
        characters += len(item.article.text) if item.article else 0
        if len(batch) >= _ARTICLES or characters >= _CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _with_language(item: Incoming) -> Incoming:
    article = item.article
    if article is None or article.language is not None:
        return item
    language = detect_language(article.text)
    known = Article(
        article.title, article.text, article.url, article.source, article.authors,
        article.published, language,
    )  # fmt: skip
    return Incoming(item.label, known)


def _explained(error: Exception, data_dir: Path) -> Exception:
    """The one error to tell of, out of what went wrong in several tasks at once."""
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    free = shutil.disk_usage(data_dir).free
    if not isinstance(error, NewsdeskError) or isinstance(error, StorageError):
        if free < _LOW_DISK_BYTES:
            return StorageError(
                f"The disk of the data folder is full ({free // 1000} kB free); make room and run the "
                "same command again: what was accepted is kept and will be finished."
            )
        if isinstance(error, OSError):
            return StorageError(f"The data folder can't be written ({error.strerror or error}).")
    return error
