"""Discord fails in the middle of an answer: each time it ends well, and the log says it once."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.discord_standin import Interaction, Message, User
from tests.discord_standin.traffic import Call
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Running
from tests.integration.discord.looking import begun, told, whole

ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
END = "640-metre"


def is_final(call: Call) -> bool:
    return "timestamp" in str(call.body)


class Scene:
    """Ada asks in a server; Bob looks on."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.standin = running.standin
        self.guild = self.standin.guild("Harbour News")
        self.general = self.standin.channel(self.guild)
        self.ada: User = self.standin.member(self.guild, "Ada")

    async def prepared(self) -> Scene:
        await self.running.bring_in(self.guild)
        return self

    async def begun(self, **options: bool) -> tuple[Interaction, Message]:
        """An answer of which the first sentence is shown."""
        interaction = await self.ada.slash(self.general, "ask", question=BRIDGE, **options)
        return interaction, await interaction.final(begun)

    async def begun_by_mention(self) -> Message:
        await self.ada.send(self.general, BRIDGE, mention=[self.standin.bot])
        return await self.standin.wait_for_message(self.general, begun)

    async def told(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        """What the operator was told by the time the bot has nothing more to do."""
        await self.standin.wait_until(lambda: not self.running.bot.services.requests.is_busy)
        return told(caplog)


@pytest.fixture
async def scene(writing: Running) -> Scene:
    return await Scene(writing).prepared()


async def test_an_answer_is_streamed_at_a_steady_pace(scene: Scene) -> None:
    interaction, message = await scene.begun()
    await interaction.final(whole)
    edits = [v for v in message.history if v.embeds]
    assert len(edits) >= 3
    first, last = edits[0].embeds[0]["description"], edits[-1].embeds[0]["description"]
    assert first.startswith("The Lantern Bridge cost 412 million crowns. [")
    assert len(first) < len(last)
    assert all(b.at - a.at > 0.9 for a, b in pairwise(edits[:-1]))


async def test_the_gateway_drops_and_the_answer_arrives_and_the_bot_resumes(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    interaction, _ = await scene.begun()
    scene.standin.gateway.drop()
    answer = await interaction.final(whole)
    assert END in answer.text
    await scene.standin.wait_until(lambda: scene.standin.gateway.resumes == 1, 20)
    again = await scene.ada.slash(scene.general, "ask", question=BRIDGE)
    assert END in (await again.final(whole)).text
    assert await scene.told(caplog) == []


async def test_an_invalid_session_is_begun_anew(scene: Scene) -> None:
    interaction, _ = await scene.begun()
    identified = len(scene.standin.gateway.identifies)
    scene.standin.gateway.invalidate()
    assert END in (await interaction.final(whole)).text
    await scene.standin.wait_until(lambda: len(scene.standin.gateway.identifies) > identified, 20)
    await scene.standin.wait_for_bot()
    again = await scene.ada.slash(scene.general, "ask", question=BRIDGE)
    assert END in (await again.final(whole)).text


async def test_rate_limited_edits_become_fewer_and_the_final_one_arrives(scene: Scene) -> None:
    limited = scene.standin.limit_rate("PATCH", ORIGINAL, retry_after=2.0)
    interaction = await scene.ada.slash(scene.general, "ask", question=BRIDGE)
    answer = await interaction.final(whole)
    assert limited.hits == 1
    assert END in answer.text
    assert len(scene.standin.calls_to("PATCH", ORIGINAL)) <= 4


@pytest.mark.parametrize("status", [500, 503])
async def test_a_final_edit_that_discord_fails_is_tried_again(scene: Scene, status: int) -> None:
    failing = scene.standin.fail("PATCH", ORIGINAL, status=status, when=is_final)
    interaction, _ = await scene.begun()
    answer = await interaction.final(whole, timeout=20)
    assert failing.hits == 1
    assert END in answer.text


async def test_a_public_answer_whose_token_died_comes_as_a_message_in_the_channel(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    interaction, unfinished = await scene.begun()
    interaction.expire()
    answer = await scene.standin.wait_for_message(scene.general, whole)
    assert answer is not unfinished
    assert END in answer.text
    await scene.standin.wait_until(lambda: unfinished.deleted)
    sources = await (await scene.ada.press(answer, "Sources")).final()
    assert "Maravel Courier" in sources.text
    assert len(await scene.told(caplog)) == 1


async def test_a_private_answer_whose_token_died_comes_directly_and_never_to_the_channel(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    interaction, _ = await scene.begun(private=True)
    interaction.expire()
    answer = await scene.standin.wait_for_message(scene.ada.direct, whole)
    assert END in answer.text
    assert scene.standin.bot_messages(scene.general) == []
    sources = await (await scene.ada.press(answer, "Sources")).final()
    assert "Maravel Courier" in sources.text
    assert len(await scene.told(caplog)) == 1


async def test_a_private_answer_that_nobody_can_be_given_ends_quietly(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.ada.accepts_dms = False
    interaction, _ = await scene.begun(private=True)
    interaction.expire()
    assert len(await scene.told(caplog)) == 1
    assert scene.standin.bot_messages(scene.general) == []


async def test_an_answer_deleted_while_it_is_written_ends_quietly(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    message = await scene.begun_by_mention()
    scene.standin.delete_message(message)
    await scene.standin.wait_until(lambda: not scene.running.bot.services.requests.is_busy)
    assert scene.standin.bot_messages(scene.general) == []
    assert await scene.told(caplog) == []


async def test_a_response_deleted_while_it_is_written_ends_quietly(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    _, message = await scene.begun()
    scene.standin.delete_message(message)
    await scene.standin.wait_until(lambda: not scene.running.bot.services.requests.is_busy)
    assert scene.standin.bot_messages(scene.general) == []
    assert scene.standin.bot_messages(scene.ada.direct) == []
    assert await scene.told(caplog) == []


async def test_where_no_thread_may_be_opened_the_answer_comes_and_the_operator_hears_what_to_do(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.running.bot.services.guild_settings.change(scene.guild.id, threads=True)
    scene.standin.deny(scene.general, "create_public_threads")
    interaction = await scene.ada.slash(scene.general, "ask", question=BRIDGE)
    assert END in (await interaction.final(whole)).text
    [line] = await scene.told(caplog)
    assert "give the bot Create Public Threads" in line


async def test_where_the_bot_may_not_write_any_more_the_answer_comes_directly(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    await scene.begun_by_mention()
    scene.standin.deny(scene.general, "view_channel")
    answer = await scene.standin.wait_for_message(scene.ada.direct, whole)
    assert END in answer.text
    assert len(await scene.told(caplog)) == 1


async def test_an_answer_in_a_thread_that_was_archived_meanwhile_opens_it_again(
    scene: Scene,
) -> None:
    thread = await scene.ada.start_thread(scene.general, "Bridges")
    await scene.ada.send(thread, BRIDGE, mention=[scene.standin.bot])
    message = await scene.standin.wait_for_message(thread, begun)
    scene.standin.archive(thread)
    await scene.standin.wait_for_message(thread, whole)
    assert END in message.text


async def test_an_answer_in_a_locked_thread_comes_directly(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.standin.deny(scene.general, "manage_threads")
    thread = await scene.ada.start_thread(scene.general, "Bridges")
    await scene.ada.send(thread, BRIDGE, mention=[scene.standin.bot])
    await scene.standin.wait_for_message(thread, begun)
    scene.standin.archive(thread, locked=True)
    answer = await scene.standin.wait_for_message(scene.ada.direct, whole)
    assert END in answer.text
    assert len(await scene.told(caplog)) == 1


async def test_an_interaction_that_discord_does_not_know_is_answered_in_the_channel(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.standin.fail(
        "POST", "/interactions/*/callback", status=404,
        body={"message": "Unknown interaction", "code": 10062},
    )  # fmt: skip
    await scene.ada.slash(scene.general, "ask", question=BRIDGE)
    answer = await scene.standin.wait_for_message(scene.general, whole)
    assert END in answer.text
    assert len(await scene.told(caplog)) == 1


async def test_an_outage_of_the_server_keeps_its_data_and_its_answer(scene: Scene) -> None:
    interaction, _ = await scene.begun()
    scene.standin.gateway.set_unavailable(scene.guild, True)
    assert END in (await interaction.final(whole)).text
    scene.standin.gateway.set_unavailable(scene.guild, False)
    again = await scene.ada.slash(scene.general, "ask", question=BRIDGE)
    assert END in (await again.final(whole)).text


async def test_a_model_that_hangs_when_the_bot_stops_leaves_an_answer_that_says_so(
    scene: Scene,
) -> None:
    interaction, _ = await scene.begun()
    await scene.running.bot.close()
    message = await interaction.final(whole)
    assert "restarted in the middle" in message.text or END in message.text
