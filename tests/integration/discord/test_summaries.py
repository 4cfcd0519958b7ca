"""Summaries, digests, timelines and subscriptions as people see them in Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest

from bot.storage.subscriptions import active_subscriptions
from retrieval.models import Article, IngestItem
from retrieval.timestamps import parse_span
from tests.discord_standin import Channel, Guild, User
from tests.integration.answering_fixtures import NOW
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import footer, whole
from tests.integration.discord.newsdesk_server import Server, over, server
from tests.newsite import NewsSite

TITLE = "Lantern Bridge opens after nine years"
LINK = "https://courier.maravel.example/lantern-bridge-opens"


@pytest.fixture(scope="module")
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


@pytest.fixture
async def desk(start: Start, site: NewsSite) -> AsyncIterator[Server]:
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        yield server(running, site)


def many(count: int) -> list[IngestItem]:
    """Stories that have nothing in common but the word maravel."""
    words = [
        "amber",
        "birch",
        "cedar",
        "delta",
        "ember",
        "fjord",
        "grove",
        "heron",
        "inlet",
        "jetty",
        "knoll",
        "lagoon",
    ]
    return [
        IngestItem("a", Article(
            f"{word.title()} report number {n}",
            f"The {word} office of Maravel closed its {word} yard after the {word} season. "
            f"Some {n + 20} {word} workers protested in front of the {word} hall, the {word} union said.",
            f"https://{word}.example/{n}", f"{word.title()} Times",
            published=parse_span((NOW - timedelta(hours=n + 1)).isoformat()),
        ))
        for n, word in enumerate(words[:count])
    ]  # fmt: skip


async def test_an_article_is_summed_up_with_sources_and_figures(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    asked = await ada.slash(standin.channel(guild), "summary article", article=LINK)
    answer = await asked.final(whole)
    assert answer.embed["title"] == TITLE
    assert "The Lantern Bridge cost 412 million crowns" in answer.text
    assert "• 412 million crowns [" in answer.text
    assert "Maravel Courier · <t:" in answer.text
    assert not answer.pings


async def test_a_story_is_summed_up_across_its_outlets(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    asked = await ada.slash(standin.channel(guild), "summary story", story=TITLE)
    answer = await asked.final(whole)
    assert "**What happened**" in answer.text


async def test_titles_are_offered_while_one_types(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    offered = await ada.autocomplete(channel, "summary article", "article", "lantern")  # fmt: skip
    assert TITLE in [choice.name for choice in offered]


async def test_the_menu_of_a_message_sums_up_its_link_for_who_asked(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, bob = standin.member(guild, "Ada"), standin.member(guild, "Bob")
    channel = standin.channel(guild)
    message = await bob.send(channel, f"have you seen {LINK}?")
    asked = await ada.context_menu(channel, "Summarise this", message)
    answer = await asked.final(whole)
    assert "412 million" in answer.text
    assert not bob.sees(answer)


async def test_a_link_that_is_not_here_is_brought_in_by_moderators_and_summed_up(
    desk: Server,
) -> None:
    link = desk.site.url("/news/21")
    empty = await (await desk.ada.slash(desk.general, "digest")).final()
    assert "There are no articles here yet" in empty.text
    told = await (await desk.ada.slash(desk.general, "summary article", article=link)).final()
    assert "Moderators can add it" in told.text
    assert not told.buttons
    offer = await (await desk.boss.slash(desk.general, "summary article", article=link)).final()
    assert "hasn't been added here" in offer.text
    refused = await desk.ada.press(offer, "Add and summarise")
    assert "Only moderators" in (await refused.final()).text
    pressed = await desk.boss.press(offer, "Add and summarise")
    summary = await pressed.final(whole)
    assert "[1]" in summary.text
    assert "Lind21" in summary.text
    assert desk.ada.sees(summary)
    again = await desk.ada.slash(desk.general, "summary article", article=link)
    assert "Lind21" in (await again.final(whole)).text


async def test_the_menu_of_a_message_brings_its_link_in_for_who_asked(desk: Server) -> None:
    message = await desk.ada.send(desk.general, desk.site.url("/news/22"))
    asked = await desk.boss.context_menu(desk.general, "Summarise this", message)
    pressed = await desk.boss.press(await asked.final(), "Add and summarise")
    summary = await pressed.final(whole)
    assert "Lind22" in summary.text
    assert not desk.ada.sees(summary)


async def test_a_link_that_cannot_be_brought_in_is_told_with_its_reason(desk: Server) -> None:
    link = desk.site.url("/nothing-here")
    offer = await (await desk.boss.slash(desk.general, "summary article", article=link)).final()
    pressed = await desk.boss.press(offer, "Add and summarise")
    told = await pressed.final(over)
    assert "404" in told.text


async def test_a_long_digest_is_paged_and_still_after_a_restart(start: Start) -> None:
    async with start() as running:
        standin = running.standin
        guild = standin.guild("Harbour News")
        await running.bring_in(guild, many(12))
        ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
        digest = await (await ada.slash(channel, "digest", period="week")).final(whole)
        assert digest.text.count("1 article") >= 4
        assert "page 1 of" in footer(digest)
        await ada.press(digest, "Next")
        await standin.wait_until(lambda: "page 2 of" in footer(digest))
    async with start() as running:
        await ada.press(digest, "Back")
        await standin.wait_until(lambda: "page 1 of" in footer(digest))


async def test_the_same_story_is_in_a_digest_once(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    first = many(1)[0].article
    assert first is not None
    copies = [
        IngestItem("a", Article(first.title, first.text, f"https://{name}.example/x", name, published=first.published))
        for name in ("one", "two", "three")
    ]  # fmt: skip
    await running.bring_in(guild, copies)
    ada = standin.member(guild, "Ada")
    digest = await (await ada.slash(standin.channel(guild), "digest")).final(whole)
    assert digest.text.count(first.title) == 1 + digest.text.count(f"[{first.title}]")
    assert "one, three, two · 3 articles" in digest.text


async def test_a_timeline_comes_with_a_chart_that_has_words_for_the_blind(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    asked = await ada.slash(standin.channel(guild), "timeline", topic="Lantern Bridge")
    answer = await asked.final(whole)
    assert "**1.** <t:" in answer.text
    (picture,) = answer.attachments
    assert picture.filename == "timeline.png"
    assert picture.description is not None
    assert picture.description.startswith("Bar chart: ")
    assert answer.embed["image"]["url"]


async def test_a_comparison_names_each_publisher_beside_what_it_says(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    asked = await ada.slash(standin.channel(guild), "compare", topic="Lantern Bridge")
    answer = await asked.final(whole)
    assert answer.embed["title"] == "Who says what about Lantern Bridge"
    rows = [line for line in answer.text.splitlines() if line.startswith("**")]
    named = {name for line in rows for name in line.split("**")[1].split(", ")}
    assert named == {"Maravel Courier", "Oss Valley Radio"}
    assert len(rows) == len(set(rows))
    assert "[1]" in answer.text
    nothing = await ada.slash(standin.channel(guild), "compare", topic="zebra racing")
    told = await nothing.final()
    assert "No article here is about “zebra racing”." in told.text


async def test_a_topic_that_nobody_wrote_about_is_told_in_one_sentence(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    asked = await ada.slash(standin.channel(guild), "timeline", topic="zebra @everyone racing")
    told = await asked.final()
    assert "No article here is about “zebra" in told.text
    assert not told.pings


async def subscribe(running: Running, **options: Any) -> tuple[Guild, User, Channel]:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    mo, channel = standin.member(guild, "Mo", moderator=True), standin.channel(guild)
    chosen: dict[str, Any] = {"at": "08:00", "zone": "Europe/Berlin", **options}
    if chosen.get("channel") == "here":
        chosen["channel"] = channel
    done = await (await mo.slash(channel, "subscribe digest", **chosen)).final()
    assert "Subscribed: digest, daily at 08:00 (Europe/Berlin)" in done.text
    return guild, mo, channel


async def tick(running: Running, days: float) -> None:
    running.bot.services.library.clock = lambda: NOW + timedelta(days=days)
    await running.bot.services.subscriptions.tick()


async def test_a_digest_comes_to_its_channel_once(running: Running) -> None:
    _, _, channel = await subscribe(running, channel="here")
    await tick(running, 0.8)
    await tick(running, 0.81)
    standin = running.standin
    digest = await standin.wait_for_message(channel, whole)
    assert "Lantern Bridge" in digest.text
    assert not digest.pings
    assert len(standin.bot_messages(channel)) == 1


async def test_a_digest_moved_to_another_time_comes_then_and_not_at_once(running: Running) -> None:
    _, mo, channel = await subscribe(running, channel="here")
    # It is noon: seven in the morning has passed, and comes tomorrow.
    edit = await mo.slash(channel, "subscriptions edit", id=1, at="7:00", weekday=7, zone="UTC")
    assert "daily at 07:00 (UTC)" in (await edit.final()).text
    await tick(running, 0.1)
    assert not [m for m in running.standin.bot_messages(channel) if whole(m)]
    await tick(running, 0.8)
    assert "Lantern Bridge" in (await running.standin.wait_for_message(channel, whole)).text


async def test_a_digest_comes_directly_to_who_asked_for_it(running: Running) -> None:
    _, mo, _ = await subscribe(running)
    await tick(running, 0.8)
    digest = await running.standin.wait_for_message(mo.direct, whole)
    assert "Lantern Bridge" in digest.text


async def test_a_digest_whose_arrival_was_not_noted_is_found_in_the_channel(
    running: Running,
) -> None:
    _, _, channel = await subscribe(running, channel="here")
    runner = running.bot.services.subscriptions
    courier: Any = runner._sender
    deliver = courier.deliver

    async def dies_after_sending(*arguments: Any) -> None:
        await deliver(*arguments)
        raise RuntimeError("the program ends here")

    courier.deliver = dies_after_sending
    await tick(running, 0.8)
    courier.deliver = deliver
    await tick(running, 0.81)
    await tick(running, 0.82)
    assert len(running.standin.bot_messages(channel)) == 1
    assert runner._backoff.failed == {}


async def test_a_channel_that_is_gone_ends_the_subscription_and_tells_who_made_it(
    running: Running,
) -> None:
    _, mo, channel = await subscribe(running, channel="here")
    running.standin.delete_channel(channel)
    # What Discord says for good is believed when it has been so for a day.
    for days in (0.8, 1.31):
        await tick(running, days)
        assert await active_subscriptions(running.bot.services.library.database)
    await tick(running, 1.81)
    told = await running.standin.wait_for_message(mo.direct)
    assert "has ended: its channel is gone" in told.text
    assert await active_subscriptions(running.bot.services.library.database) == []


async def test_who_left_the_server_gets_nothing_of_it_any_more(running: Running) -> None:
    guild, mo, _ = await subscribe(running)
    running.standin.leave(guild, mo)
    for days in (0.8, 1.31, 1.81):
        await tick(running, days)
    assert not [message for message in mo.messages(mo.direct) if whole(message)]
    assert await active_subscriptions(running.bot.services.library.database) == []


async def test_a_time_zone_or_time_that_does_not_exist_is_told(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    wrong = await (await ada.slash(channel, "subscribe digest", at="08:00", zone="Berlin")).final()
    assert "Berlin isn't a time zone. Try one like Europe/Berlin." in wrong.text
    late = await (await ada.slash(channel, "subscribe digest", at="25:00")).final()
    assert "25:00 isn't a time of day" in late.text


async def test_half_a_quiet_time_is_refused_and_a_whole_one_is_told_with_its_zone(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    topic = {"topic": "floods", "zone": "Europe/Berlin"}
    half = await (await ada.slash(channel, "subscribe topic", quiet_from="10pm", **topic)).final()
    assert "both a start and an end" in half.text
    same = {"quiet_from": "10pm", "quiet_until": "22:00"}
    empty = await (await ada.slash(channel, "subscribe topic", **same, **topic)).final()
    assert "can't start and end at the same time" in empty.text
    hours = {"quiet_from": "10 pm", "quiet_until": "7.30"}
    done = await (await ada.slash(channel, "subscribe topic", **hours, **topic)).final()
    assert "quiet hours from 22:00 to 07:30 (Europe/Berlin)" in done.text
    listed = await (await ada.slash(channel, "subscriptions list")).final()
    assert "quiet hours from 22:00 to 07:30 (Europe/Berlin)" in listed.text
    assert len(await active_subscriptions(running.bot.services.library.database)) == 1


async def test_a_source_that_does_not_exist_is_refused_with_the_nearest_names(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    wrong = {"source": "Maravel Curier"}
    for command, options in (
        ("ask", {"question": "What did the Lantern Bridge cost?"}),
        ("digest", {"period": "week"}),
        ("subscribe digest", {"at": "8am"}),
    ):
        told = await (await ada.slash(channel, command, **options, **wrong)).final(
            lambda m: "did you mean" in m.text
        )
        assert "Maravel Courier" in told.text, command
    assert await active_subscriptions(running.bot.services.library.database) == []
    names = await ada.autocomplete(
        channel, "subscribe digest", option="source", typed="courier mar", at="8am"
    )
    assert [name.value for name in names] == ["Maravel Courier"]


async def test_what_is_asked_for_publicly_is_public_where_answers_are_private(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    await running.bot.services.guild_settings.change(guild.id, private=True)
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    for command, options in (
        ("ask", {"question": "What did the Lantern Bridge cost?"}),
        ("summary article", {"article": "Lantern Bridge opens"}),
        ("summary story", {"story": "Lantern Bridge opens"}),
        ("digest", {"period": "week"}),
        ("timeline", {"topic": "Lantern Bridge"}),
        ("compare", {"topic": "Lantern Bridge"}),
    ):
        for said, private in (({}, True), ({"private": False}, False)):
            shown = await ada.slash(channel, command, **options, **said)
            await shown.acknowledged()
            assert shown.original is not None
            assert shown.original.is_ephemeral is private, command
    await standin.wait_until(lambda: not running.bot.services.requests.is_busy)


async def test_a_time_is_understood_in_the_language_of_who_asks(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Hafenblatt", locale="de")
    await running.bring_in(guild)
    ada, channel = standin.member(guild, "Ada", locale="de"), standin.channel(guild)
    for since in ("gestern", "letzte Woche"):
        asked = await ada.slash(channel, "timeline", topic="Lantern Bridge", since=since)
        assert "Chronik" in (await asked.final(lambda m: "Chronik" in m.text)).text
    refused = await ada.slash(channel, "timeline", topic="Lantern Bridge", since="irgendwann")
    assert "kein Datum" in (await refused.final()).text


async def test_suggestions_come_in_direct_messages_from_every_server_shared(
    running: Running,
) -> None:
    standin = running.standin
    guild, other = standin.guild("Harbour News"), standin.guild("Other News")
    await running.bring_in(guild)
    await running.bring_in(other, many(3))
    ada = standin.member(guild, "Ada")
    standin.member(other, ada)

    async def suggested(command: str, option: str, typed: str, **options: Any) -> list[str]:
        found = await ada.autocomplete(ada.direct, command, option=option, typed=typed, **options)
        return [choice.name for choice in found]

    assert "Maravel Courier" in await suggested("ask", "source", "", question="Who?")
    assert await suggested("summary article", "article", "opens lantern")
    assert await suggested("summary story", "story", "amber")


async def test_members_may_not_send_digests_to_channels(running: Running) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    told = await (await ada.slash(channel, "subscribe digest", at="08:00", channel=channel)).final()
    assert "Only moderators" in told.text


async def test_subscriptions_are_listed_paused_and_removed_by_their_owner_only(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    ada, bob = standin.member(guild, "Ada"), standin.member(guild, "Bob")
    channel = standin.channel(guild)
    await (await ada.slash(channel, "subscribe topic", topic="floods", most_a_day=2)).final()
    listed = await (await ada.slash(channel, "subscriptions list")).final()
    assert "**1** · alerts on floods · at most 2 messages a day · direct message" in listed.text
    nothing = await (await bob.slash(channel, "subscriptions list")).final()
    assert "There are no subscriptions" in nothing.text
    refused = await (await bob.slash(channel, "subscriptions remove", id=1)).final()
    assert "You have no subscription 1" in refused.text
    paused = await (await ada.slash(channel, "subscriptions pause", id=1)).final()
    assert "is paused" in paused.text
    again = await (await ada.slash(channel, "subscriptions pause", id=1)).final()
    assert "is paused" in again.text
    resumed = await (await ada.slash(channel, "subscriptions resume", id=1)).final()
    assert "is active again" in resumed.text
    refused = await (await bob.slash(channel, "subscriptions edit", id=1, topic="dams")).final()
    assert "You have no subscription 1" in refused.text
    refused = await (await ada.slash(channel, "subscriptions edit", id=1, at="8:00")).final()
    assert "daily maximum" in refused.text
    edited = await (
        await ada.slash(channel, "subscriptions edit", id=1, topic="dams", most_a_day=7)
    ).final()
    assert "alerts on dams, at most 7 messages a day" in edited.text
    removed = await (await ada.slash(channel, "subscriptions remove", id=1)).final()
    assert "has been removed" in removed.text
    listed = await (await ada.slash(channel, "subscriptions list")).final()
    assert "There are no subscriptions" in listed.text


async def test_what_rests_on_a_removed_article_is_neither_paged_nor_shared(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild, many(12))
    ada, channel = standin.member(guild, "Ada"), standin.channel(guild)
    mo = standin.member(guild, "Mo", moderator=True)
    digest = await (await ada.slash(channel, "digest", period="week")).final(whole)
    asked = await ada.slash(
        channel, "ask", question="Which yard did the amber office close?", private=True
    )
    answer = await asked.final(whole)
    assert "amber yard" in answer.text
    removed = await (await mo.slash(channel, "articles find", words="amber")).final()
    assert "Amber" in removed.text
    [choice] = await mo.autocomplete(channel, "articles remove", option="article", typed="amber")
    await (await mo.slash(channel, "articles remove", article=str(choice.value))).final()
    refused = await (await ada.press(answer, "Share")).final()
    assert "moderators removed on <t:" in refused.text
    assert not any("amber yard" in m.text for m in mo.messages(channel) if m is not digest)
    await ada.press(digest, "Next")
    await standin.wait_until(lambda: "moderators removed on <t:" in digest.text)
    assert "amber" not in digest.text
    assert digest.buttons == []
