"""Models as they really are: what a reader sees of each play, in the terminal and in Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.answering.models import Answer
from bot.answering.providers import Capabilities
from bot.cli.ask import answered
from retrieval.errors import Note
from tests.integration.answering_fixtures import BRIDGE, asked, demo_folder, engine_over
from tests.integration.discord.conftest import Running, Start, embedder, prepared, start
from tests.integration.discord.looking import whole
from tests.integration.model_plays import ALL, THOUGHT, ModelPlay
from tests.scripted_model import ScriptedModel

__all__ = ["demo_folder", "embedder", "prepared", "start"]

ABOUT_THE_MODEL = ("note-model", "note-cut", "note-left-out", "note-not-in-sources", "note-too-long", "note-other-language")  # fmt: skip


@pytest.fixture
async def model() -> AsyncIterator[ScriptedModel]:
    async with ScriptedModel() as server:
        yield server


def remarks(answer: Answer) -> set[str]:
    keys = {code for note in answer.notes for code in codes(note)}
    return {key for key in keys if key.startswith(ABOUT_THE_MODEL)}


def codes(note: Note) -> set[str]:
    inner = (value for value in note.params.values() if isinstance(value, Note))
    return {note.code}.union(*map(codes, inner))


def faults(play: ModelPlay, answer: Answer) -> list[str]:
    """What is not as the play says."""
    found = []
    form = "declined" if answer.abstained else "quoted" if answer.model == "quotations" else "written"  # fmt: skip
    if form != play.form:
        found.append(f"it is {form}: {answer.text!r} {answer.problem}")
    elif form == "written":
        told = tuple(sentence.text for sentence in answer.sentences)
        if told != play.sentences:
            found.append(f"it says {told}")
        if not all(sentence.citations for sentence in answer.sentences):
            found.append("a sentence has no citation")
        if "412 million crowns" not in answer.citations[0].quote:
            found.append("its citation is of another passage")
    if remarks(answer) != set(play.notes):
        found.append(f"its remarks are {remarks(answer)}; left out: {answer.dropped}")
    if form != "quoted" and (answer.usage is None or answer.usage.prompt_tokens <= 0):
        found.append("its usage is not known")
    return found


@pytest.mark.parametrize("play", ALL, ids=lambda play: play.name)
async def test_a_play_in_the_terminal(
    play: ModelPlay, demo_folder: Path, model: ScriptedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.play(*play.plays)
    async with engine_over(demo_folder, model.url, tries=2, retry_seconds=3) as (library, engine):
        answer = await answered(engine, asked(BRIDGE), None, library=library, as_json=False)
    assert faults(play, answer) == []
    printed = " ".join(capsys.readouterr().out.split())
    assert THOUGHT not in printed
    assert "<" not in printed.replace("<https", "")
    for text in play.sentences:
        assert f"{text} [1]" in printed
    for sentence in answer.sentences:
        assert not any(mark in sentence.text for mark in "[]【】()¹|*")


async def test_all_plays_in_discord(start: Start, model: ScriptedModel) -> None:
    wrong: dict[str, str] = {}
    async with start(
        OPENAI_BASE_URL=model.url, NEWSDESK_MODEL_FIRST_TOKEN_TIMEOUT_SECONDS="5"
    ) as running:
        guild = running.standin.guild("Harbour News")
        await running.bring_in(guild)
        for number, play in enumerate(ALL, 1):
            seen = await _seen(running, guild, model, play, number)
            missing = [sentence for sentence in play.sentences if sentence not in seen]
            if missing or THOUGHT in seen or ("[1]" in seen) == (play.form == "declined"):
                wrong[play.name] = seen
    assert wrong == {}
    assert len(ALL) >= 60


async def _seen(
    running: Running, guild: object, model: ScriptedModel, play: ModelPlay, number: int
) -> str:
    """The text of the final message; each play asks in other words, since answers are cached."""
    standin = running.standin
    composer = running.bot.services.engine._composer
    assert composer is not None
    composer.model.capabilities = Capabilities()
    model.play(*play.plays)
    member = standin.member(guild, f"Reader {number}")  # type: ignore[arg-type]
    question = f"{BRIDGE}{'?' * number}"
    channel = standin.channel(guild)  # type: ignore[arg-type]
    interaction = await member.slash(channel, "ask", question=question)
    return (await interaction.final(whole)).text
