"""Metrics for Prometheus, in a registry of their own, with names and labels of a few values.

No label says who, where or what: no server, no person, no question, no address.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from bot.answering.models import Form, RejectedSentence, Usage
from bot.answering.observer import Observer, RequestKind, RequestOutcome
from bot.answering.providers import ModelError
from bot.answering.sentence_check import VerifiedSentence

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4

# Sentences are checked in milliseconds; an answer may wait in the queue for minutes.
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_LAG_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_STAGES = ("queue", "search", "model", "verification", "posting")
_FORMS = (*get_args(Form), "comparison")
_OTHER = "other"


class Metrics(Observer):
    """Counts what it observes, and holds what is read at each scrape (the gauges)."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        # CPU, memory and open files of this process, under the names that Prometheus is used to.
        ProcessCollector(registry=registry)

        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"newsdesk_{name}", what, labels, registry=registry)

        def gauge(name: str, what: str, *labels: str) -> Gauge:
            return Gauge(f"newsdesk_{name}", what, labels, registry=registry)

        def histogram(
            name: str, what: str, *labels: str, buckets: tuple[float, ...] = _SECONDS
        ) -> Histogram:
            return Histogram(f"newsdesk_{name}", what, labels, registry=registry, buckets=buckets)

        gauge("build_info", "Always 1. The label gives the version of Newsdesk.", "version").labels(
            version("newsdesk")
        ).set(1)

        self._requests = counter("requests", "Requests that people made, by kind.", "kind")
        self._outcomes = counter(
            "outcomes", "Finished requests, by kind and outcome.", "kind", "outcome"
        )
        self._request_seconds = histogram(
            "request_seconds", "Seconds from the start of a request to its end, by kind.", "kind"
        )
        self._answers = counter("answers", "Answers that were shown, by form.", "form")
        self._declines = counter("declines", "Questions that were declined, by reason.", "reason")
        self._stages = histogram(
            "stage_seconds",
            "Seconds that each finished stage of a request took, by stage.",
            "stage",
        )
        self._verdicts = counter(
            "sentences_checked",
            "Sentences of the model that were checked against their sources, by verdict.",
            "verdict",
        )
        self._model_calls = counter("model_calls", "Successful calls to the model server.")
        self._model_errors = counter(
            "model_errors",
            "Calls to the model server that failed even after retries, by kind of error.",
            "kind",
        )
        self._tokens = counter(
            "model_tokens",
            "Tokens that the model read (prompt) and wrote (completion).",
            "direction",
        )
        self._cost = counter(
            "model_cost_dollars", "US dollars spent on the model, if its price is known."
        )
        self.alerts = counter(
            "alerts", "Alerts for the operator, by whether they could be sent.", "result"
        )

        self.queue_waiting = gauge("queue_waiting", "Requests that are waiting in the queue now.")
        self.queue_running = gauge("queue_running", "Requests that are being answered now.")
        self.feeds = gauge("feeds", "Feeds, by state.", "state")
        self.feeds_due = gauge("feeds_due", "Active feeds whose next check is due.")
        self.feeds_failing = gauge("feeds_failing", "Active feeds whose last check failed.")
        self.jobs = gauge("jobs", "Stored ingestion jobs, by state.", "state")
        self.corpora = gauge("corpora", "Corpora that exist.")
        self.articles = gauge("articles", "Articles that search can find.")
        self.unfinished = gauge(
            "articles_unfinished",
            "Articles that aren't in the indexes yet, so that search can't find them.",
        )
        self.passages = gauge("passages", "Passages that search can find.")
        self.vectors = gauge("vectors", "Passages that search can find by their vectors.")
        self.disk = gauge(
            "disk_bytes", "Bytes of disk space that stored data uses, by part.", "part"
        )
        self.disk_free = gauge("disk_free_bytes", "Free bytes on the data folder's disk.")
        self.backup_age = gauge(
            "backup_age_seconds", "Seconds since the last complete backup; NaN if there is none."
        )
        self.spent_today = gauge("spent_today_dollars", "US dollars spent on the model today.")
        self.tokens_today = gauge("tokens_today", "Tokens used by the model today.")
        self.budget_used = gauge(
            "budget_used_ratio",
            "Share of today's budget that is used, from 0 to 1; NaN if there is no budget.",
        )
        self.memory = gauge("memory_bytes", "Bytes of memory in use, by process.", "process")
        self.processes = gauge("processes", "Running processes, by kind.", "process")
        self.ready = gauge("ready", "1 if the bot has no current problem, otherwise 0.")
        self.conditions = gauge(
            "condition", "1 for each part of the bot that has a problem now.", "part"
        )
        self.servers = gauge("servers", "Discord servers that the bot is in.")
        self.unread = gauge(
            "unread", "1 for each group of metrics that couldn't be read this time.", "part"
        )
        self.loop_lag = histogram(
            "event_loop_lag_seconds",
            "Seconds by which the event loop, which runs the bot, was late.",
            buckets=_LAG_SECONDS,
        )
        self.loop_lag_worst = gauge(
            "event_loop_lag_worst_seconds",
            "Longest delay of the event loop in the last minute, in seconds.",
        )

        # Start at 0, so that a rate includes the first event.
        for stage in _STAGES:
            self._stages.labels(stage)
        for form in _FORMS:
            self._answers.labels(form)
        for kind in get_args(RequestKind):
            self._requests.labels(kind)
        for verdict in ("supported", "refuted", "uncertain", "no-claim"):
            self._verdicts.labels(verdict)
        for direction in ("prompt", "completion"):
            self._tokens.labels(direction)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)

    # As an observer

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, unless it raises an error; a cancelled one counts."""
        started = time.perf_counter()
        try:
            yield
        except Exception:
            raise
        except BaseException:
            self._took(name, started)
            raise
        else:
            self._took(name, started)

    def answered(self, form: str, reason: str | None = None) -> None:
        """Count an answer by its form, and a decline by its reason."""
        self._answers.labels(form if form in _FORMS else _OTHER).inc()
        if form == "declined":
            self._declines.labels(reason or _OTHER).inc()

    def sentence_checked(self, result: VerifiedSentence | RejectedSentence) -> None:
        """Count the verdict on a sentence."""
        supported = isinstance(result, VerifiedSentence)
        verdict = "supported" if supported else getattr(result, "verdict", None) or "no-claim"
        self._verdicts.labels(verdict).inc()

    def model_spent(self, usage: Usage) -> None:
        """Count a call with its tokens and its cost."""
        self._model_calls.inc()
        self._tokens.labels("prompt").inc(usage.prompt_tokens)
        self._tokens.labels("completion").inc(usage.completion_tokens)
        self._cost.inc(usage.cost or 0)

    def model_failed(self, error: ModelError) -> None:
        """Count a failed call by its kind."""
        self._model_errors.labels(error_kind(error)).inc()

    @contextlib.contextmanager
    def request(self, kind: RequestKind, outcome: RequestOutcome) -> Iterator[None]:
        """Count and time a request, with its outcome."""
        self._requests.labels(kind).inc()
        started = time.perf_counter()
        try:
            yield
        finally:
            self._outcomes.labels(kind, outcome.code).inc()
            self._request_seconds.labels(kind).observe(time.perf_counter() - started)

    def _took(self, name: str, started: float) -> None:
        stage = name if name in _STAGES else _OTHER
        self._stages.labels(stage).observe(time.perf_counter() - started)


def error_kind(error: ModelError) -> str:
    """Return the kind of an error as a label, for the errors of
    ``bot.answering.providers.errors``."""
    return {
        "ModelRefused": "refused",
        "ModelFiltered": "filtered",
        "ModelBusy": "busy",
        "ModelUnreachable": "unreachable",
        "ModelLoading": "loading",
        "ModelResponseInvalid": "invalid",
        "ReasoningTooLong": "only-thought",
        "ContextTooLong": "too-long",
    }.get(type(error).__name__, _OTHER)
