"""The whole path: the real process, embedded Chroma, a real llama.cpp server, Discord played."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo import demo_articles
from bot.storage.answers import answer_by_id, feedback_counts
from bot.storage.guild_settings import change_guild_settings
from bot.storage.library import open_library
from retrieval.ingestion.pipeline import ingest
from retrieval.library import LibraryConfig
from retrieval.timestamps import utc_now
from tests.deadlines import scaled
from tests.discord_standin import DiscordStandIn
from tests.integration.conftest import ROOT
from tests.integration.discord.looking import begun, whole
from tests.llama import llama

__all__ = ["llama"]

QUESTION = "Who won the mayoral election in Maravel?"


class Process:
    """`python -m bot run` and what it logs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.lines.append(line.decode().rstrip())

    async def ended(self, seconds: float = 30.0) -> int:
        async with asyncio.timeout(scaled(seconds)):
            code = await self._process.wait()
            await self._reading
        return code

    async def stop(self) -> int:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self.ended()


@contextlib.asynccontextmanager
async def run(folder: Path, environment: dict[str, str]) -> AsyncIterator[Process]:
    process = Process(
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", cwd=folder,
            env={
                "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT),
                "NEWSDESK_DATA_DIR": str(folder / "data"), "NEWSDESK_LOG_JSON": "true",
                "NEWSDESK_COOLDOWN_SECONDS": "0", **environment,
            },
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )
    )  # fmt: skip
    try:
        yield process
    finally:
        await process.stop()


async def test_ask_watch_it_being_written_check_follow_up_rate_restart(
    standin: DiscordStandIn, tmp_path: Path, llama: str
) -> None:
    guild = standin.guild("Harbour News")
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    data = tmp_path / "data"
    async with open_library(LibraryConfig(data), writer="test") as library:
        indexer = await library.indexer(f"discord:{guild.id}")
        async for _ in ingest(indexer, demo_articles(utc_now()), actor="test", data_dir=data):
            pass
        await change_guild_settings(library.database, guild.id, utc_now(), threads=True)
    environment = standin.environment | {
        "OPENAI_BASE_URL": llama, "OPENAI_MODEL": "SmolLM2-135M-Instruct",
        "NEWSDESK_CONTEXT_TOKENS": "400", "NEWSDESK_ANSWER_TOKENS": "60",
        "NEWSDESK_MESSAGE_CONTENT": "true",
    }  # fmt: skip
    async with run(tmp_path, environment) as process:
        await standin.wait_for_bot("ask", timeout=60)
        asked = await ada.slash(general, "ask", question=QUESTION)
        answer = await asked.final(whole, timeout=60)
        assert asked.acknowledged_after is not None
        assert asked.acknowledged_after < 3
        written = [str(version.embeds) for version in answer.history if version.embeds]
        assert "writing" in written[0]
        assert "writing" not in written[-1]
        assert "Calder" in answer.text
        sources = await (await ada.press(answer, "Sources")).final()
        assert "Ines Calder won the mayoral election" in sources.text
        await (await ada.press(answer, "Helpful")).final()
        await standin.wait_until(lambda: bool(standin.threads(general)))
        thread = standin.threads(general)[0]
        await ada.send(thread, "and when was that?")
        followed = await standin.wait_for_message(thread, whole, timeout=60)
        assert "Calder" in followed.text
        assert await process.stop() == 0
        events = [json.loads(line) for line in process.lines if line.startswith("{")]
        asked_lines = [e for e in events if e["message"] == "asked"]
        assert len(asked_lines) == 2
        assert not any("Maravel" in line for line in process.lines)
    async with open_library(LibraryConfig(data)) as library:
        answer_id = answer.component("Helpful")["custom_id"].rpartition(":")[2]
        given = await answer_by_id(library.database, answer_id)
        assert given is not None
        assert given.question == QUESTION
        assert given.answer["citations"]
        assert await feedback_counts(library.database, answer_id) == (1, 0)
        followed_id = followed.component("Helpful")["custom_id"].rpartition(":")[2]
        given = await answer_by_id(library.database, followed_id)
        assert given is not None
        assert given.question == "and when was that?"
        assert "Maravel" in given.answer["asked"]
    registered = len(standin.calls_to("PUT", "/applications/{application_id}/commands"))
    async with run(tmp_path, environment):
        await standin.wait_for_bot("ask", timeout=60)
        again = await (await ada.press(answer, "Sources")).final()
        assert again.text == sources.text
    assert len(standin.calls_to("PUT", "/applications/{application_id}/commands")) == registered


@pytest.mark.parametrize(
    ("changes", "privileged", "says"),
    [
        ({"DISCORD_TOKEN": ""}, True, "DISCORD_TOKEN isn't set"),
        ({"DISCORD_TOKEN": "MTIz.abc.wrong"}, True, "Discord rejected DISCORD_TOKEN"),
        ({"NEWSDESK_MESSAGE_CONTENT": "true"}, False, "message content intent"),
        ({"NEWSDESK_DISCORD_API_URL": "http://127.0.0.1:9/api/v10"}, True, "Discord can't be reached"),
    ],
)  # fmt: skip
async def test_what_keeps_the_bot_from_starting_is_one_sentence(
    standin: DiscordStandIn, tmp_path: Path, changes: dict[str, str], privileged: bool, says: str
) -> None:
    if not privileged:
        standin.world.privileged_intents = 0
    async with run(tmp_path, standin.environment | changes) as process:
        assert await process.ended(60) == 1
    told = [line for line in process.lines if line.startswith("newsdesk: ")]
    assert len(told) == 1
    assert says in told[0]
    assert not any("Traceback" in line for line in process.lines)
    assert not any(changes.get("DISCORD_TOKEN", standin.token) in line for line in process.lines if changes.get("DISCORD_TOKEN", "x"))  # fmt: skip


async def test_an_answer_under_way_is_finished_or_says_that_it_was_cut(
    standin: DiscordStandIn, tmp_path: Path, model: object
) -> None:
    from tests.integration.discord.conftest import bridge_answer
    from tests.scripted_model import Says, ScriptedModel

    assert isinstance(model, ScriptedModel)
    model.play(Says(bridge_answer, pause=0.3))
    guild = standin.guild("Harbour News")
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    data = tmp_path / "data"
    async with open_library(LibraryConfig(data), writer="test") as library:
        indexer = await library.indexer(f"discord:{guild.id}")
        async for _ in ingest(indexer, demo_articles(utc_now()), actor="test", data_dir=data):
            pass
    environment = standin.environment | {
        "OPENAI_BASE_URL": model.url, "NEWSDESK_SHUTDOWN_TIMEOUT_SECONDS": "0",
    }  # fmt: skip
    async with run(tmp_path, environment) as process:
        await standin.wait_for_bot("ask", timeout=60)
        asked = await ada.slash(general, "ask", question="How much did the Lantern Bridge cost?")
        await asked.final(begun, timeout=20)
        assert await process.stop() == 0
    message = await asked.final(whole)
    assert "412 million" in message.text
    assert "restarted in the middle of this answer" in message.text
