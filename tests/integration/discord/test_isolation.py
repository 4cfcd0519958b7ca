"""What one server brought in, no other can read, whichever way it is asked."""

from __future__ import annotations

import pytest

from retrieval.models import Article, IngestItem
from tests.discord_standin import Guild, Message, User
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import footer, thread_in, whole
from tests.integration.discord.test_summaries import many

QUESTION = "How much did the ferry terminal cost?"


def ferry(place: str, millions: int) -> list[IngestItem]:
    """The same event as one server's paper has it."""
    text = (
        f"The ferry terminal in {place} opened on Monday. The ferry terminal cost {millions} million "
        f"crowns, the council of {place} said.\n\nThe ferry terminal has room for nine ships."
    )
    return [IngestItem("test", Article(
        f"Ferry terminal opens in {place}", text, f"https://{place.lower()}.example/ferry", f"{place} Gazette"
    ))]  # fmt: skip


class Two:
    """Two servers with papers of their own, and a person in each."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.standin = running.standin
        self.north: Guild = self.standin.guild("North")
        self.south: Guild = self.standin.guild("South")
        self.nora: User = self.standin.member(self.north, "Nora")
        self.sam: User = self.standin.member(self.south, "Sam")

    def sides(self) -> list[tuple[Guild, User, str, str]]:
        return [
            (self.north, self.nora, "11 million", "22 million"),
            (self.south, self.sam, "22 million", "11 million"),
        ]


@pytest.fixture
async def two(start: Start) -> object:
    async with start(NEWSDESK_MESSAGE_CONTENT="true") as running:
        made = Two(running)
        await running.bring_in(made.north, ferry("Northport", 11))
        await running.bring_in(made.south, ferry("Southport", 22))
        yield made


def is_of(message: Message, own: str, foreign: str) -> bool:
    other = "Southport" if own.startswith("11") else "Northport"
    return own in message.text and foreign not in message.text and other not in message.text


async def test_by_slash_command_button_and_follow_up(two: Two) -> None:
    for guild, person, own, foreign in two.sides():
        channel = two.standin.channel(guild)
        answer = await (await person.slash(channel, "ask", question=QUESTION)).final(whole)
        assert is_of(answer, own, foreign)
        sources = await (await person.press(answer, "Sources")).final()
        assert is_of(sources, own, foreign)
        form = await person.press(answer, "Ask a follow-up")
        followed = await person.submit_modal(
            form, {"Your question": "how many ships has it room for?"}
        )
        assert foreign not in (await followed.final(whole)).text


async def test_by_mention_reply_and_thread(two: Two) -> None:
    for guild, person, own, foreign in two.sides():
        await two.running.bot.services.guild_settings.change(guild.id, threads=True)
        channel = two.standin.channel(guild)
        await person.send(channel, QUESTION, mention=[two.standin.bot])
        answer = await two.standin.wait_for_message(channel, whole)
        assert is_of(answer, own, foreign)
        await (await person.slash(channel, "ask", question=QUESTION)).final(whole)
        thread = await thread_in(two.standin, channel)
        await person.send(thread, QUESTION)
        assert is_of(await two.standin.wait_for_message(thread, whole), own, foreign)


async def test_by_direct_message(two: Two) -> None:
    for _, person, own, foreign in two.sides():
        await person.dm(QUESTION)
        answer = await two.standin.wait_for_message(person.direct, whole)
        assert is_of(answer, own, foreign)


async def test_somebody_who_left_reads_nothing_any_more_not_even_old_sources(two: Two) -> None:
    two.standin.member(two.south, two.nora)
    await two.nora.dm(QUESTION)
    menu = await two.standin.wait_for_message(two.nora.direct)
    await two.nora.select(menu, "newsdesk:server", "North")
    answer = await two.standin.wait_for_message(two.nora.direct, whole)
    assert is_of(answer, "11 million", "22 million")
    two.standin.leave(two.north, two.nora)
    refused = await (await two.nora.press(answer, "Sources")).final()
    assert "11 million" not in refused.text
    await two.nora.dm(QUESTION)
    later = await two.standin.wait_for_message(two.nora.direct, whole, after=answer)
    assert is_of(later, "22 million", "11 million")


async def test_a_server_that_is_forged_in_the_menu_is_refused(two: Two) -> None:
    third = two.standin.guild("Third")
    two.standin.member(third, two.nora)
    await two.nora.dm(QUESTION)
    menu = await two.standin.wait_for_message(two.nora.direct)
    menu.component("newsdesk:server")["options"].append(
        {"label": "South", "value": str(two.south.id)}
    )
    refused = await (await two.nora.select(menu, "newsdesk:server", "South")).final()
    assert "server that both of us are in" in refused.text


async def test_suggestions_are_those_of_the_server(two: Two) -> None:
    for guild, person, own, _ in two.sides():
        channel = two.standin.channel(guild)
        names = [
            c.name for c in await person.autocomplete(channel, "ask", "source", question=QUESTION)
        ]
        assert names == ["Northport Gazette" if own.startswith("11") else "Southport Gazette"]
    assert [
        c.name
        for c in await two.sam.autocomplete(two.sam.direct, "ask", "source", question=QUESTION)
    ] == ["Southport Gazette"]


async def test_a_button_of_an_answer_in_another_server_is_refused(two: Two) -> None:
    north, south = two.standin.channel(two.north), two.standin.channel(two.south)
    theirs = await (await two.nora.slash(north, "ask", question=QUESTION)).final(whole)
    mine = await (await two.sam.slash(south, "ask", question=QUESTION)).final(whole)
    forged = theirs.component("Sources")["custom_id"]
    mine.component("Sources")["custom_id"] = forged
    refused = await (await two.sam.press(mine, forged)).final()
    assert "belongs to someone else" in refused.text
    assert "Northport" not in refused.text


async def test_an_operator_may_share_one_corpus_among_servers(start: Start) -> None:
    async with start(NEWSDESK_SHARED_CORPUS="city news") as running:
        standin = running.standin
        await running.bring_in("city news", ferry("Northport", 11))
        for name in ("North", "South"):
            guild = standin.guild(name)
            person = standin.member(guild, "Nora")
            asked = await person.slash(standin.channel(guild), "ask", question=QUESTION)
            assert "11 million" in (await asked.final(whole)).text


async def test_pages_of_a_digest_are_not_turned_by_who_left_its_server(two: Two) -> None:
    await two.running.bring_in(two.north, many(12))
    asked = await two.nora.slash(two.nora.direct, "digest", period="week")
    digest = await asked.final(whole)
    assert "page 1 of" in footer(digest)
    two.standin.leave(two.north, two.nora)
    refused = await (await two.nora.press(digest, "Next")).final()
    assert "server that both of us are in" in refused.text
    assert "page 1 of" in footer(digest)


async def test_with_several_servers_every_command_asks_which_one(two: Two) -> None:
    two.standin.member(two.south, two.nora)
    asked = await two.nora.slash(two.nora.direct, "timeline", topic="ferry")
    menu = await asked.final(lambda message: "newsdesk:server" in str(message.components))
    await two.nora.select(menu, "newsdesk:server", "South")
    timeline = await two.standin.wait_for_message(two.nora.direct, whole, after=menu)
    assert "Southport" in timeline.text
    assert "Northport" not in timeline.text
    asked = await two.nora.slash(
        two.nora.direct, "summary story", story="Ferry terminal opens in Southport"
    )
    assert is_of(await asked.final(whole), "22 million", "11 million")
    names = await two.nora.autocomplete(two.nora.direct, "digest", option="source")
    assert [choice.name for choice in names] == ["Southport Gazette"]


async def test_a_follow_up_is_answered_from_the_corpus_of_its_answer(two: Two) -> None:
    two.standin.member(two.south, two.nora)
    await two.nora.dm(QUESTION)
    menu = await two.standin.wait_for_message(two.nora.direct)
    await two.nora.select(menu, "newsdesk:server", "North")
    answer = await two.standin.wait_for_message(two.nora.direct, whole)
    await two.nora.select(menu, "newsdesk:server", "South")
    await two.standin.wait_until(lambda: "South" in menu.text)
    form = await two.nora.press(answer, "Ask a follow-up")
    followed = await two.nora.submit_modal(form, {"Your question": QUESTION})
    assert is_of(await followed.final(whole), "11 million", "22 million")
    reply = await two.nora.send(two.nora.direct, QUESTION, reply_to=answer)
    replied = await two.standin.wait_for_message(two.nora.direct, whole, after=reply)
    assert is_of(replied, "11 million", "22 million")


async def test_typing_asks_discord_once_a_minute_and_not_at_every_key(two: Two) -> None:
    for n in range(8):
        two.standin.guild(f"Foreign {n}")
    asked = "/guilds/{guild_id}/members/{user_id}"
    for typed in ("s", "so", "sou"):
        await two.sam.autocomplete(
            two.sam.direct, "ask", option="source", typed=typed, question=QUESTION
        )
    assert len(two.standin.calls_to("GET", asked)) == 3


async def test_who_is_let_in_after_typing_need_not_wait_to_ask(two: Two) -> None:
    editors = two.standin.role(two.north, "Editors")
    await two.running.bot.services.guild_settings.change(two.north.id, ask_roles=(editors.id,))
    direct = two.nora.direct
    names = await two.nora.autocomplete(
        direct, "ask", option="source", typed="s", question=QUESTION
    )
    assert names == []
    two.standin.member(two.south, two.nora)
    await two.nora.dm(QUESTION)
    answer = await two.standin.wait_for_message(direct)
    assert "server that both of us are in" not in answer.text
    answer = await two.standin.wait_for_message(direct, whole)
    assert is_of(answer, "22 million", "11 million")
