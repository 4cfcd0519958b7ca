"""Who sees and may use what, where: each command, menu entry and button, as one table."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import discord
import pytest

from bot.i18n.catalogues import load
from bot.ui.jobs import CancelButton
from tests.discord_standin import Channel, Guild, Interaction, Message, User
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Running
from tests.integration.discord.looking import whole

# A cell says what Discord shows and the bot does: "yes", or the code of the refusal; "-" before it
# if Discord hides the command there, which the bot must refuse all the same if it is used.
# A server's channels, its threads and the posts of its forums are alike: "here".
COMMANDS = """
name                 member,here          moderator,here  member,direct   moderator,direct  stranger,direct
ask                  yes                  yes             yes             yes               dm-no-servers
summary              yes                  yes             yes             yes               dm-no-servers
digest               yes                  yes             yes             yes               dm-no-servers
timeline             yes                  yes             yes             yes               dm-no-servers
compare              yes                  yes             yes             yes               dm-no-servers
help                 yes                  yes             yes             yes               yes
usage                yes                  yes             yes             yes               yes
privacy              yes                  yes             yes             yes               yes
subscriptions        yes                  yes             yes             yes               yes
subscribe            yes                  yes             -server-only    -server-only      -server-only
articles             -moderators-only     yes             -server-only    -server-only      -server-only
audit                -moderators-only     yes             -server-only    -server-only      -server-only
feeds                -moderators-only     yes             -server-only    -server-only      -server-only
ingest               -moderators-only     yes             -server-only    -server-only      -server-only
report               -moderators-only     yes             -server-only    -server-only      -server-only
settings             -moderators-only     yes             -server-only    -server-only      -server-only
setup                -moderators-only     yes             -server-only    -server-only      -server-only
stories              -moderators-only     yes             -server-only    -server-only      -server-only
Ask_about_this       yes                  yes             yes             yes               yes
Summarise_this       yes                  yes             yes             yes               yes
Ingest_this          -moderators-only     yes             -server-only    -server-only      -server-only
Correct_this_answer  -moderators-only     yes             -server-only    -server-only      -server-only
"""
# Of a public answer that the asker got, of a job and of the greeting. "share" is not below a public
# answer: it is forged.
BUTTONS = """
name                 asker                other           moderator
sources              yes                  yes             yes
follow-up            yes                  yes             yes
helpful              yes                  yes             yes
not-helpful          yes                  yes             yes
share                button-expired       button-expired  button-expired
cancel               moderators-only      moderators-only yes
setup                moderators-only      moderators-only yes
delete               -                    not-yours       yes
"""
REFUSALS = ("moderators-only", "server-only", "dm-no-servers", "not-yours", "not-here", "may-not-ask", "not-allowed", "button-expired")  # fmt: skip
# Enough for what a command needs, and nothing that it would fetch or change for the next one.
OPTIONS: dict[str, Any] = {
    "address": "x", "links": "x", "feed": "1", "article": "a", "other": "b", "story": "a", "words": "w",
    "question": "Who won?", "topic": "bridge", "file": ("a.exe", b"x"), "on": False, "language": "own",
    "zone": "Europe/Berlin", "at": "8am", "id": 99, "post": 99,
}  # fmt: skip
_AT_ONCE = 6


def _rows(table: str) -> Iterator[tuple[str, str, str]]:
    """Name, column and cell of each cell."""
    head, *lines = [line.split() for line in table.strip().splitlines()]
    for name, *cells in lines:
        for column, cell in zip(head[1:], cells, strict=True):
            yield name.replace("_", " "), column, cell


def _patterns() -> dict[str, re.Pattern[str]]:
    english = load("en", "discord")
    parts = {code: re.split(r"\{[^}]*\}", english.pattern(code)) for code in REFUSALS}
    return {code: re.compile(".*".join(map(re.escape, each)), re.S) for code, each in parts.items()}


PATTERNS = _patterns()


async def _outcome(used: Interaction) -> str:
    """``yes``, or the code of the refusal."""
    await used.acknowledged()
    if used.response_type == 9:  # a form
        return "yes"
    text = (await used.final()).text
    return next((code for code, pattern in PATTERNS.items() if pattern.search(text)), "yes")


def _leaves(described: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The commands that can be used, each with the options that it needs."""
    path = f"{path} {described['name']}".strip()
    options = described.get("options") or []
    if inner := [each for each in options if each["type"] in (1, 2)]:
        for each in inner:
            yield from _leaves(each, path)
    else:
        yield path, {o["name"]: OPTIONS[o["name"]] for o in options if o.get("required")}


@pytest.mark.parametrize("place", ["channel", "thread", "post", "direct"])
async def test_each_command_is_shown_and_allowed_as_the_table_says(
    running: Running, place: str
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    people = {
        "member": standin.member(guild, "Ada"),
        "moderator": standin.member(guild, "Mo", moderator=True),
        "stranger": standin.user("Eve"),
    }
    here = await _place(running, guild, people["member"], place)
    registered = standin.commands.all()
    cells = [
        (name, people[column.split(",")[0]], cell)
        for name, column, cell in _rows(COMMANDS)
        if column.endswith("direct") is (place == "direct")
    ]
    assert {name for name, _, _ in cells} == {each["name"] for each in registered}
    for name, person, cell in cells:
        channel = here or person.direct
        shown = person.shown_commands(channel) | person.shown_commands(channel, 3)
        assert (name in shown) is not cell.startswith("-"), (name, person.name)
    # As a tampered client would, or where an administrator opened everything: we check ourselves.
    standin.commands.open_to_all = True
    for each in registered:
        each["contexts"], each["dm_permission"] = None, True
    messages = {p: await p.send(here or p.direct, "words") for p in people.values() if here is None or p.name != "Eve"}  # fmt: skip
    places = asyncio.Semaphore(_AT_ONCE)
    wrong: list[str] = []

    async def use(person: User, path: str, options: dict[str, Any] | None, cell: str) -> None:
        channel = here or person.direct
        async with places:
            if options is None:
                used = await person.context_menu(channel, path, messages[person])
            else:
                used = await person.slash(channel, path, **options)
            if (came := await _outcome(used)) != cell.removeprefix("-"):
                wrong.append(f"{path} by {person.name}: {came}, not {cell}")

    described = {each["name"]: each for each in registered}
    uses = []
    for name, person, cell in cells:
        if described[name]["type"] == 3:
            uses.append(use(person, name, None, cell))
        else:
            uses += [use(person, path, given, cell) for path, given in _leaves(described[name])]
    await asyncio.gather(*uses)
    assert wrong == []
    await standin.wait_until(lambda: not running.bot.services.requests.is_busy)


async def _place(running: Running, guild: Guild, ada: User, place: str) -> Channel | None:
    standin = running.standin
    if place == "direct":
        return None
    if place == "thread":
        return await ada.start_thread(standin.channel(guild), "A thread")
    if place == "post":
        return await ada.start_post(standin.channel(guild, "forum", kind=15), "A post", "words")
    return standin.channel(guild)


async def test_each_button_is_allowed_as_the_table_says(running: Running) -> None:
    standin = running.standin
    await running.bot.wait_until_ready()  # or it greets nobody
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    general = standin.channel(guild)
    ada = standin.member(guild, "Ada")
    people = {
        "asker": ada,
        "other": standin.member(guild, "Bob"),
        "moderator": standin.member(guild, "Mo", moderator=True),
    }
    answer = await (await ada.slash(general, "ask", question=BRIDGE)).final(whole)
    answer_id = answer.component("Sources")["custom_id"].rsplit(":", 1)[1]
    view = discord.ui.View(timeout=None)
    view.add_item(CancelButton(1, "Cancel"))
    await running.bot.get_partial_messageable(general.id).send("A job", view=view)
    greeting = await standin.wait_for_message(general, lambda m: "Set me up" in m.buttons)
    job = next(m for m in standin.bot_messages(general) if m.text == "A job")
    places = {
        "cancel": (job, "newsdesk:cancel:1"),
        "setup": (greeting, "newsdesk:setup:open"),
    }
    for name, column, cell in _rows(BUTTONS):
        if cell == "-":
            continue
        message, custom_id = places.get(name, (answer, f"newsdesk:{name}:{answer_id}"))
        pressed = await people[column].press(message, custom_id, forged=True)
        if (name, cell) == ("delete", "yes"):
            await standin.wait_until(lambda: answer.deleted)
            continue
        assert await _outcome(pressed) == cell, (name, column, pressed.messages)
    private = await ada.slash(general, "ask", question=BRIDGE, private=True)
    mine: Message = await private.final(whole)
    theirs = mine.component("Share")["custom_id"]
    assert await _outcome(await people["other"].press(mine, theirs, forged=True)) == "not-yours"
    await ada.press(mine, "Share")
    await standin.wait_for_message(general, whole, after=mine)
