"""A page or a PDF, saved or fetched, read in a process of its own where there is one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from retrieval.errors import UnreadableSource
from retrieval.extraction.process_pool import Extractor
from retrieval.extraction.worker_process import Job, Kind, read_document
from retrieval.models import Article, Incoming
from retrieval.web import Fetched


def start_reading(
    label: str, job: Job, data: bytes, extractor: Extractor | None
) -> Callable[[], Incoming]:
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
) -> Incoming:
    """The article of a page or PDF that was fetched, or the reason why there is none."""
    headers = dict(fetched.headers)
    job = Job(kind, fetched.url, fetched.charset, headers, respect_noai=respect_noai)
    try:
        return Incoming(label, article=await extractor.extract(job, fetched.content))
    except UnreadableSource as error:
        return Incoming(label, reason=error.message, url=fetched.url)


def _outcome(label: str, job: Job, read: Callable[[], Article]) -> Incoming:
    try:
        return Incoming(label, article=read())
    except UnreadableSource as error:
        return Incoming(label, reason=error.message, url=job.url)
