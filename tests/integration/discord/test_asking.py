"""Asking in every way that there is, and what people see of it."""

from __future__ import annotations

import re

import pytest

from tests.integration.answering_fixtures import BRIDGE, ELECTION
from tests.integration.discord.conftest import Running, Start, bridge_answer
from tests.integration.discord.looking import begun, footer, thread_in, whole
from tests.scripted_model import Says, ScriptedModel


async def test_a_slash_question_gets_a_cited_answer_with_sources_and_buttons(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    interaction = await ada.slash(standin.channel(guild), "ask", question=BRIDGE)
    answer = await interaction.final(whole)
    assert "[1]" in answer.embed["description"]
    assert "412 million" in answer.text or "million" in answer.text
    assert "Maravel Courier · <t:" in answer.text
    assert "https://courier.maravel.example/lantern-bridge-opens" in answer.text
    assert "quotations only" in answer.text
    # Discord writes its moment behind the footer, which ends with the id.
    assert re.search(r"id [0-9a-z]{8}$", footer(answer))
    assert answer.embed["timestamp"]
    assert answer.embed["author"]["name"] == BRIDGE
    assert answer.buttons == ["Sources", "Ask a follow-up", "Helpful", "Not helpful", "Delete"]
    assert not answer.link_previews


async def test_a_mention_is_answered_in_a_reply_that_pings_nobody(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    asked = await ada.send(general, BRIDGE, mention=[standin.bot])
    answer = await standin.wait_for_message(general, whole)
    assert "[1]" in answer.text
    assert answer.replied_to is asked
    assert not answer.pings


async def test_a_reply_to_an_answer_keeps_the_conversation(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, bob, general = (
        standin.member(guild, "Ada"),
        standin.member(guild, "Bob"),
        standin.channel(guild),
    )
    first = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    await bob.send(general, "and when did it open?", reply_to=first)
    second = await standin.wait_for_message(general, whole, after=first)
    assert "Lantern Bridge" in second.text
    assert "open" in second.text


async def test_a_direct_message_is_answered_from_the_one_server_shared(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    await ada.dm(ELECTION)
    answer = await standin.wait_for_message(ada.direct, whole)
    assert "Calder" in answer.text
    await ada.dm("and when was that?")
    second = await standin.wait_for_message(ada.direct, whole, after=answer)
    assert "Calder" in second.text or "Maravel" in second.text


async def test_with_several_servers_a_direct_message_asks_which_one(running: Running) -> None:
    standin = running.standin
    harbour, other = standin.guild("Harbour News"), standin.guild("Other News")
    await running.bring_in(harbour)
    ada = standin.member(harbour, "Ada")
    standin.member(other, ada)
    await ada.dm(ELECTION)
    menu = await standin.wait_for_message(
        ada.direct, lambda m: "newsdesk:server" in str(m.components)
    )
    assert {o["label"] for o in menu.component("newsdesk:server")["options"]} == {
        "Harbour News",
        "Other News",
    }
    await ada.select(menu, "newsdesk:server", "Harbour News")
    answer = await standin.wait_for_message(ada.direct, whole)
    assert "Calder" in answer.text
    await ada.dm(BRIDGE)
    second = await standin.wait_for_message(ada.direct, whole, after=answer)
    assert "million" in second.text


async def test_a_direct_message_reads_no_server_where_its_author_may_not_ask(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    editors = standin.role(guild, "Editors")
    await running.bot.services.guild_settings.change(guild.id, ask_roles=(editors.id,))
    ada = standin.member(guild, "Ada")
    await ada.dm(ELECTION)
    refusal = await standin.wait_for_message(ada.direct)
    assert "server that both of us are in" in refusal.text
    standin.set_roles(guild, ada, editors)
    await ada.dm(ELECTION)
    answer = await standin.wait_for_message(ada.direct, whole)
    assert "Calder" in answer.text


async def test_a_private_answer_is_seen_by_its_asker_alone_until_it_is_shared(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, bob, general = (
        standin.member(guild, "Ada"),
        standin.member(guild, "Bob"),
        standin.channel(guild),
    )
    answer = await (await ada.slash(general, "ask", question=BRIDGE, private=True)).final(whole)
    assert answer.is_ephemeral
    assert bob.messages(general) == []
    assert "Share" in answer.buttons
    shared = await (await ada.press(answer, "Share")).final(whole)
    assert not shared.is_ephemeral
    assert shared in bob.messages(general)
    assert "Shared by Ada" in shared.text
    sources = await (await bob.press(shared, "Sources")).final()
    assert sources.is_ephemeral
    assert sources.text.startswith("[1]")
    assert "] Maravel Courier · <t:" in sources.text


async def test_the_buttons_show_sources_take_feedback_follow_up_and_delete(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, bob, general = (
        standin.member(guild, "Ada"),
        standin.member(guild, "Bob"),
        standin.channel(guild),
    )
    answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    sources = await (await bob.press(answer, "Sources")).final()
    assert "> " in sources.text
    thanks = await (await bob.press(answer, "Helpful")).final()
    assert "Thank you" in thanks.text
    modal = await bob.press(answer, "Ask a follow-up")
    followed = await bob.submit_modal(modal, {"Your question": "and when did it open?"})
    second = await followed.final(whole)
    assert "Lantern Bridge" in second.text
    refused = await (await bob.press(answer, "Delete")).final()
    assert "belongs to someone else" in refused.text
    await (await ada.press(answer, "Delete")).acknowledged()
    await standin.wait_until(lambda: answer.deleted)


async def test_in_thread_mode_an_answer_opens_a_thread_where_follow_ups_need_no_mention(
    start: Start,
) -> None:
    async with start(NEWSDESK_MESSAGE_CONTENT="true") as running:
        standin = running.standin
        guild = standin.guild("Harbour News")
        await running.bring_in(guild)
        await running.bot.services.guild_settings.change(guild.id, threads=True)
        ada, general = standin.member(guild, "Ada"), standin.channel(guild)
        await (await ada.slash(general, "ask", question=ELECTION)).final(whole)
        thread = await thread_in(standin, general)
        assert thread.name == ELECTION
        await ada.send(thread, "and when was that?")
        answer = await standin.wait_for_message(thread, whole)
        assert "Calder" in answer.text or "Maravel" in answer.text


async def test_without_message_content_the_bot_connects_without_a_privileged_intent(
    running: Running,
) -> None:
    assert running.standin.gateway.identifies[-1]["intents"] == (1 << 0) | (1 << 9) | (1 << 12)


async def test_autocompletion_knows_the_publishers_of_this_server(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    choices = await ada.autocomplete(
        standin.channel(guild), "ask", "source", "mar", question=BRIDGE
    )
    assert choices[0].name == "Maravel Courier"


async def test_what_nothing_is_about_is_said_calmly(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    answer = await (
        await ada.slash(general, "ask", question="Who is the president of Brazil?")
    ).final(whole)
    assert "I don't know" in answer.text
    assert "There are no articles here yet" not in answer.text
    assert "The nearest coverage" not in answer.text
    assert "Sources" not in answer.buttons


async def test_what_is_not_known_of_a_topic_is_said_with_the_nearest_coverage(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    question = "What did the Pope say about the Lantern Bridge?"
    answer = await (await ada.slash(general, "ask", question=question)).final(whole)
    assert "Pope" in answer.embed["description"]
    assert "The nearest coverage" in answer.text
    assert "https://courier.maravel.example/lantern-bridge-opens" in answer.text
    assert "Sources" not in answer.buttons


async def test_ask_about_this_asks_about_the_linked_article(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    link = await ada.send(
        general, "look: https://courier.maravel.example/lantern-bridge-opens?utm_source=x"
    )
    form = await ada.context_menu(general, "Ask about this", link)
    answer = await (await ada.submit_modal(form, {"Your question": "how much did it cost?"})).final(
        whole
    )
    assert "million" in answer.text


async def test_ask_about_this_tells_discord_to_wait_before_it_asks_anything(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    link = await ada.dm("https://courier.maravel.example/lantern-bridge-opens")
    asked_of_discord = "/guilds/{guild_id}/members/{user_id}"
    await standin.wait_for_message(ada.direct, whole)
    before = len(standin.calls)
    form = await ada.context_menu(ada.direct, "Ask about this", link)
    running.bot.services.ask.dm_guilds.forget(ada.id)
    answer = await (await ada.submit_modal(form, {"Your question": ""})).final(whole)
    assert "bridge" in answer.text.lower()
    routes = [call.template for call in standin.calls[before:]]
    callbacks = [n for n, route in enumerate(routes) if route.endswith("/callback")]
    assert callbacks[1] < routes.index(asked_of_discord)


async def test_a_server_without_articles_says_what_to_do(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    other = standin.guild("Secret corner")
    await running.bring_in(other)
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    assert "There are no articles here yet" in answer.text
    assert str(other.id) not in answer.text


async def test_who_waits_sees_the_place_in_line_and_then_the_answer(
    start: Start, model: ScriptedModel
) -> None:
    model.play(Says(bridge_answer, pause=0.15), Says(bridge_answer))
    async with start(OPENAI_BASE_URL=model.url, NEWSDESK_MAX_CONCURRENT_ANSWERS="1") as running:
        standin = running.standin
        guild = standin.guild("Harbour News")
        await running.bring_in(guild)
        general = standin.channel(guild)
        people = [standin.member(guild, name) for name in ("Ada", "Bob", "Cyd")]
        asked = [await person.slash(general, "ask", question=BRIDGE) for person in people]
        await standin.wait_until(
            lambda: any("You are number 2 in line" in m.text for i in asked for m in i.messages)
        )
        for interaction in asked:
            assert "412 million" in (await interaction.final(whole, timeout=20)).text


async def test_with_no_room_in_line_the_bot_says_that_it_is_busy(
    start: Start, model: ScriptedModel
) -> None:
    model.play(Says(bridge_answer, pause=0.05))
    async with start(
        OPENAI_BASE_URL=model.url,
        NEWSDESK_MAX_CONCURRENT_ANSWERS="1",
        NEWSDESK_MAX_QUEUED_QUESTIONS="0",
    ) as running:
        guild = running.standin.guild("Harbour News")
        await running.bring_in(guild)
        general = running.standin.channel(guild)
        ada, bob = (running.standin.member(guild, name) for name in ("Ada", "Bob"))
        first = await ada.slash(general, "ask", question=BRIDGE)
        await first.final(begun)
        second = await (await bob.slash(general, "ask", question=BRIDGE)).final()
        assert "Too many questions are waiting" in second.text
        assert "412 million" in (await first.final(whole)).text


async def test_a_long_answer_takes_several_messages_and_is_deleted_as_a_whole(
    start: Start, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ui.answers.DESCRIPTION", 300)  # as if three sentences were many
    model.play(Says(bridge_answer))
    async with start(OPENAI_BASE_URL=model.url) as running:
        standin = running.standin
        guild = standin.guild("Harbour News")
        await running.bring_in(guild)
        ada, general = standin.member(guild, "Ada"), standin.channel(guild)
        interaction = await ada.slash(general, "ask", question=BRIDGE)
        last = await interaction.final(whole)
        first = interaction.messages[0]
        assert first is not last
        # Cut between sentences, never within the link of a number.
        assert "[[1]](https://courier.maravel.example/" in first.text
        assert first.text.endswith(")")
        assert "Sources" in last.buttons
        await ada.press(last, "Delete")
        await standin.wait_until(lambda: first.deleted and last.deleted)
