"""/settings, /privacy, /help and /usage, and the bot's arrival."""

from __future__ import annotations

import re

import pytest

from retrieval.models import Article, IngestItem
from tests.discord_standin import DiscordStandIn, Guild
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import noted, whole
from tests.integration.discord.test_summaries import many
from tests.scripted_model import ScriptedModel


@pytest.fixture
def guild(running: Running) -> Guild:
    return running.standin.guild("Harbour News")


async def test_settings_are_for_moderators(running: Running, guild: Guild) -> None:
    # As if an administrator had opened the commands to everyone: we check by ourselves.
    running.standin.commands.open_to_all = True
    ada = running.standin.member(guild, "Ada")
    general = running.standin.channel(guild)
    for command, options in (("show", {}), ("threads", {"on": True})):
        refused = await (await ada.slash(general, f"settings {command}", **options)).final()
        assert "Only moderators" in refused.text
        assert refused.is_ephemeral
    assert not (await running.bot.services.guild_settings.of(guild.id)).threads


async def test_a_moderator_changes_settings_and_sees_what_holds(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    boss = standin.member(guild, "Mo", moderator=True)
    general, other = standin.channel(guild), standin.channel(guild, "other")
    role = standin.role(guild, "readers")
    await running.bring_in(guild)
    await (await boss.slash(general, "settings channels", add=other)).final()
    shown = await (await boss.slash(general, "settings ask-roles", add=role)).final()
    assert f"<#{other.id}>" in shown.text
    assert f"<@&{role.id}>" in shown.text
    ada = standin.member(guild, "Ada")
    refused = await (await ada.slash(general, "ask", question=BRIDGE)).final()
    assert f"<#{other.id}>" in refused.text
    refused = await (await ada.slash(other, "ask", question=BRIDGE)).final()
    assert f"<@&{role.id}>" in refused.text
    told = await (await boss.slash(general, "settings moderators-channel", channel=other)).final()
    assert told.text.rstrip().endswith(f"<#{other.id}>")
    assert (await running.bot.services.guild_settings.of(guild.id)).moderators_channel == other.id
    standin.deny(general, "send_messages")
    refused = await (
        await boss.slash(general, "settings moderators-channel", channel=general)
    ).final()
    assert "aren't allowed to do that" in refused.text
    standin.allow(general, "send_messages")
    await (await boss.slash(general, "settings ask-roles", remove=role)).final()
    answer = await (await ada.slash(other, "ask", question=BRIDGE)).final(whole)
    assert "412 million" in answer.text


async def test_a_list_of_channels_takes_forums_voice_threads_and_categories(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    boss, ada = standin.member(guild, "Mo", moderator=True), standin.member(guild, "Ada")
    general, group = standin.channel(guild), standin.channel(guild, "group", kind=4)
    forum, voice = standin.channel(guild, "forum", kind=15), standin.channel(guild, "v", kind=2)
    inside = standin.channel(guild, "inside", category=group)
    thread = await ada.start_thread(general, "A thread")
    post = await ada.start_post(forum, "A post", "words")
    within = await ada.start_thread(inside, "Within")
    await running.bring_in(guild)
    for place in (group, forum, voice, thread):
        shown = await (await boss.slash(general, "settings channels", add=place)).final()
        assert f"<#{place.id}>" in shown.text
    refused = await (await ada.slash(general, "ask", question=BRIDGE)).final()
    assert f"<#{group.id}>, <#{forum.id}>, <#{voice.id}>, <#{thread.id}>" in refused.text
    for place in (inside, within, post, voice, thread):
        answer = await (await ada.slash(place, "ask", question=BRIDGE)).final(whole)
        assert "412 million" in answer.text, place


async def test_settings_say_when_the_articles_ask_for_another_embedder(
    running: Running, guild: Guild
) -> None:
    boss = running.standin.member(guild, "Mo", moderator=True)
    general = running.standin.channel(guild)
    await running.bring_in(guild)
    shown = await (await boss.slash(general, "settings show")).final()
    assert "NEWSDESK_EMBEDDER" not in shown.text
    text = (
        "Der Stadtrat von Neuhaven hat am Dienstag den Bau der neuen Brücke beschlossen. Die Arbeiten "
        "sollen im Mai beginnen und drei Jahre dauern, sagte die Bürgermeisterin."
    )
    german = [Article(f"Neuhaven baut Brücke {n}", f"{text} ({n})") for n in range(9)]
    await running.bring_in(guild, [IngestItem(each.title, each) for each in german])
    shown = await (await boss.slash(general, "settings show")).final()
    assert "German" in shown.text
    assert "NEWSDESK_EMBEDDER=e5" in shown.text


async def test_a_role_can_be_made_moderators(running: Running, guild: Guild) -> None:
    standin = running.standin
    boss = standin.member(guild, "Mo", moderator=True)
    general, role = standin.channel(guild), standin.role(guild, "editors")
    eve = standin.member(guild, "Eve", roles=[role])
    assert "settings" not in eve.shown_commands(general)
    changed = await (await boss.slash(general, "settings moderator", add=role)).final()
    # Ours is the right alone: that Discord shows the commands is an administrator's to say.
    assert f"<@&{role.id}>. An administrator can allow" in changed.text
    assert "settings" not in eve.shown_commands(general)
    standin.commands.allow(guild, role)
    shown = await (await eve.slash(general, "settings language", language="de")).final()
    assert "Einstellungen dieses Servers" in shown.text
    assert "Deutsch" in shown.text
    done = await (await boss.slash(general, "audit")).final()
    assert f"<@{eve.id}> (<#{general.id}>): **Einstellung: Sprache**: de" in done.text
    assert f"**Einstellung: Moderatoren**: added <@&{role.id}>" in done.text


async def test_private_by_default_makes_answers_private(running: Running, guild: Guild) -> None:
    standin = running.standin
    boss = standin.member(guild, "Mo", moderator=True)
    general = standin.channel(guild)
    await running.bring_in(guild)
    await (await boss.slash(general, "settings private", on=True)).final()
    ada = standin.member(guild, "Ada")
    answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    assert answer.is_ephemeral


async def test_a_person_sees_what_is_kept_and_has_it_forgotten(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    await running.bring_in(guild)
    assert "None" in (await (await ada.slash(general, "privacy forget")).final()).text
    answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    shown = await (await ada.slash(general, "privacy show")).final()
    assert "One of your questions" in shown.text
    assert "One entry about your use today" in shown.text
    sure = await (await ada.slash(general, "privacy forget")).final()
    done = await (await ada.press(sure, "Delete")).final()
    assert "one question" in done.text
    assert "None" in (await (await ada.slash(general, "privacy show")).final()).text
    sources = await (await ada.press(answer, "Sources")).final()
    assert "no longer stored" in sources.text


async def test_digests_that_are_kept_are_told_apart_from_questions(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    await running.bring_in(guild, many(12))
    await (await ada.slash(general, "digest", period="week")).final(whole)
    shown = await (await ada.slash(general, "privacy show")).final()
    assert "One summary, digest or timeline that you asked for or subscribed to" in shown.text
    assert "question" not in shown.text
    await running.bot.services.guild_settings.change(guild.id, language="de")
    shown = await (await ada.slash(general, "privacy show")).final()
    assert "Eine Zusammenfassung, ein Überblick oder eine Chronik" in shown.text
    assert "Frage" not in shown.text
    sure = await (await ada.slash(general, "privacy forget")).final()
    done = await (await ada.press(sure, "Alles löschen")).final()
    assert "0 Fragen" in done.text
    assert "sind keine Fragen" in (await (await ada.slash(general, "privacy show")).final()).text


async def test_opinions_and_subscriptions_are_told_and_forgotten_without_any_question(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    ada, bob = standin.member(guild, "Ada"), standin.member(guild, "Bob")
    general = standin.channel(guild)
    await running.bring_in(guild)
    answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    await (await bob.press(answer, "Helpful")).final()
    await (await bob.slash(general, "subscribe topic", topic="bridges")).final()
    shown = await (await bob.slash(general, "privacy show")).final()
    assert "Your feedback on one answer is stored." in shown.text
    assert "One of your subscriptions is stored." in shown.text
    sure = await (await bob.slash(general, "privacy forget")).final()
    await (await bob.press(sure, "Delete")).final()
    assert "None" in (await (await bob.slash(general, "privacy show")).final()).text
    listed = await (await bob.slash(general, "subscriptions list")).final()
    assert "no subscriptions" in listed.text


async def test_a_question_that_waits_for_a_server_is_forgotten_too(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    other = standin.guild("Other News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    standin.member(other, ada)
    await ada.dm(BRIDGE)
    menu = await standin.wait_for_message(ada.direct)
    await (await ada.slash(standin.channel(guild), "privacy forget")).final()
    await ada.select(menu, "newsdesk:server", "Harbour News")
    await standin.wait_until(lambda: "Harbour News" in menu.text)
    await ada.dm("Who won the mayoral election in Maravel?")
    answer = await standin.wait_for_message(ada.direct, whole)
    assert "412 million" not in answer.text
    assert len(standin.bot_messages(ada.direct)) == 2


async def test_help_says_what_to_do_next(running: Running, guild: Guild) -> None:
    standin = running.standin
    boss = standin.member(guild, "Mo", moderator=True)
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    empty = await (await ada.slash(general, "help")).final()
    assert "There are no articles here yet" in empty.text
    assert "/settings" not in empty.text
    await running.bring_in(guild)
    full = await (await boss.slash(general, "help")).final()
    assert "10 articles" in full.text
    assert "</settings show:" in full.text
    assert "</feeds add:" in full.text
    mine = await (await ada.slash(general, "help")).final()
    assert "</ask:" in mine.text
    assert "/feeds" not in mine.text
    assert "Maravel Courier" in mine.text
    examples = re.findall(r"</ask:\d+> (.+\?)", mine.text)
    assert len(examples) == 4
    assert "Lantern Bridge" in " ".join(examples)
    for example in examples[:3]:
        answer = await (await ada.slash(general, "ask", question=example)).final(whole)
        assert "Sources" in answer.text, example


async def test_usage_shows_the_budget(
    start: Start, standin: DiscordStandIn, model: ScriptedModel
) -> None:
    async with start(OPENAI_BASE_URL=model.url, NEWSDESK_DAILY_TOKENS="100000"):
        guild = standin.guild("Harbour News")
        boss = standin.member(guild, "Mo", moderator=True)
        shown = await (await boss.slash(standin.channel(guild), "usage")).final()
        assert "0 tokens" in shown.text
        assert "0% of the daily budget" in shown.text
        assert "no daily budget" in shown.text


async def test_the_bot_introduces_itself_once(running: Running) -> None:
    standin = running.standin
    await running.bot.wait_until_ready()
    guild = standin.guild("New News")
    general = standin.channel(guild)
    hello = await standin.wait_for_message(general, lambda m: "Thank you for having me" in m.text)
    assert "</setup:" in hello.text
    mo = standin.member(guild, "Mo", moderator=True)
    assert "Only moderators" in (await (await standin.member(guild, "Ada").press(hello, "Set me up")).final()).text  # fmt: skip
    assert "What is missing" in str((await (await mo.press(hello, "Set me up")).final()).embeds)
    await noted(running.bot, guild.id, gone=False)
    standin.leave(guild, standin.bot)
    await noted(running.bot, guild.id, gone=True)
    assert (await running.bot.services.guild_settings.of(guild.id)).welcomed
