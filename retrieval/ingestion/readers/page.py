"""A page or a PDF, saved or fetched, read in a process of its own where there is one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial

from retrieval.errors import UnreadableSource
from retrieval.extraction.dates import not_to_come
from retrieval.extraction.process_pool import Extractor
from retrieval.extraction.worker_process import ExtractionJob, Kind, read_document
from retrieval.models import Article, IngestItem
from retrieval.web import Fetched


def start_reading(
    label: str, job: ExtractionJob, data: bytes, extractor: Extractor | None
) -> Callable[[], IngestItem]:
    """Begin to read a document; call what is returned for its article or the reason why not.

    Without an ``extractor`` it is read in this process, when it is asked for: that is for documents
    that can be trusted.
    """
    if extractor is None:
        return partial(_outcome, label, job, partial(read_document, job, data))
    future: Future[Article] = extractor.submit(job, data)
    return partial(_outcome, label, job, future.result)


async def read_fetched(
    label: str,
    fetched: Fetched,
    extractor: Extractor,
    *,
    kind: Kind = "page",
    respect_noai: bool = True,
) -> IngestItem:
    """The article of a page or PDF that was fetched, or the reason why there is none."""
    headers = dict(fetched.headers)
    job = ExtractionJob(kind, fetched.url, fetched.charset, headers, respect_noai=respect_noai)
    try:
        article = await extractor.extract(job, fetched.content)
        return IngestItem(label, article=_dated(article), fetched=True)
    except UnreadableSource as error:
        return IngestItem(label, reason=error.note, url=fetched.url)


def _outcome(label: str, job: ExtractionJob, read: Callable[[], Article]) -> IngestItem:
    try:
        return IngestItem(label, article=_dated(read()), fetched=True)
    except UnreadableSource as error:
        return IngestItem(label, reason=error.note, url=job.url)


def _dated(article: Article) -> Article:
    return replace(article, published=not_to_come(article.published))
