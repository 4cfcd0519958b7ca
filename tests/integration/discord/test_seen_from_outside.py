"""What others see of a running bot: its metrics, whether it is ready, and alerts."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from bot.services import troubles
from retrieval.errors import Note
from tests.discord_standin import DiscordStandIn
from tests.discord_standin.model import Account, Webhook
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Start, bridge_answer
from tests.integration.discord.looking import eventually, whole
from tests.metric_values import Samples, parse
from tests.scripted_model import Fails, Says, ScriptedModel

UNKNOWN = "Which orchestra toured Kazakhstan with a glass harmonica?"

Get = Callable[[str], Awaitable[tuple[int, Any]]]


@pytest.fixture
async def get(unused_tcp_port: int) -> AsyncIterator[Get]:
    """What the endpoint says: status and JSON, or the text of /metrics."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:

        async def got(path: str) -> tuple[int, Any]:
            async with session.get(path) as response:
                json = response.content_type == "application/json"
                return response.status, await (response.json() if json else response.text())

        yield got


async def _scraped(get: Get) -> Samples:
    status, text = await get("/metrics")
    assert status == 200
    found = parse(text)
    labels = {value for _, pairs in found for _, value in pairs}
    assert not [label for label in labels if re.search(r"Lantern|Kazakh|Ada|\d{9}", label)]
    return found


async def test_metrics_agree_with_what_people_got(
    start: Start, standin: DiscordStandIn, model: ScriptedModel, get: Get, unused_tcp_port: int
) -> None:
    guild = standin.guild("Harbour News")
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    wrong = "The Lantern Bridge cost 900 million crowns. [1]"
    model.play(
        Says(bridge_answer), Says(lambda asked: f"{bridge_answer(asked)} {wrong}"), Fails(401)
    )
    async with start(
        OPENAI_BASE_URL=model.url,
        OPENAI_MODEL="scripted",
        NEWSDESK_HEALTH_PORT=str(unused_tcp_port),
        NEWSDESK_LLM_VERIFY_SENTENCES="false",
    ) as running:
        await running.bring_in(guild)
        questions = [BRIDGE, "What did the Lantern Bridge cost?", f"{BRIDGE} Exactly?", UNKNOWN]
        for question in questions:
            await (await ada.slash(general, "ask", question=question)).final(whole)
        digest = await ada.slash(general, "digest", period="week")
        await digest.final(lambda message: "Lantern" in message.text)

        async def settled() -> bool:
            found = await _scraped(get)
            ended = found.total("newsdesk_outcomes_total") == len(questions) + 1
            return ended and not found.total("newsdesk_unread")

        await eventually(settled)
        found = await _scraped(get)
        articles = (await running.bot.services.library.counts())[0]
        vectors = await running.bot.services.library.without_vector()
    assert found.total("newsdesk_requests_total") == len(questions) + 1
    assert found["newsdesk_requests_total", {"kind": "summary"}] == 1
    assert found["newsdesk_answers_total", {"form": "answer"}] == 3
    assert found["newsdesk_answers_total", {"form": "declined"}] == 1
    assert found["newsdesk_answers_total", {"form": "digest"}] == 1
    assert found.total("newsdesk_declines_total") == 1
    assert found["newsdesk_outcomes_total", {"kind": "question", "outcome": "declined"}] == 1
    for stage in ("queue", "posting"):
        assert found["newsdesk_stage_seconds_count", {"stage": stage}] == len(questions) + 1
    assert found["newsdesk_stage_seconds_count", {"stage": "search"}] >= len(questions)
    assert found["newsdesk_stage_seconds_count", {"stage": "verification"}] >= 7
    assert found["newsdesk_sentences_checked_total", {"verdict": "supported"}] >= 6
    wrongs = [found["newsdesk_sentences_checked_total", {"verdict": v}] for v in ("refuted", "uncertain")]  # fmt: skip
    assert sum(wrongs) >= 1
    assert found["newsdesk_model_errors_total", {"kind": "refused"}] >= 1
    assert found["newsdesk_model_tokens_total", {"direction": "prompt"}] > 0
    assert found["newsdesk_articles"] == articles.articles == 10
    assert found["newsdesk_passages"] == articles.passages
    assert found["newsdesk_vectors"] == articles.passages - sum(vectors.values())
    assert found["newsdesk_queue_waiting"] == found["newsdesk_queue_running"] == 0
    assert found["newsdesk_disk_bytes", {"part": "catalogue"}] > 0
    assert found["newsdesk_memory_bytes", {"process": "bot"}] > 50_000_000
    assert found["newsdesk_event_loop_lag_seconds_count"] > 0
    assert found["newsdesk_servers"] == 1


async def test_readiness_says_why_not_and_the_operator_is_told_once_and_when_it_is_over(
    start: Start,
    standin: DiscordStandIn,
    get: Get,
    unused_tcp_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(troubles, "DEGRADED_SECONDS", 0.1)
    monkeypatch.setattr(troubles, "EVERY_SECONDS", 0.05)
    monkeypatch.setattr("bot.ops.alerts.CALM_SECONDS", 0.2)
    guild = standin.guild("Operators")
    channel = standin.channel(guild)
    account = Account(standin.world.ids.next(), "Newsdesk", bot=True)
    standin.world.accounts[account.id] = account
    standin.world.webhooks[account.id] = Webhook("a-secret-token", channel, account)
    async with start(
        NEWSDESK_HEALTH_PORT=str(unused_tcp_port),
        NEWSDESK_ALERT_WEBHOOK=f"{standin.api_url}/webhooks/{account.id}/a-secret-token",
    ) as running:
        await running.bot.wait_until_ready()

        async def well() -> bool:
            return await get("/readyz") == (200, {"ready": True, "causes": []})

        await eventually(well)
        assert (await get("/livez"))[0] == 200
        conditions = running.bot.services.library.conditions
        conditions.begin("vectors", Note("gateway-closed", code="@everyone"))
        full = SimpleNamespace(total=10**9, used=10**9, free=10**6)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: full)

        async def unwell() -> bool:
            return (await get("/readyz"))[0] == 503

        await eventually(unwell)
        status, said = await get("/health")
        assert status == 503
        assert said["gateway"]
        assert not said["vectors"]
        [cause] = said["causes"]
        assert (cause["part"], cause["code"]) == ("vectors", "gateway-closed")
        assert cause["detail"]

        def alerts() -> list[str]:
            sent = [m.content for m in channel.messages.values() if m.author is account]
            return [said for said in sent if "connected to Discord" not in said]  # at the start

        await standin.wait_until(lambda: len(alerts()) == 2)
        assert not any(message.pings for message in channel.messages.values())
        conditions.end("vectors")
        await standin.wait_until(lambda: len(alerts()) == 3)
        assert "@everyone" in alerts()[2]

        await eventually(well)
        found = await _scraped(get)
    assert found["newsdesk_alerts_total", {"result": "sent"}] >= 3
