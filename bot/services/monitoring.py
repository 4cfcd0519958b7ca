"""Open what others see of the running bot: the HTTP endpoint with metrics, and alerts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from bot.answering.engine import AnswerEngine
from bot.config.settings import Settings
from bot.ops.alerts import AlertBook, Webhook
from bot.ops.background import run_forever
from bot.ops.health import Probes, health_endpoint
from bot.ops.loop_lag import LoopLag
from bot.ops.metrics import Metrics
from bot.services.rate_limits import AnswerQueue
from bot.services.readiness import PARTS, Readiness
from bot.services.readings import Readings
from bot.services.troubles import ModelTrouble, TroubleWatch
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel

_AGAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Watched:
    """What there is to monitor, and who has been told about events."""

    library: Library
    engine: AnswerEngine
    queue: AnswerQueue
    metrics: Metrics
    model: ModelTrouble
    is_connected: Callable[[], bool]
    servers: Callable[[], int]


@contextlib.asynccontextmanager
async def open_monitoring(settings: Settings, watched: Watched) -> AsyncIterator[None]:
    """Serve the endpoint and send alerts as configured, while open.

    Raise ``SettingsError`` for an address or a port that can't be used.
    """
    readiness = Readiness(watched.library, watched.is_connected, lambda: watched.model.note)
    lag = LoopLag(watched.metrics.loop_lag.observe)
    budget = settings.answering().budget
    readings = Readings(
        watched.metrics,
        watched.library,
        watched.queue,
        watched.engine,
        budget,
        causes=readiness.causes,
        parts=PARTS,
        worst_lag=lag.worst,
        servers=watched.servers,
    )
    probes = Probes(readiness.causes, PARTS, readings.scrape, lag.worst)
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(
            health_endpoint(settings.health_address, settings.health_port, probes)
        )
        if settings.health_port is not None:
            stack.push_async_callback(cancel, asyncio.create_task(lag.watch(), name="event loop"))
        if watched.engine.has_model:
            looking = watched.model.look(watched.engine.check_model)
            stack.push_async_callback(cancel, asyncio.create_task(looking, name="model"))
        if settings.alert_webhook is not None:
            webhook = Webhook(
                settings.alert_webhook.get_secret_value(),
                lambda result: watched.metrics.alerts.labels(result).inc(),
            )
            book = AlertBook(
                webhook.post,
                settings.language,
                repeat_seconds=settings.alert_repeat_hours * 3_600,
                file=settings.data_dir / "alerts.json",
            )
            watch = TroubleWatch(
                book,
                watched.library,
                watched.engine,
                settings,
                causes=readiness.causes,
            )
            for run, name in ((webhook.run, "alerts"), (watch.run, "troubles")):
                task = asyncio.create_task(run_forever(run, name, pause=_AGAIN_SECONDS), name=name)
                stack.push_async_callback(cancel, task)
        yield
