"""`newsdesk doctor --model`: what one question tells of a model, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.config.settings import load_settings
from bot.ops.doctor import CheckResult
from bot.ops.model_check import examine_model
from tests.integration.conftest import Newsdesk, lines
from tests.scripted_model import Fails, Picky, Play, Refusal, Says, ScriptedModel, Sends, wire

GOOD = "Die Lantern Bridge hat 412 Millionen Kronen gekostet. [1] Bürgermeisterin Ines Calder hat sie am Donnerstag eröffnet. [1]"
LIMIT = Refusal(
    lambda body: "max_tokens" in body, 400, {"error": {"message": "Use max_completion_tokens.", "param": "max_tokens"}}
)  # fmt: skip


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as server:
        yield server


async def checked(
    server: ScriptedModel, folder: Path, monkeypatch: pytest.MonkeyPatch, *plays: Play
) -> dict[str, CheckResult]:
    server.play(*plays)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(folder))
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("OPENAI_MODEL", "scripted")
    return {found.check: found for found in await examine_model(load_settings())}


async def test_a_good_model_passes_and_what_is_odd_about_it_is_told(
    server: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    thinking = Sends(lambda request: wire.vllm(GOOD, "The user asks for the cost."))
    found = await checked(server, tmp_path, monkeypatch, Picky((LIMIT,), thinking), thinking)
    assert all(each.ok for each in found.values())
    assert "thinks" in found["model reasoning"].detail
    assert "max_completion_tokens" in found["model requests"].detail
    assert found["model citations"].detail.startswith("2 of 2")


@pytest.mark.parametrize(
    ("says", "check"),
    [
        ("In den vorliegenden Artikeln steht nichts dazu.", "model refusals"),
        ("Die Lantern Bridge hat insgesamt 412 Millionen Kronen gekostet.", "model citations"),
        ("The Lantern Bridge cost 412 million crowns, and Ines Calder opened it. [1]", "model language"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_answer_is_named(
    server: ScriptedModel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    says: str,
    check: str,
) -> None:
    found = await checked(server, tmp_path, monkeypatch, Says(says))
    assert next(name for name, each in found.items() if not each.ok) == check


async def test_a_failing_server_is_one_finding_with_a_remedy(
    server: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await checked(server, tmp_path, monkeypatch, Fails(401))
    assert found["model"].ok is False
    assert found["model"].remedy


async def test_the_command_asks_once_and_exits_by_what_it_found(
    server: ScriptedModel, newsdesk: Newsdesk
) -> None:
    env = {"OPENAI_BASE_URL": server.url, "OPENAI_MODEL": "scripted"}
    server.play(Says(GOOD))
    good = await asyncio.to_thread(newsdesk, "doctor", "--model", "--json", **env)
    assert good.returncode == 0, good.stderr
    assert len(server.requests) == 1
    assert {"check", "ok", "detail", "remedy"} == set(lines(good.stdout)[0])
    server.play(Fails(404))
    bad = await asyncio.to_thread(newsdesk, "doctor", "--model", **env)
    assert bad.returncode == 1
    assert "FAIL model" in bad.stdout
    assert "Traceback" not in bad.stderr
