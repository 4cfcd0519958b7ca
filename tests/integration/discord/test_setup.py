"""The first ten minutes: from an invited bot to the first digest, and the checklist of ``/setup``."""

from __future__ import annotations

from datetime import timedelta

import discord
import pytest

from bot.answering.providers import ModelRefused
from bot.storage.feed_posts import FeedPost, add_post
from bot.storage.subscriptions import active_subscriptions
from tests.discord_standin import DiscordStandIn, Guild, Message, User
from tests.discord_standin.model import FORUM
from tests.integration.answering_fixtures import NOW
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import whole
from tests.newsite import NewsSite
from tests.newsite.documents import entry


class Clicks:
    """What a person does, counted: each command, button, menu and sent form."""

    def __init__(self, person: User) -> None:
        self.person = person
        self.count = 0

    async def press(self, message: Message, button: str) -> None:
        self.count += 1
        await (await self.person.press(message, button)).acknowledged()

    async def fill(self, message: Message, button: str, **values: str) -> None:
        self.count += 2
        form = await self.person.press(message, button)
        label, value = next(iter(values.items()))
        modal = await form.modal()
        assert label in " ".join(modal.inputs)
        await (
            await self.person.submit_modal(modal, {next(iter(modal.inputs)): value})
        ).acknowledged()

    async def choose(self, message: Message, menu: str, *values: object) -> None:
        self.count += 1
        await (await self.person.select(message, menu, *values)).acknowledged()


async def _checklist(person: User, message: Message) -> Message:
    return await (await person.press(message, "Set me up")).final()


async def test_six_clicks_lead_from_the_invitation_to_the_first_digest(
    start: Start, standin: DiscordStandIn
) -> None:
    with NewsSite() as site:
        today = [entry(site.url(), n, full=True, at=NOW - timedelta(hours=n)) for n in (1, 2, 3)]
        site.feed("/feed", today)
        async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
            await running.bot.wait_until_ready()
            guild = standin.guild("New News")  # the bot is invited: it says hello
            general = standin.channel(guild)
            boss = standin.member(guild, "Mo", moderator=True)
            hello = await standin.wait_for_message(general)
            clicks = Clicks(boss)

            clicks.count += 1
            shown = await _checklist(boss, hello)
            assert shown.is_ephemeral
            assert shown.component("Post a digest now")["disabled"]
            await clicks.fill(shown, "Add a feed", feed=site.url("/feed"))
            await standin.wait_until(lambda: "articles: 3" in shown.text)
            await clicks.choose(shown, "newsdesk:setup:digest", general)
            await standin.wait_until(lambda: f"<#{general.id}>, daily at 08:00" in shown.text)
            await clicks.press(shown, "Post a digest now")
            digest = await standin.wait_for_message(
                general, lambda m: whole(m) and "Thank you" not in m.text
            )

            assert clicks.count <= 6
            assert not digest.is_ephemeral
            assert "The news" in digest.text
            await standin.wait_until(lambda: f"posted in <#{general.id}>" in shown.text)
            # What was told is not told again at once.
            await clicks.press(shown, "Post a digest now")
            await standin.wait_until(lambda: "nothing new" in shown.text)


async def test_the_checklist_shows_and_changes_what_holds(
    start: Start, standin: DiscordStandIn
) -> None:
    async with start() as running:
        guild, boss = await _with_moderator(standin)
        general, other = standin.channel(guild), standin.channel(guild, "other")
        role = standin.role(guild, "readers")
        await running.bring_in(guild)
        shown = await (await boss.slash(general, "setup")).final()
        assert "Nothing" not in str(shown.embeds)  # no model, no intent
        assert "OPENAI_BASE_URL" in shown.text
        clicks = Clicks(boss)
        await clicks.choose(shown, "newsdesk:setup:channels", general, other)
        await standin.wait_until(lambda: f"<#{general.id}>, <#{other.id}>" in shown.text)
        await clicks.choose(shown, "newsdesk:setup:roles", role)
        await standin.wait_until(lambda: f"<@&{role.id}>" in shown.text)
        await clicks.choose(shown, "newsdesk:setup:digest", other)
        await standin.wait_until(lambda: f"<#{other.id}>, daily" in shown.text)
        await clicks.fill(shown, "Time zone", zone="europe/berlin")
        await standin.wait_until(lambda: "(Europe/Berlin)" in shown.text)
        await clicks.choose(shown, "newsdesk:setup:language", "de")
        await standin.wait_until(lambda: "Täglicher Überblick" in shown.text)
        settings = await running.bot.services.guild_settings.of(guild.id)
        assert settings.channels == (general.id, other.id)
        assert settings.ask_roles == (role.id,)
        assert (settings.language, settings.zone) == ("de", "Europe/Berlin")
        [digest] = await active_subscriptions(
            running.bot.services.library.database, guild_id=guild.id
        )
        assert (digest.channel_id, digest.zone) == (other.id, "Europe/Berlin")
        # Nothing chosen: everywhere, everyone, no digest.
        for menu in ("channels", "roles", "digest"):
            await clicks.choose(shown, f"newsdesk:setup:{menu}")
        await standin.wait_until(lambda: "noch keiner; wähle" in shown.text)
        settings = await running.bot.services.guild_settings.of(guild.id)
        assert settings.channels == settings.ask_roles == ()
        database = running.bot.services.library.database
        assert not await active_subscriptions(database, guild_id=guild.id)


async def test_what_is_missing_is_said_with_what_mends_it(
    start: Start, standin: DiscordStandIn
) -> None:
    async with start():
        guild, boss = await _with_moderator(standin)
        general, closed = standin.channel(guild), standin.channel(guild, "closed")
        standin.deny(closed, "send_messages", who=standin.bot)
        shown = await (await boss.slash(general, "setup")).final()
        refused = await boss.select(shown, "newsdesk:setup:digest", closed)
        assert f"can't write in <#{closed.id}>" in (await refused.final()).text
        await (await boss.select(shown, "newsdesk:setup:channels", closed)).acknowledged()
        await standin.wait_until(lambda: f"can't write in <#{closed.id}>" in shown.text)
        unknown = await (await boss.press(shown, "Time zone")).modal()
        told = await boss.submit_modal(unknown, {"Time zone": "Berlin/Europe"})
        assert "Europe/Berlin" in (await told.final()).text


async def test_a_pasted_list_of_feeds_is_added(start: Start, standin: DiscordStandIn) -> None:
    with NewsSite() as site:
        site.feed("/one", [1])
        site.feed("/two", [2])
        outlines = "".join(f'<outline xmlUrl="{site.url(each)}"/>' for each in ("/one", "/two"))
        async with start(NEWSDESK_FETCH_ALLOW=site.allow):
            guild, boss = await _with_moderator(standin)
            shown = await (await boss.slash(standin.channel(guild), "setup")).final()
            clicks = Clicks(boss)
            opml = f'<opml version="2.0"><body>{outlines}</body></opml>'
            await clicks.fill(shown, "Add a feed", feed=opml)
            await standin.wait_until(lambda: "2 added" in shown.text and "2 feeds" in shown.text)


async def _with_moderator(standin: DiscordStandIn) -> tuple[Guild, User]:
    guild = standin.guild("Harbour News")
    return guild, standin.member(guild, "Mo", moderator=True)


async def test_who_is_no_moderator_any_more_uses_nothing_of_it(
    start: Start, standin: DiscordStandIn
) -> None:
    async with start():
        guild, boss = await _with_moderator(standin)
        general = standin.channel(guild)
        shown = await (await boss.slash(general, "setup")).final()
        form = await (await boss.press(shown, "Time zone")).modal()
        standin.set_roles(guild, boss)
        for button in ("Add a feed", "Time zone", "Check again"):
            assert "Only moderators" in (await (await boss.press(shown, button)).final()).text
        chosen = await boss.select(shown, "newsdesk:setup:digest", general)
        assert "Only moderators" in (await chosen.final()).text
        sent = await boss.submit_modal(form, {"Time zone": "Europe/Berlin"})
        assert "Only moderators" in (await sent.final()).text


async def test_a_model_that_fails_and_forums_that_take_no_posts_are_told(
    writing: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin, bot = writing.standin, writing.bot
    guild, boss = await _with_moderator(standin)
    general, forum = standin.channel(guild), standin.channel(guild, "stories", kind=FORUM)
    database, corpus = bot.services.library.database, bot.services.contexts.corpus_of(guild.id)
    post = FeedPost(0, corpus, guild.id, forum.id, True, "UTC", NOW, NOW)
    await add_post(database, post)
    shown = (await (await boss.slash(general, "setup")).final()).text
    assert "language model" not in shown
    assert "create posts" not in shown
    standin.deny(forum, "send_messages", who=standin.bot)
    seen = bot.get_channel(forum.id)
    assert isinstance(seen, discord.ForumChannel)
    await standin.wait_until(lambda: not seen.permissions_for(seen.guild.me).send_messages)
    monkeypatch.setattr("bot.services.setup.NEARLY_ALL_THREADS", 1)
    await boss.start_thread(general, "a thread")
    await standin.wait_until(lambda: bool(seen.guild.threads))
    for _ in range(3):
        bot._model_trouble.model_failed(ModelRefused("model-key-refused"))
    shown = (await (await boss.slash(general, "setup")).final()).text
    assert "The language model is failing" in shown
    assert f"I can't create posts in <#{forum.id}>" in shown
    assert "has 1 open threads; Discord allows 1,000" in shown
