"""Batches of articles as the catalogue accepts them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from retrieval.catalogue import Acceptance, Catalogue, Corpus
from retrieval.models import IngestItem, IngestResult

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

# What a sender of articles writes together with them: it is told what became of each.
Settle = Callable[["AsyncConnection", list[tuple[IngestItem, IngestResult]]], Awaitable[None]]


class AcceptedBatch:
    """A batch that the catalogue has accepted."""

    def __init__(self, batch: Sequence[IngestItem], acceptances: Sequence[Acceptance]) -> None:
        self._batch = batch
        self._acceptances = acceptances

    @property
    def version_ids(self) -> list[int]:
        """Return the ids of the accepted versions."""
        return [a.version_id for a in self._acceptances if a.version_id is not None]

    def outcomes(self) -> list[tuple[IngestItem, IngestResult]]:
        """Return each item of the batch with its result."""
        return list(zip(self._batch, self.results(), strict=True))

    def results(self) -> list[IngestResult]:
        """Return one result for each item of the batch, in order, including rejections."""
        acceptances = iter(self._acceptances)
        results = []
        for item in self._batch:
            if item.article is None:
                results.append(
                    IngestResult(item.label, "rejected", None, item.url, item.title, item.reason)
                )
            else:
                done = next(acceptances)
                results.append(
                    IngestResult(
                        item.label,
                        done.status,
                        done.article_id,
                        item.article.url,
                        item.article.title,
                        done.reason,
                    )
                )
        return results


async def accept_batch(
    catalogue: Catalogue,
    corpus: Corpus,
    batch: Sequence[IngestItem],
    *,
    actor: str,
    origin: str | None,
    now: datetime,
    settle: Settle | None,
) -> AcceptedBatch:
    """Store the articles of ``batch``, as ``ArticleRepository.accept`` does.

    ``settle`` receives the outcome of each item, including rejections, and writes in the same
    transaction.
    """
    incoming = [item for item in batch if item.article is not None]
    if not incoming and settle is None:
        return AcceptedBatch(batch, [])

    async def settled(connection: AsyncConnection, done: list[Acceptance]) -> None:
        if settle is not None:
            await settle(connection, AcceptedBatch(batch, done).outcomes())

    acceptances = await catalogue.articles.accept(
        corpus, incoming, actor=actor, now=now, origin=origin, alongside=settled
    )
    return AcceptedBatch(batch, acceptances)
