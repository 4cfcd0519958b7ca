"""What is counted: in registries of their own, with few labels; and who reads it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.answering.engine import AnswerEngine
from bot.answering.models import RejectedSentence
from bot.answering.observer import Observers, RequestOutcome
from bot.answering.providers import ModelUnreachable
from bot.config.settings import load_settings
from bot.ops.alerts import AlertBook
from bot.ops.backups import record_backup, record_failure
from bot.ops.health import Cause, Probes, health_endpoint
from bot.ops.loop_lag import LoopLag
from bot.ops.metrics import Metrics
from bot.ops.processes import process_use
from bot.services.troubles import ModelTrouble, TroubleWatch
from bot.storage.library import open_library
from retrieval.errors import Note, SettingsError
from retrieval.library import LibraryConfig
from tests.deadlines import scaled
from tests.metric_values import Samples, parse

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "docs" / "grafana-dashboard.json"


def _samples(metrics: Metrics) -> Samples:
    return parse(metrics.text().decode())


def test_two_bots_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.answered("digest")
    assert _samples(one)["newsdesk_answers_total", {"form": "digest"}] == 1
    assert _samples(other).total("newsdesk_answers_total") == 0


def test_what_is_unheard_of_gets_no_label_of_its_own() -> None:
    metrics = Metrics()
    metrics.answered("a new form")
    with metrics.stage("a new stage"):
        pass
    found = _samples(metrics)
    assert found["newsdesk_answers_total", {"form": "other"}] == 1
    assert found["newsdesk_stage_seconds_count", {"stage": "other"}] == 1


def test_a_stage_that_fails_is_not_timed_and_one_that_is_given_up_is() -> None:
    metrics = Metrics()
    for error in (ValueError, asyncio.CancelledError):
        with pytest.raises(error), metrics.stage("model"):
            raise error
    assert _samples(metrics)["newsdesk_stage_seconds_count", {"stage": "model"}] == 1


def test_observers_hear_the_same() -> None:
    all_metrics = [Metrics(), Metrics()]
    observers = Observers(all_metrics)
    outcome = RequestOutcome()
    with observers.request("question", outcome), observers.stage("search"):
        observers.sentence_checked(RejectedSentence("It rains.", ("no",), "refuted"))
        observers.model_failed(ModelUnreachable("model-unreachable", where="x"))
        outcome.end("declined", "not known")
    for found in map(_samples, all_metrics):
        assert found["newsdesk_outcomes_total", {"kind": "question", "outcome": "declined"}] == 1
        assert found["newsdesk_stage_seconds_count", {"stage": "search"}] == 1
        assert found["newsdesk_sentences_checked_total", {"verdict": "refuted"}] == 1
        assert found["newsdesk_model_errors_total", {"kind": "unreachable"}] == 1


async def test_a_loop_that_stands_still_is_seen_for_a_minute() -> None:
    heard: list[float] = []
    lag = LoopLag(heard.append)
    task = asyncio.create_task(lag.watch())
    await asyncio.sleep(0.05)
    time.sleep(0.3)
    await asyncio.sleep(0.05)
    task.cancel()
    assert max(heard) > 0.2
    assert lag.worst() == max(heard)


def test_processes_are_told_apart() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "input()", "retrieval.extraction.worker_process"],
        stdin=subprocess.PIPE,
    )
    try:
        found = process_use()
        for _ in range(100):  # until it is more than a copy of this process
            if "extraction" in found:
                break
            time.sleep(0.05)
            found = process_use()
    finally:
        child.communicate(b"\n")
    assert found["bot"].count == 1
    assert found["extraction"].count == 1
    assert 0 < found["extraction"].memory < found["bot"].memory


def test_every_query_of_the_dashboard_names_a_metric_that_there_is() -> None:
    known = {name for name, _ in _samples(Metrics())} | set(_declared())
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", ())]  # fmt: skip
    assert len(queries) > 15
    named = {name for query in queries for name in re.findall(r"\b(?:newsdesk|process)_\w+", query)}
    assert all(re.search(r"\b(?:newsdesk|process)_\w+", query) for query in queries)
    assert named - known == set()


def _declared() -> set[str]:
    """Names of samples, also of metrics whose labels have no value yet."""
    found = set()
    for family in Metrics().registry.collect():
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        found |= {family.name + end for end in ends.get(family.type, ("",))}
    return found


def test_a_webhook_and_the_address_of_traces_are_secrets() -> None:
    url = "https://discord.com/api/webhooks/1/s3cret"
    settings = load_settings({"NEWSDESK_ALERT_WEBHOOK": url, "NEWSDESK_TRACES_URL": url})
    assert settings.alert_webhook is not None
    assert settings.alert_webhook.get_secret_value() == url
    assert "s3cret" not in repr(settings)
    for name in ("NEWSDESK_ALERT_WEBHOOK", "NEWSDESK_TRACES_URL"):
        with pytest.raises(SettingsError) as refused:
            load_settings({name: "discord.com/api/webhooks/1/s3cret"})
        assert "s3cret" not in str(refused.value)
        assert refused.value.note.params["name"] == name


@pytest.mark.parametrize("address", ["localhost", "1.2.3", ""])
def test_what_is_listened_on_is_an_address(address: str) -> None:
    if not address:
        assert load_settings({"NEWSDESK_HEALTH_ADDRESS": address}).health_address == "127.0.0.1"
        return
    with pytest.raises(SettingsError, match="NEWSDESK_HEALTH_ADDRESS"):
        load_settings({"NEWSDESK_HEALTH_ADDRESS": address})


async def test_a_model_that_failed_is_well_when_its_server_is_there_again() -> None:
    trouble = ModelTrouble()
    told = []
    for _ in range(3):
        trouble.model_failed(ModelUnreachable("model-unreachable", where="x"))
        told.append(trouble.note is not None)
    assert told == [False, False, True]
    answers: list[Exception | None] = [ModelUnreachable("model-unreachable", where="x"), None]

    async def check() -> None:
        if (error := answers.pop(0)) is not None:
            raise error

    looking = asyncio.create_task(trouble.look(check, every_seconds=0.01, quiet_seconds=0))
    async with asyncio.timeout(scaled(10)):
        while trouble.note is not None:
            await asyncio.sleep(0.01)
    looking.cancel()
    assert answers == []


@pytest.mark.parametrize(
    ("hours", "failure", "expected"),
    [(1, None, None), (49, None, "backup-late"), (1, Note("backup-not-ours", file="x"), "backup-failed")],
)  # fmt: skip
async def test_backups_that_fail_or_are_late_need_a_person(
    tmp_path: Path, hours: float, failure: Note | None, expected: str | None
) -> None:
    now = datetime(2026, 3, 5, tzinfo=UTC)
    record_backup(tmp_path, tmp_path / "b", 1, now - timedelta(hours=hours))
    if failure is not None:
        record_failure(tmp_path, failure, now)
    settings = load_settings({"NEWSDESK_BACKUP_DIR": str(tmp_path / "backups")})

    async def well() -> list[Cause]:
        return []

    async with open_library(LibraryConfig(tmp_path), clock=lambda: now) as library:
        book = AlertBook(lambda _: None, "en", repeat_seconds=1)
        watch = TroubleWatch(book, library, AnswerEngine(library), settings, causes=well)
        found, unknown = await watch.troubles()
    assert unknown == []
    assert [each.note.code for each in found if each.key == "backup"] == (
        [expected] if expected else []
    )


@pytest.mark.parametrize(
    ("address", "code"),
    [("127.0.0.1", "health-port-taken"), ("192.0.2.1", "health-address-unusable")],
)
async def test_what_can_not_be_listened_on_is_a_clear_error(
    unused_tcp_port: int, address: str, code: str
) -> None:
    async def nothing() -> list[Cause]:
        return []

    async def metrics() -> tuple[bytes, str]:
        return b"", "text/plain"

    probes = Probes(nothing, (), metrics, lambda: 0.0)
    async with health_endpoint("127.0.0.1", unused_tcp_port, probes):
        with pytest.raises(SettingsError) as refused:
            async with health_endpoint(address, unused_tcp_port, probes):
                pass
    assert refused.value.code == code
    async with health_endpoint("127.0.0.1", unused_tcp_port, probes):
        pass
