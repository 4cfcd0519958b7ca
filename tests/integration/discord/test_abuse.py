"""Texts and presses that mean harm do none."""

from __future__ import annotations

from retrieval.models import Article, IngestItem
from tests.discord_standin import Channel, Guild, User
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import whole
from tests.scripted_model import Says, ScriptedModel

NASTY = IngestItem("test", Article(
    "@everyone [Free prize](https://evil.example) <@&1> **bold** \u202egnp.exe",
    "The harbour lantern cost 77 million crowns, @everyone hears from [the council](https://evil.example/a) of <@123456789012345678> and "
    "https://evil.example/claim and @here. The harbour lantern stands at the p\u0310\u0311\u0312\u0313\u0314\u0315\u0316\u0317ier.",
    "https://paper.example/lantern_(harbour)?q=[x](y)", "@here **Paper**",
))  # fmt: skip
LANTERN = "How much did the harbour lantern cost?"


async def somebody(running: Running) -> tuple[User, Channel, Guild]:
    guild = running.standin.guild("Harbour News")
    await running.bring_in(guild, [NASTY])
    return running.standin.member(guild, "@everyone"), running.standin.channel(guild), guild


async def test_an_article_that_mentions_and_links_is_shown_as_plain_words(running: Running) -> None:
    ada, general, _guild = await somebody(running)
    answer = await (await ada.slash(general, "ask", question=LANTERN)).final(whole)
    assert "77 million" in answer.text
    sources = await (await ada.press(answer, "Sources")).final()
    for message in (answer, sources):
        assert not message.pings
        assert "@everyone" not in message.text
        assert "@here" not in message.text
        assert "](https://evil" not in message.text
        assert "https://evil" not in message.text
        assert "<@1" not in message.text.replace("\\<", "")
        assert "\u202e" not in message.text
        assert "\u0314" not in message.text
        assert not message.link_previews
    assert "](https://paper.example/lantern_%28harbour%29?q=%5Bx%5D%28y%29)" in answer.text


async def test_a_question_that_mentions_everyone_pings_nobody(running: Running) -> None:
    ada, general, _guild = await somebody(running)
    question = f"@everyone <@&5> {LANTERN}"
    answer = await (await ada.slash(general, "ask", question=question)).final(whole)
    assert not answer.pings
    assert "@everyone" not in answer.text
    await ada.send(general, question, mention=[running.standin.bot])
    reply = await running.standin.wait_for_message(general, whole, after=answer)
    assert not reply.pings


async def test_what_a_model_writes_pings_nobody_and_links_nowhere(
    start: Start, model: ScriptedModel
) -> None:
    model.play(Says(lambda request: (
        f"@everyone look. [1] The Lantern Bridge cost 412 million crowns. [{request.holding('412 million')}] "
        f"The Lantern Bridge cost [412 million](https://evil.example) crowns <@&77>. [{request.holding('412 million')}]"
    )))  # fmt: skip
    async with start(OPENAI_BASE_URL=model.url) as running:
        guild = running.standin.guild("Harbour News")
        await running.bring_in(guild)
        ada = running.standin.member(guild, "Ada")
        asked = await ada.slash(running.standin.channel(guild), "ask", question=BRIDGE)
        answer = await asked.final(whole)
        assert "412 million" in answer.text
        assert not answer.pings
        assert "evil" not in answer.text
        assert "@everyone" not in answer.text


async def test_a_question_of_six_thousand_characters_gets_a_short_refusal(running: Running) -> None:
    standin = running.standin
    ada, general, _guild = await somebody(running)
    await ada.send(general, "lantern " * 200, mention=[standin.bot])
    refusal = await standin.wait_for_message(general)
    assert "A question can have at most 1000 characters" in refusal.text
    command = standin.commands.usable(None, 1)[0]
    assert command["options"][0]["max_length"] == 1000


async def test_an_empty_question_is_answered_with_an_example(running: Running) -> None:
    ada, general, _guild = await somebody(running)
    await ada.send(general, mention=[running.standin.bot])
    answer = await running.standin.wait_for_message(general)
    assert "for example" in answer.text


async def test_forged_custom_ids_are_refused(running: Running) -> None:
    ada, general, guild = await somebody(running)
    bob = running.standin.member(guild, "Bob")
    private = await (await ada.slash(general, "ask", question=LANTERN, private=True)).final(whole)
    public = await (await bob.slash(general, "ask", question=LANTERN)).final(whole)
    stolen = private.component("Sources")["custom_id"]
    for forged in (stolen, "newsdesk:sources:zzzzzzzz", "newsdesk:delete:' OR 1=1", "x" * 100):
        refused = await (await bob.press(public, forged, forged=True)).final()
        assert refused.is_ephemeral
        assert "77 million" not in refused.text


async def test_only_the_asker_or_a_moderator_deletes(running: Running) -> None:
    standin = running.standin
    ada, general, guild = await somebody(running)
    bob, mod = (
        standin.member(guild, "Bob"),
        standin.member(guild, "Mo", moderator=True),
    )
    answer = await (await ada.slash(general, "ask", question=LANTERN)).final(whole)
    await (await bob.press(answer, "Delete")).final()
    assert not answer.deleted
    await mod.press(answer, "Delete")
    await standin.wait_until(lambda: answer.deleted)


async def test_a_person_may_ask_only_so_often(start: Start) -> None:
    async with start(NEWSDESK_COOLDOWN_SECONDS="60") as running:
        ada, general, _guild = await somebody(running)
        await (await ada.slash(general, "ask", question=LANTERN)).final(whole)
        refused = await (await ada.slash(general, "ask", question=LANTERN)).final()
        assert refused.is_ephemeral
        assert "You can ask again in" in refused.text


async def test_channels_and_roles_that_moderators_set_hold_for_every_way_to_ask(
    running: Running,
) -> None:
    standin = running.standin
    ada, general, guild = await somebody(running)
    desk = standin.channel(guild, "news-desk")
    await running.bot.services.guild_settings.change(guild.id, channels=(desk.id,))
    refused = await (await ada.slash(general, "ask", question=LANTERN)).final()
    assert refused.is_ephemeral
    assert desk.mention in refused.text
    await ada.send(general, LANTERN, mention=[standin.bot])
    assert desk.mention in (await standin.wait_for_message(general)).text
    assert await ada.autocomplete(general, "ask", "source", question=LANTERN) == []
    answer = await (await ada.slash(desk, "ask", question=LANTERN)).final(whole)
    assert "77 million" in answer.text
