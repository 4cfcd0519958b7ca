"""Rules of Discord that bite: what may not be read, written or shown, and how soon an answer is due."""

from __future__ import annotations

import sys

import pytest

from tests.discord_standin import DiscordStandIn, Guild
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import whole

CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"
MESSAGES = "/channels/{channel_id}/messages"
TYPING = "/channels/{channel_id}/typing"
JOIN = "/channels/{channel_id}/thread-members/@me"


@pytest.fixture
async def guild(running: Running) -> Guild:
    made = running.standin.guild("Harbour News")
    await running.bring_in(made)
    return made


async def test_a_mention_of_the_bots_own_role_asks_it(running: Running, guild: Guild) -> None:
    standin = running.standin
    role, general = standin.bot_role(guild), standin.channel(guild)
    caller = standin.role(guild, "callers", "mention_everyone")
    ada, bob = standin.member(guild, "Ada"), standin.member(guild, "Bob", roles=[caller])
    # A role is no mention of the bot: without the intent Discord shows its text to no bot.
    asked = await bob.send(general, BRIDGE, mention=[role])
    told = await standin.wait_for_message(general, after=asked)
    assert standin.bot.mention in told.text
    both = await ada.send(general, BRIDGE, mention=[standin.bot, role])
    answer = await standin.wait_for_message(general, whole, after=both)
    assert "412 million" in answer.text


async def test_with_message_content_the_own_role_is_a_mention_like_any(
    start: Start, standin: DiscordStandIn
) -> None:
    async with start(NEWSDESK_MESSAGE_CONTENT="true") as running:
        guild = standin.guild("Harbour News")
        await running.bring_in(guild)
        general, ada = standin.channel(guild), standin.member(guild, "Ada")
        asked = await ada.send(general, BRIDGE, mention=[standin.bot_role(guild)])
        answer = await standin.wait_for_message(general, whole, after=asked)
        assert "412 million" in answer.text


async def test_without_message_history_it_answers_without_a_reference(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    general, ada = standin.channel(guild), standin.member(guild, "Ada")
    standin.deny(general, "read_message_history")
    asked = await ada.send(general, BRIDGE, mention=[standin.bot])
    answer = await standin.wait_for_message(general, whole, after=asked)
    assert answer.replied_to is None
    # Discord may know of it before the bot does.
    standin.allow(general, "read_message_history")
    refusal = {"code": 160002, "message": "Cannot reply without permission"}
    standin.fail("POST", MESSAGES, status=400, body=refusal)
    asked = await ada.send(general, BRIDGE, mention=[standin.bot])
    answer = await standin.wait_for_message(general, whole, after=asked)
    assert answer.replied_to is None
    assert "412 million" in answer.text


async def test_it_types_until_the_first_words_and_no_longer(
    writing: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Extensions are modules of their own each time that they are loaded.
    monkeypatch.setattr(sys.modules["bot.cogs.ask._messages"], "_TYPING_SECONDS", 0.1)
    standin = writing.standin
    guild = standin.guild("Harbour News")
    await writing.bring_in(guild)
    general, ada = standin.channel(guild), standin.member(guild, "Ada")
    asked = await ada.send(general, BRIDGE, mention=[standin.bot])
    await standin.wait_for_message(general, whole, after=asked)
    first = min(call.at for call in standin.calls_to("POST", MESSAGES))
    typed = [call.at for call in standin.calls_to("POST", TYPING)]
    assert len(typed) > 1
    assert max(typed) < first + 0.1


async def test_a_thread_is_joined_and_told_how_to_ask_there(running: Running, guild: Guild) -> None:
    standin = running.standin
    general, ada = standin.channel(guild), standin.member(guild, "Ada")
    others = await ada.start_thread(general, "Among us")
    asked = await ada.send(others, BRIDGE, mention=[standin.bot])
    await standin.wait_for_message(others, whole, after=asked)
    [joined] = standin.calls_to("PUT", JOIN)
    assert joined.at < min(c.at for c in standin.calls_to("POST", MESSAGES))
    await running.bot.services.guild_settings.change(guild.id, threads=True)
    await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    await standin.wait_until(lambda: len(standin.threads(general)) == 2)
    thread = next(each for each in standin.threads(general) if each is not others)
    hint = await standin.wait_for_message(thread)
    assert standin.bot.mention in hint.text


async def test_a_post_of_a_forum_is_answered_like_a_channel(running: Running, guild: Guild) -> None:
    standin = running.standin
    forum, ada = standin.channel(guild, "questions", kind=15), standin.member(guild, "Ada")
    post = await ada.start_post(forum, "The bridge", BRIDGE, mention=[standin.bot])
    answer = await standin.wait_for_message(post, whole)
    assert "412 million" in answer.text


@pytest.mark.parametrize("button", ["Sources", "Helpful", "Ask a follow-up", "Delete"])
async def test_discord_is_told_to_wait_before_it_is_asked_who_is_where(
    running: Running, guild: Guild, button: str
) -> None:
    """In direct messages each button reads from a server that its presser has to be in."""
    standin = running.standin
    ada = standin.member(guild, "Ada")
    await ada.dm(BRIDGE)
    answer = await standin.wait_for_message(ada.direct, whole)
    if button not in answer.buttons:
        pytest.skip(f"no button {button} under a direct answer")
    before = len(standin.calls)
    pressed = await ada.press(answer, button)
    await pressed.acknowledged()
    first = standin.calls[before]
    assert first.template == CALLBACK
    if button == "Ask a follow-up":
        await pressed.modal()
        assert [call.template for call in standin.calls[before:]] == [CALLBACK]


async def test_the_menu_of_servers_waits_before_it_asks(running: Running, guild: Guild) -> None:
    standin = running.standin
    ada = standin.member(guild, "Ada")
    other = standin.guild("Other News")
    standin.member(other, ada)
    await running.bring_in(other)
    await ada.dm(BRIDGE)
    menu = await standin.wait_for_message(ada.direct)
    before = len(standin.calls)
    part = next(each for each in menu.parts if each["type"] == 3)
    chosen = await ada.select(menu, part["custom_id"], "Harbour News")
    await chosen.acknowledged()
    assert standin.calls[before].template == CALLBACK
    await standin.wait_for_message(ada.direct, whole)
