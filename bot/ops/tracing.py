"""Traces for OpenTelemetry, with a span for each request and its stages (the extra `tracing`).

Spans hold how long something took, its kind and how it ended: nothing of what was asked, answered
or sent, nor who or where.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from bot.answering.observer import Observer, RequestKind, RequestOutcome
from retrieval.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

_log = logging.getLogger(__name__)

_EXPORT_SECONDS = 5
_TELL_AGAIN = 600.0


class Tracing(Observer):
    """Makes spans of what it observes."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Make a span below the request's. It isn't current for anybody: stages contain no others,
        and one may end in another task than it began in."""
        span = self._tracer.start_span(name)
        try:
            yield
        except Exception as error:
            _failed(span, type(error).__name__)
            raise
        finally:
            span.end()

    @contextlib.contextmanager
    def request(self, kind: RequestKind, outcome: RequestOutcome) -> Iterator[None]:
        """Make the span of a request, with its outcome."""
        with self._tracer.start_as_current_span(
            kind, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            finally:
                span.set_attribute("newsdesk.outcome", outcome.code)
                if outcome.code == "failed":
                    _failed(span, outcome.code)


def _failed(span: Span, why: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_status(Status(StatusCode.ERROR, why))


@contextlib.asynccontextmanager
async def open_tracing(url: str | None) -> AsyncIterator[Tracing | None]:
    """Send traces to ``url`` (OTLP over HTTP) during the block; without a URL return None and
    import nothing.

    What can't be sent in time is dropped. Raises ``SettingsError`` (``tracing-missing``).
    """
    if url is None:
        yield None
        return
    try:
        provider = await asyncio.to_thread(_provider, url)
    except ImportError as error:
        raise SettingsError("tracing-missing") from error
    try:
        yield Tracing(provider.get_tracer("newsdesk"))
    finally:
        await asyncio.to_thread(provider.shutdown)


def _provider(url: str) -> Any:
    from importlib.metadata import version

    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

    # They log each failure with the URL, which may contain a key.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

    class Exporter(OTLPSpanExporter):
        told = float("-inf")

        def export(self, spans: Any) -> SpanExportResult:
            result = super().export(spans)
            if result is not SpanExportResult.SUCCESS:
                now = time.monotonic()
                if now - self.told > _TELL_AGAIN:
                    self.told = now
                    _log.warning("traces could not be sent")
            return result

    resource = Resource.create({"service.name": "newsdesk", "service.version": version("newsdesk")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = Exporter(endpoint=url, timeout=_EXPORT_SECONDS)
    provider.add_span_processor(
        BatchSpanProcessor(exporter, export_timeout_millis=_EXPORT_SECONDS * 1000)
    )
    return provider
