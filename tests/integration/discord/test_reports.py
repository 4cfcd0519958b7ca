"""What nothing answered comes to moderators; what is wrong is corrected by a note."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.storage.answer_notes import note_on, question_key
from tests.discord_standin import DiscordStandIn, Guild, Message, User
from tests.integration.answering_fixtures import BRIDGE, NOW
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import whole

UNKNOWN = "Which orchestra toured Kazakhstan with a glass harmonica?"


@pytest.fixture
async def guild(running: Running) -> Guild:
    running.standin.commands.open_to_all = True
    guild = running.standin.guild("Harbour News")
    await running.bring_in(guild)
    return guild


async def _ask(running: Running, guild: Guild, who: User, question: str) -> Message:
    general = running.standin.channel(guild)
    return await (await who.slash(general, "ask", question=question)).final(whole)


async def test_a_decline_is_brought_to_the_moderators_once(running: Running, guild: Guild) -> None:
    standin = running.standin
    ada, bea = standin.member(guild, "Ada"), standin.member(guild, "Bea")
    desk = standin.channel(guild, "desk")
    await running.bot.services.guild_settings.change(guild.id, moderators_channel=desk.id)
    declined = await _ask(running, guild, ada, UNKNOWN)
    answer = await _ask(running, guild, ada, BRIDGE)
    assert "Ask the moderators for this" not in str(answer.components)
    for person in (ada, bea, ada):
        pressed = await person.press(declined, "Ask the moderators for this")
        told = (await pressed.final()).text
    assert "already" in told
    asked = await standin.wait_for_message(desk)
    assert "Ada" in asked.text
    assert "glass harmonica" in asked.text
    assert len(standin.bot_messages(desk)) == 1


async def test_a_decline_for_want_of_articles_in_time_can_be_brought_up_too(
    running: Running, guild: Guild
) -> None:
    ada, general = running.standin.member(guild, "Ada"), running.standin.channel(guild)
    asked = await ada.slash(general, "ask", question=BRIDGE, since="2031-01-01")
    declined = await asked.final(whole)
    assert "Nothing" in declined.text
    pressed = await ada.press(declined, "Ask the moderators for this")
    assert (await pressed.final()).is_ephemeral
    boss = running.standin.member(guild, "Mo", moderator=True)
    shown = await (await boss.slash(general, "report")).final()
    assert "one question, 1 without an answer" in shown.text


async def test_a_report_groups_what_nothing_answered_and_shows_the_evidence(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    boss = standin.member(guild, "Mo", moderator=True)
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    declined = await _ask(running, guild, ada, UNKNOWN)
    for name, question in (
        ("Bea", UNKNOWN.replace("?", " ?")),
        ("Cy", "Who is the prime minister of Kazakhstan?"),
    ):
        await _ask(running, guild, standin.member(guild, name), question)
    await (await ada.press(declined, "Ask the moderators for this")).final()
    answer = await _ask(running, guild, ada, BRIDGE)
    await (await ada.press(answer, "Not helpful")).final()
    shown = await (await boss.slash(general, "report")).final()
    assert shown.is_ephemeral
    assert "4 questions, 3 without an answer" in shown.text
    assert "**Kazakhstan** (3)" in shown.text
    assert "×2" in shown.text
    assert "🙋 1" in shown.text
    assert f"👎 1 · 👍 0 · {BRIDGE}" in shown.text
    assert "Maravel Courier (1)" in shown.text
    looked = await boss.select(shown, "newsdesk:report", f"👎 {BRIDGE}")
    first = await looked.final()
    assert "👎 1" in first.text
    assert f"/channels/{guild.id}/{general.id}/{answer.id}" in first.text
    await standin.wait_until(lambda: len(looked.messages) == 3)
    assert "412 million" in looked.messages[1].text
    assert "> [1]" in looked.messages[2].text
    # In another server there is nothing of it.
    other = standin.guild("Other News")
    eve = standin.member(other, "Eve", moderator=True)
    assert "0 questions" in (await (await eve.slash(standin.channel(other), "report")).final()).text


async def test_a_note_is_shown_with_the_answer_and_whenever_it_is_asked_again(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    boss, ada = standin.member(guild, "Mo", moderator=True), standin.member(guild, "Ada")
    general = standin.channel(guild)
    answer = await _ask(running, guild, ada, BRIDGE)
    form = await boss.context_menu(general, "Correct this answer", answer)
    said = "It was **413** million. @everyone"
    kept = await boss.submit_modal(form, {(await _label(form)): said})
    assert "is now shown with this answer" in (await kept.final()).text
    await standin.wait_until(lambda: "Note from the moderators" in answer.text)
    assert f"<@{boss.id}>" in answer.text
    assert r"\*\*413\*\*" in answer.text
    assert answer.component("Sources")  # its buttons are still there
    again = await _ask(running, guild, ada, BRIDGE.upper().replace("?", " ?!"))
    assert "413" in again.text
    assert "413" not in (await _ask(running, guild, ada, "Who won the mayoral election?")).text
    # Who finds it not helpful and may mend it is offered to; the form has what is there.
    pressed = await (await boss.press(again, "Not helpful")).final()
    form = await boss.press(pressed, "Correct with a note")
    removed = await boss.submit_modal(form, {(await _label(form)): ""})
    assert "no longer has a note" in (await removed.final()).text
    assert "413" not in (await _ask(running, guild, ada, BRIDGE)).text
    log = await (await boss.slash(general, "audit")).final()
    assert "wrote a note on an answer" in log.text
    assert "removed the note on an answer" in log.text


async def test_only_moderators_correct_answers_and_only_their_own(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    answer = await _ask(running, guild, ada, BRIDGE)
    refused = await (await ada.context_menu(general, "Correct this answer", answer)).final()
    assert "Only moderators" in refused.text
    thanks = await (await ada.press(answer, "Not helpful")).final()
    assert not thanks.components
    boss = standin.member(guild, "Mo", moderator=True)
    plain = await ada.send(general, "hello")
    refused = await (await boss.context_menu(general, "Correct this answer", plain)).final()
    assert "isn't one of my answers" in refused.text


async def test_a_note_is_the_corpus_own_and_goes_with_it(running: Running, guild: Guild) -> None:
    standin, database = running.standin, running.bot.services.library.database
    boss, ada = standin.member(guild, "Mo", moderator=True), standin.member(guild, "Ada")
    general = standin.channel(guild)
    declined = await _ask(running, guild, ada, UNKNOWN)
    form = await boss.context_menu(general, "Correct this answer", declined)
    await (await boss.submit_modal(form, {(await _label(form)): "Nobody did."})).final()
    assert "Nobody did" in (await _ask(running, guild, ada, UNKNOWN)).text
    other = standin.guild("Other News")
    await running.bring_in(other)
    eve = standin.member(other, "Eve")
    assert "Nobody did" not in (await _ask(running, other, eve, UNKNOWN)).text
    corpus = running.bot.services.contexts.corpus_of(guild.id)
    assert await note_on(database, corpus, UNKNOWN) is not None
    # Forgotten questions leave the note, which says nothing of who asked.
    sure = await (await ada.slash(general, "privacy forget")).final()
    await (await ada.press(sure, "Delete")).final()
    assert await note_on(database, corpus, UNKNOWN) is not None
    standin.leave(guild, standin.bot)
    await standin.wait_until(lambda: running.bot.get_guild(guild.id) is None)
    running.bot.services.library.clock = lambda: NOW + timedelta(days=60)
    await running.bot.services.guild_retention.left(guild.id)
    running.bot.services.library.clock = lambda: NOW + timedelta(days=120)
    await running.bot.wait_until_ready()
    await running.bot.services.guild_retention.delete_due()
    assert await note_on(database, corpus, UNKNOWN) is None


async def test_a_report_comes_once_a_week(start: Start, standin: DiscordStandIn) -> None:
    monday = NOW + timedelta(days=(7 - NOW.weekday()) % 7)  # at noon
    guild = standin.guild("Harbour News")
    ada, desk = standin.member(guild, "Ada"), standin.channel(guild, "desk")
    async with start() as running:
        services = running.bot.services
        await running.bring_in(guild)
        await services.guild_settings.change(
            guild.id, moderators_channel=desk.id, zone="America/Los_Angeles"
        )
        assert await services.report.send_due() == 0  # it has just been chosen
        await _ask(running, guild, ada, UNKNOWN)
        services.library.clock = lambda: monday  # four in the morning there
        assert await services.report.send_due() == 0
        services.library.clock = lambda: monday + timedelta(hours=6)
        assert await services.report.send_due() == 1
        assert await services.report.send_due() == 0
        sent = await standin.wait_for_message(desk)
        assert "Questions asked" in sent.text
        assert "glass harmonica" in sent.text
        services.library.clock = lambda: monday + timedelta(days=7, hours=6)
        assert await services.report.send_due() == 0  # nothing was asked
    async with start() as running:
        running.bot.services.library.clock = lambda: monday + timedelta(days=8)
        assert await running.bot.services.report.send_due() == 0
    assert len(standin.bot_messages(desk)) == 1


async def test_servers_that_share_articles_get_their_own_questions(
    start: Start, standin: DiscordStandIn
) -> None:
    monday = NOW + timedelta(days=(7 - NOW.weekday()) % 7)
    guilds = [standin.guild(name) for name in ("Harbour News", "Other News")]
    desks = [standin.channel(guild, "desk") for guild in guilds]
    asked = [UNKNOWN, "Who is the prime minister of Kazakhstan?"]
    async with start(NEWSDESK_SHARED_CORPUS="news") as running:
        services = running.bot.services
        # It sends when the test says so.
        services.report.start()
        await services.report.stop()
        await running.bring_in("news")
        for guild, desk, question in zip(guilds, desks, asked, strict=True):
            await services.guild_settings.change(
                guild.id, moderators_channel=desk.id, reported_week="2000-W01"
            )
            await _ask(running, guild, standin.member(guild, "Ada"), question)
        services.library.clock = lambda: monday + timedelta(hours=12)
        assert await services.report.send_due() == 2
        for desk, mine, others in zip(desks, asked, reversed(asked), strict=True):
            [sent] = standin.bot_messages(desk)
            assert mine in sent.text
            assert others not in sent.text
            assert "all servers together" in sent.text
        # Discord takes a nonce once from a bot.
        assert len({standin.bot_messages(desk)[0].nonce for desk in desks}) == 2


async def test_who_asks_directly_is_not_named_and_only_servers_shared_are_told(
    start: Start, standin: DiscordStandIn
) -> None:
    guilds = [standin.guild(name) for name in ("Harbour News", "Other News", "Far News")]
    desks = [standin.channel(guild, "desk") for guild in guilds]
    ada = standin.member(guilds[0], "Ada")
    standin.member(guilds[1], ada)
    async with start(NEWSDESK_SHARED_CORPUS="news") as running:
        services = running.bot.services
        await running.bring_in("news")
        for guild, desk in zip(guilds, desks, strict=True):
            await services.guild_settings.change(guild.id, moderators_channel=desk.id)
        await ada.dm(UNKNOWN)
        declined = await standin.wait_for_message(ada.direct, whole)
        pressed = await ada.press(declined, "Ask the moderators for this")
        assert "but not your name" in (await pressed.final()).text
        for desk in desks[:2]:
            told = await standin.wait_for_message(desk)
            assert "glass harmonica" in told.text
            assert "Ada" not in told.text
        since, until = NOW - timedelta(days=1), NOW + timedelta(days=1)
        reports = [await services.report.report(guild.id, since, until) for guild in guilds]
        assert [report.asked for report in reports] == [0, 0, 0]
        assert standin.bot_messages(desks[2]) == []


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Who won?", " who  WON ", True),
        ("Wer gewann in Köln?", "wer gewann in köln", True),
        ("誰が勝ちましたか？", "誰が勝ちましたか", True),
        ("Did A beat B?", "Did B beat A?", False),
        ("What happened on 5 May?", "What happened on 6 May?", False),
    ],
)
def test_a_question_is_known_again_by_its_words(one: str, other: str, same: bool) -> None:
    assert (question_key(one) == question_key(other)) is same


async def _label(form: object) -> str:
    [label] = (await form.modal()).inputs  # type: ignore[attr-defined]
    return str(label)
