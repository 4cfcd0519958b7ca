"""What a process tells of itself: no address or question in the log, no words in traces."""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.answering.observer import RequestOutcome
from bot.answering.providers import ModelUnreachable
from bot.ops import logging as bot_logging
from bot.ops.tracing import open_tracing
from retrieval.errors import SettingsError
from tests.deadlines import scaled
from tests.integration.answering_fixtures import BRIDGE, asked, demo_folder, engine_over
from tests.scripted_model import Fails, Says, ScriptedModel

__all__ = ["demo_folder"]


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """For what is logged, by the handler that a bot sets up; it and its levels go afterwards."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    ours = {name: logging.getLogger(name).level for name in ("bot", "retrieval", "prompts")}
    yield written
    root.handlers, root.level = handlers, level
    for name, before in ours.items():
        logging.getLogger(name).setLevel(before)


@pytest.mark.parametrize("debug", [False, True])
async def test_no_library_logs_the_models_address_or_a_question(
    demo_folder: Path, output: io.StringIO, debug: bool
) -> None:
    libraries = [logging.getLogger(n) for n in ("openai", "httpx", "httpx2", "httpcore2", "httpcore")]  # fmt: skip
    levels = [each.level for each in libraries]
    with contextlib.redirect_stderr(output):
        bot_logging.set_up(as_json=True, debug=debug)
    for each in libraries:  # as OPENAI_LOG=debug and the like do it, whatever we said
        each.setLevel(logging.DEBUG)
    heard: list[str] = []
    everything = logging.Handler()
    everything.emit = lambda record: heard.append(record.name)  # type: ignore[method-assign]
    for each in libraries:
        each.addHandler(everything)
    try:
        async with ScriptedModel() as model:
            host = model.url.removeprefix("http://").removesuffix("/v1")
            address = f"http://someone:pass-w0rd@{host}/k3y-in-path/v1"
            says = Says("The Lantern Bridge cost 412 million crowns. [1]")
            model.play(says, Fails(401), Fails(400, message="no"))
            async with engine_over(demo_folder, address) as (_, engine):
                for question in (BRIDGE, "What did the Lantern Bridge cost?", f"{BRIDGE} Exactly?"):
                    await engine.answer(asked(question))
            assert len(model.requests) >= 3
    finally:
        for each, level in zip(libraries, levels, strict=True):
            each.removeHandler(everything)
            each.setLevel(level)
    assert heard, "the libraries told nobody anything: the test sees nothing"
    text = output.getvalue()
    assert host in text, "what failed is told with its server"
    for secret in ("pass-w0rd", "someone", "k3y-in-path", "/v1", "Lantern", "412"):
        assert secret not in text


async def test_traces_hold_stages_and_no_words() -> None:
    bodies: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/traces"
    async with open_tracing(url) as tracing:
        assert tracing is not None
        outcome = RequestOutcome()
        with tracing.request("question", outcome):
            with tracing.stage("search"):
                pass
            with pytest.raises(ModelUnreachable), tracing.stage("model"):
                raise ModelUnreachable("model-unreachable", where="http://s3cret")
            outcome.end("declined", "not known")
    await runner.cleanup()
    sent = [gzip.decompress(b) if b[:2] == b"\x1f\x8b" else b for b in bodies]
    spans = {
        span.name: span
        for body in sent
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    }
    assert set(spans) == {"question", "search", "model"}
    root = spans["question"]
    assert spans["search"].parent_span_id == spans["model"].parent_span_id == root.span_id
    assert [a.value.string_value for a in root.attributes if a.key == "newsdesk.outcome"] == [
        "declined"
    ]
    assert spans["model"].status.message == "ModelUnreachable"
    assert not any(b"s3cret" in body for body in sent)


def test_nothing_of_opentelemetry_is_read_without_an_address() -> None:
    script = (
        "import asyncio, sys\n"
        "from bot.ops.tracing import open_tracing\n"
        "async def main():\n"
        "    async with open_tracing(None) as tracing:\n"
        "        assert tracing is None\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=scaled(60),
    )
    assert done.stdout.strip() == "[]"


async def test_an_address_for_traces_without_the_extra_is_a_clear_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError) as refused:
        async with open_tracing("http://127.0.0.1:9/v1/traces"):
            pass
    assert refused.value.code == "tracing-missing"


async def test_traces_that_can_not_be_sent_are_told_of_without_the_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_tracing("http://127.0.0.1:9/s3cret/v1/traces") as tracing:
        assert tracing is not None
        with tracing.stage("search"):
            pass
    assert "traces could not be sent" in caplog.text
    assert "s3cret" not in caplog.text
