"""What moderators may do, nobody else may, in whatever way they try; each server for itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import discord
import pytest
from discord import app_commands

from bot.ui.pager import PagedLists
from tests.discord_standin import Message
from tests.integration.discord.conftest import Start
from tests.integration.discord.looking import whole
from tests.integration.discord.newsdesk_server import Server, server
from tests.newsite import NewsSite

# Every command of moderators, as somebody would use it, and its options that suggest something.
COMMANDS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "ingest url": ({"links": "https://example.com/a"}, ()),
    "ingest file": ({"file": ("a.txt", b"A text.")}, ()),
    "ingest text": ({}, ()),
    "feeds add": ({"address": "https://example.com/feed"}, ()),
    "feeds list": ({}, ()),
    "feeds preview": ({"address": "https://example.com/feed"}, ()),
    "feeds pause": ({"feed": "1"}, ("feed",)),
    "feeds resume": ({"feed": "1"}, ("feed",)),
    "feeds remove": ({"feed": "1"}, ("feed",)),
    "feeds filter": ({"feed": "1", "include": "harbour"}, ("feed",)),
    "feeds import": ({"file": ("feeds.opml", b"<opml/>")}, ()),
    "feeds export": ({}, ()),
    "feeds check": ({"feed": "1"}, ("feed",)),
    "feeds edit": ({"feed": "1"}, ("feed",)),
    "feeds post": ({}, ("feed",)),
    "feeds posts list": ({}, ()),
    "feeds posts pause": ({"post": 1}, ("post",)),
    "feeds posts resume": ({"post": 1}, ("post",)),
    "feeds posts remove": ({"post": 1}, ("post",)),
    "articles find": ({"words": "bridge"}, ()),
    "articles show": ({"article": "bridge"}, ("article",)),
    "articles remove": ({"article": "bridge"}, ("article",)),
    "articles restore": ({"article": "bridge"}, ("article",)),
    "stories show": ({"article": "bridge"}, ("article",)),
    "stories split": ({"article": "bridge"}, ("article",)),
    "stories merge": ({"article": "a", "other": "b"}, ("article", "other")),
    "audit": ({}, ()),
    "report": ({}, ()),
    "setup": ({}, ()),
    "settings show": ({}, ()),
    "settings channels": ({}, ()),
    "settings ask-roles": ({}, ()),
    "settings free-roles": ({}, ()),
    "settings moderator": ({}, ()),
    "settings threads": ({"on": True}, ()),
    "settings private": ({"on": True}, ()),
    "settings pictures": ({"on": True}, ()),
    "settings language": ({"language": "de"}, ()),
    "settings moderators-channel": ({}, ()),
    "settings limit": ({}, ()),
    "settings zone": ({"zone": "Europe/Berlin"}, ("zone",)),
}
# Where these reach further than the person, such as a digest to a channel, their own tests say who may.
FOR_ALL = {
    "ask",
    "help",
    "usage",
    "privacy show",
    "privacy forget",
    "summary article",
    "summary story",
    "digest",
    "timeline",
    "compare",
    "subscribe digest",
    "subscribe topic",
    "subscriptions list",
    "subscriptions pause",
    "subscriptions resume",
    "subscriptions edit",
    "subscriptions remove",
}


@pytest.fixture(scope="module")
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


@pytest.fixture
async def desk(start: Start, site: NewsSite) -> AsyncIterator[Server]:
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        made = server(running, site)
        # As if an administrator had opened the commands to everyone: we check by ourselves.
        running.standin.commands.open_to_all = True
        await running.bring_in(made.guild)
        site.feed("/feed", [3])
        await made.do("feeds add", address=site.url("/feed"))
        await made.do("feeds pause", feed="1")  # or it would bring news in midway
        await made.do("articles remove", article=await made.id_of("cannery"))
        yield made


async def test_members_are_refused_for_every_command_and_get_no_suggestions(desk: Server) -> None:
    tree = desk.running.bot.tree
    there = {c.qualified_name for c in tree.walk_commands() if isinstance(c, app_commands.Command)}
    assert there == set(COMMANDS) | FOR_ALL
    before = await _state(desk)
    for command, (options, suggesting) in COMMANDS.items():
        refused = await (await desk.ada.slash(desk.general, command, **options)).final()
        assert "Only moderators" in refused.text, command
        assert refused.is_ephemeral, command
        for option in suggesting:
            others = {name: value for name, value in options.items() if name != option}
            choices = await desk.ada.autocomplete(desk.general, command, option=option, **others)
            assert choices == [], command
    assert await _state(desk) == before


async def test_commands_of_moderators_work_in_servers_only(desk: Server) -> None:
    assert not desk.boss.shown_commands(desk.boss.direct) & {name.split()[0] for name in COMMANDS}
    # As if Discord held to no context.
    for registered in desk.standin.commands.all():
        registered["contexts"], registered["dm_permission"] = None, True
    for command, (options, suggesting) in COMMANDS.items():
        refused = await (await desk.boss.slash(desk.boss.direct, command, **options)).final()
        assert "only works in a server" in refused.text, command
        for option in suggesting:
            others = {name: value for name, value in options.items() if name != option}
            direct = desk.boss.direct
            assert not await desk.boss.autocomplete(direct, command, option=option, **others)


async def test_members_are_refused_in_the_menu_of_a_message(desk: Server) -> None:
    menus = desk.running.bot.tree.get_commands(type=discord.AppCommandType.message)
    assert {menu.name for menu in menus} == {
        "Ask about this",
        "Correct this answer",
        "Ingest this",
        "Summarise this",
    }
    message = await desk.ada.send(desk.general, desk.site.url("/news/1"))
    refused = await (await desk.ada.context_menu(desk.general, "Ingest this", message)).final()
    assert "Only moderators" in refused.text


async def test_who_loses_the_role_is_refused_in_forms_and_by_buttons(desk: Server) -> None:
    standin, boss = desk.standin, desk.boss
    for number in range(12):
        desk.site.feed(f"/{number}", [number])
        await desk.do("feeds add", address=desk.site.url(f"/{number}"))
    listed = await desk.do("feeds list")
    form = await boss.slash(desk.general, "ingest text")
    await form.modal()
    message = await desk.ada.send(desk.general, desk.site.url("/news/21"))
    about = await boss.context_menu(desk.general, "Ask about this", message)
    asked = await boss.submit_modal(about, {"Your question": "What is this?"})
    await asked.final(whole)
    await standin.wait_until(lambda: len(asked.messages) == 2)
    standin.set_roles(desk.guild, boss)
    pasted = await boss.submit_modal(form, {"Title": "A", "Text": "B"})
    assert "Only moderators" in (await pasted.final()).text
    assert "Only moderators" in (await (await boss.press(listed, "Next")).final()).text
    brought = await (await boss.press(asked.messages[1], "Add it")).final()
    assert "Only moderators" in brought.text


async def test_pages_are_turned_by_who_asked_for_them_only(desk: Server) -> None:
    for number in range(12):
        desk.site.feed(f"/{number}", [number])
        await desk.do("feeds add", address=desk.site.url(f"/{number}"))
    listed = await desk.do("feeds list")
    custom_id = listed.component("Next")["custom_id"]
    forged = await (await desk.ada.press(listed, custom_id, forged=True)).final()
    assert "belongs to someone else" in forged.text
    desk.running.bot.services.lists = PagedLists()  # as after a restart
    late = await (await desk.boss.press(listed, "Next")).final()
    assert "no longer stored" in late.text


async def test_a_server_sees_and_changes_nothing_of_another(desk: Server) -> None:
    other = server(desk.running, desk.site, "Other News")
    article_id = await desk.id_of("Lantern Bridge opens")
    before = await _state(desk)
    assert "has no feeds" in (await other.do("feeds list")).text
    for command in ("pause", "resume", "remove", "check"):
        assert "no feed 1" in (await other.do(f"feeds {command}", feed="1")).text
        assert not await other.boss.autocomplete(other.general, f"feeds {command}", option="feed")
    for command in ("articles show", "articles remove", "articles restore", "stories show"):
        refused = await other.do(command, article=article_id)
        assert "There is no article" in refused.text
        assert not await other.boss.autocomplete(other.general, command, option="article")
    assert "Nothing found" in (await other.do("articles find", words="bridge")).text
    assert "No actions found" in (await other.do("audit", about=article_id)).text
    assert await _state(desk) == before


async def _state(desk: Server) -> list[str]:
    shown: list[Message] = [
        await desk.do("feeds list"), await desk.do("audit"),
        await desk.do("articles find", words="a"),
    ]  # fmt: skip
    return [message.text for message in shown]
