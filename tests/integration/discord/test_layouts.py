"""Digests and sources made of components: what Discord takes, and what was posted as embeds before."""

from __future__ import annotations

import discord

from bot.i18n import translator_for
from bot.storage.answers import StoredAnswer, save_answer
from bot.ui.pager import as_record, page_view
from bot.ui.pages import Page
from tests.discord_standin.model import COMPONENTS_V2, SECTION, SEPARATOR, THUMBNAIL, walk
from tests.integration.answering_fixtures import BRIDGE, NOW
from tests.integration.discord.conftest import Running
from tests.integration.discord.looking import whole
from tests.integration.discord.test_article_pictures import picture_of, pictured


async def test_each_story_of_a_digest_stands_in_a_block_beside_its_picture(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild, pictured(12))
    await running.bot.services.guild_settings.change(guild.id, pictures=True)
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    digest = await (await ada.slash(channel, "digest", period="week")).final(whole)
    assert digest.flags & COMPONENTS_V2
    assert not digest.embeds
    parts = walk(digest.components)
    sections = [part for part in parts if part["type"] == SECTION]
    for section in sections:
        number = int(section["components"][0]["content"].split("report number ")[1].split("*")[0])
        assert section["accessory"]["media"]["url"] == picture_of(number)
    # The first story has no picture, and a line stands between each two.
    assert len(sections) == len([p for p in parts if p["type"] == SEPARATOR])
    assert digest.buttons == ["Next"]
    # Sources take the pictures of what is cited.
    asked = await ada.slash(channel, "ask", question="Which yard did the birch office close?")
    sources = await (await ada.press(await asked.final(whole), "Sources")).final()
    assert next(p["media"]["url"] for p in walk(sources.components) if p["type"] == THUMBNAIL) == picture_of(1)  # fmt: skip


async def test_a_digest_posted_as_embeds_before_is_still_turned(running: Running) -> None:
    standin, services = running.standin, running.bot.services
    guild = standin.guild("Harbour News")
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    pages = [Page(discord.Embed(description=f"Page {n} of old")) for n in (1, 2)]
    buttons = page_view("abcdefgh", 0, 2, translator_for("en"))
    place = running.bot.get_partial_messageable(channel.id)
    sent = await place.send(**Page(pages[0].embed, buttons).sent())
    await save_answer(
        services.library.database,
        StoredAnswer("abcdefgh", NOW, services.contexts.corpus_of(guild.id), guild.id, channel.id, sent.id, ada.id, None, False, as_record(pages)),
    )  # fmt: skip
    [shown] = standin.bot_messages(channel)
    await ada.press(shown, "Next")
    await standin.wait_until(lambda: "Page 2 of old" in shown.text)
    assert shown.embeds
    assert shown.buttons == ["Back"]


async def test_sources_hold_what_an_embed_held(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    answer = await (await ada.slash(channel, "ask", question=BRIDGE)).final(whole)
    sources = await (await ada.press(answer, "Sources")).final()
    assert sources.is_ephemeral
    assert sources.flags & COMPONENTS_V2
    assert "> [1]" in sources.text
    assert not sources.pings
