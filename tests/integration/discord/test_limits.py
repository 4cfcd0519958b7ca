"""What members, roles and channels may use in a day, and what ``/usage`` shows of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.services.usage_limits import Allowance, meter_for, with_limit
from bot.storage.guild_settings import GuildSettings, UsageLimit
from bot.storage.member_usage import used_by_member
from tests.discord_standin import Channel, DiscordStandIn, Guild, Message, User
from tests.discord_standin.model import CATEGORY
from tests.integration.answering_fixtures import BRIDGE, NOW
from tests.integration.discord.conftest import Running, Start, bridge_answer
from tests.integration.discord.looking import footer, whole
from tests.scripted_model import Says, ScriptedModel


@pytest.fixture
async def guild(running: Running) -> Guild:
    guild = running.standin.guild("Harbour News")
    await running.bring_in(guild)
    return guild


async def _ask(channel: Channel, who: User, question: str = BRIDGE) -> Message:
    """An answer, or why there is none."""
    return await (await who.slash(channel, "ask", question=question)).final(
        lambda m: whole(m) or "day" in m.text
    )


async def test_a_member_asks_as_often_as_the_server_allows(running: Running, guild: Guild) -> None:
    standin, library = running.standin, running.bot.services.library
    boss = standin.member(guild, "Mo", moderator=True)
    general, readers = standin.channel(guild), standin.role(guild, "readers")
    ada, bea = standin.member(guild, "Ada"), standin.member(guild, "Bea", roles=[readers])
    await (await boss.slash(general, "settings limit", questions=2)).final()
    shown = await (
        await boss.slash(general, "settings limit", questions=3, cost=0.5, role=readers)
    ).final()
    assert "each member: 2 questions" in shown.text
    assert f"<@&{readers.id}>: 3 questions · $0.50" in shown.text
    answers = [await _ask(general, ada) for _ in range(3)]
    assert [bool(whole(each)) for each in answers] == [True, True, False]
    assert "2 questions for today" in answers[-1].text
    assert "</usage:" in answers[-1].text
    mine = await (await ada.slash(general, "usage")).final()
    assert "2 of 2 questions" in mine.text
    assert "server" not in mine.text  # that is for moderators
    # A mention, a digest and a direct message count as well.
    asked = await ada.send(general, BRIDGE, mention=[standin.bot])
    await standin.wait_for_message(
        general, lambda m: "2 questions for today" in m.text, after=asked
    )
    digest = await ada.slash(general, "digest", period="week")
    assert "2 questions for today" in (await digest.final(lambda m: "day" in m.text)).text
    await ada.dm(BRIDGE)
    direct = await standin.wait_for_message(ada.direct, lambda m: whole(m) or "day" in m.text)
    assert "2 questions for today" in direct.text
    everywhere = await (await ada.slash(ada.direct, "usage")).final()
    assert "2 questions" in everywhere.text
    # Of a role more.
    assert [bool(whole(await _ask(general, bea))) for _ in range(4)] == [True, True, True, False]
    # Another day.
    library.clock = lambda: NOW + timedelta(days=1)
    assert whole(await _ask(general, ada))
    done = await (await boss.slash(general, "audit")).final()
    assert f"<@&{readers.id}>: 3 questions $0.50" in done.text


async def test_a_channel_has_its_limit_and_some_are_free(running: Running, guild: Guild) -> None:
    standin = running.standin
    boss, staff = standin.member(guild, "Mo", moderator=True), standin.role(guild, "staff")
    general, other = standin.channel(guild), standin.channel(guild, "other")
    ada, eve = standin.member(guild, "Ada"), standin.member(guild, "Eve", roles=[staff])
    await (await boss.slash(general, "settings limit", questions=1, channel=other)).final()
    await (await boss.slash(general, "settings free-roles", add=staff)).final()
    both = await boss.slash(general, "settings limit", questions=1, channel=other, role=staff)
    assert "not to both" in (await both.final()).text
    assert whole(await _ask(other, ada))
    refused = await _ask(other, boss)
    assert "This channel has used" in refused.text
    assert whole(await _ask(general, boss))
    assert whole(await _ask(other, eve))
    thread = await boss.start_thread(other, "talk")
    assert "This channel has used" in (await _ask(thread, boss)).text
    shown = await (await eve.slash(other, "usage")).final()
    assert "No limits apply" in shown.text
    gone = await (await boss.slash(general, "settings limit", channel=other)).final()
    assert "question" not in gone.text
    assert whole(await _ask(other, ada))
    # As many limits as there may be are more than a field shows.
    many = tuple(UsageLimit("role", 2**62 + n, 10_000, 1_000.0) for n in range(20))
    await running.bot.services.guild_settings.change(guild.id, limits=many)
    listed = await (await boss.slash(general, "settings show")).final()
    [field] = [f for f in listed.embed["fields"] if f["name"] == "Daily limits"]
    *shown, rest = field["value"].splitlines()
    assert len(field["value"]) <= 1_024
    assert rest == f"and {20 - len(shown)} more"


async def test_a_limit_of_a_category_holds_for_each_of_its_channels(
    running: Running, guild: Guild
) -> None:
    standin = running.standin
    boss, ada = standin.member(guild, "Mo", moderator=True), standin.member(guild, "Ada")
    town = standin.channel(guild, "town", kind=CATEGORY)
    bridge, ferry = (standin.channel(guild, each, category=town) for each in ("bridge", "ferry"))
    harbour = standin.channel(guild, "harbour", category=town)
    await (await boss.slash(bridge, "settings limit", questions=1, channel=town)).final()
    await (await boss.slash(bridge, "settings limit", questions=2, channel=harbour)).final()
    assert whole(await _ask(bridge, ada))
    assert "This channel has used" in (await _ask(bridge, boss)).text
    thread = await boss.start_thread(bridge, "talk")
    assert "This channel has used" in (await _ask(thread, ada)).text
    assert whole(await _ask(ferry, ada))
    # A channel's own limit goes before.
    assert [bool(whole(await _ask(harbour, ada))) for _ in range(3)] == [True, True, False]
    shown = await (await ada.slash(ferry, "usage")).final()
    assert f"<#{ferry.id}>\n1 of" in shown.text


async def test_questions_at_once_are_counted_one_by_one_and_failures_not(
    running: Running, guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin = running.standin
    ada, general = standin.member(guild, "Ada"), standin.channel(guild)
    settings = running.bot.services.guild_settings
    await settings.change(guild.id, limits=(UsageLimit("member", 0, 2),))
    with monkeypatch.context() as patch:
        patch.setattr(running.bot.services.engine, "stream", _fails)
        failed = await (await ada.slash(general, "ask", question=BRIDGE)).final()
        assert "went wrong" in failed.text
    answers = await asyncio.gather(*(_ask(general, ada) for _ in range(4)))
    assert sum(bool(whole(each)) for each in answers) == 2
    # Counts go with their day, also where nobody asks again.
    services, day = running.bot.services, NOW.date()
    now = NOW
    services.library.clock = lambda: now
    for days, left in ((1, 2), (2, 0)):
        now = NOW + timedelta(days=days)
        await services.guild_retention.delete_due()
        used = await used_by_member(services.library.database, day, guild.id, ada.id)
        assert used.questions == left


async def test_what_questions_cost_is_limited(
    start: Start, standin: DiscordStandIn, model: ScriptedModel, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('["scripted"]\ninput = 1000.0\noutput = 1000.0\n', encoding="utf-8")
    model.play(*[Says(bridge_answer)] * 3)
    async with start(
        OPENAI_BASE_URL=model.url, OPENAI_MODEL="scripted", NEWSDESK_PRICES_FILE=str(prices)
    ) as running:
        guild = standin.guild("Harbour News")
        await running.bring_in(guild)
        ada, general = standin.member(guild, "Ada"), standin.channel(guild)
        await running.bot.services.guild_settings.change(
            guild.id, limits=(UsageLimit("member", 0, cost=0.01),)
        )
        assert whole(await _ask(general, ada))
        refused = await _ask(general, ada, "What did the Lantern Bridge cost?")
        assert "used up your budget" in refused.text
        assert "id " not in footer(refused)
        shown = await (await ada.slash(general, "usage")).final()
        assert "of $0.01" in shown.text


async def _fails(*events: object) -> AsyncIterator[object]:
    for event in events[:0]:
        yield event
    raise RuntimeError("no answer today")


@pytest.mark.parametrize(
    ("roles", "member", "channel"),
    [
        ((), Allowance(5, 0.1), Allowance(9, None)),
        ((1,), Allowance(20, 0.1), Allowance(9, None)),
        ((1, 2), Allowance(30, 1.0), Allowance(9, None)),
        ((3, 1), Allowance(), Allowance()),
    ],
)
def test_the_most_generous_role_counts_and_the_free_have_no_limit(
    roles: tuple[int, ...], member: Allowance, channel: Allowance
) -> None:
    limits = (
        UsageLimit("member", 0, 5, 0.1), UsageLimit("role", 1, 20), UsageLimit("role", 2, 30, 1.0),
        UsageLimit("channel", 7, 9), UsageLimit("channel", 8, 1),
    )  # fmt: skip
    meter = meter_for(GuildSettings(free_roles=(3,), limits=limits), 4, 7, 5, roles)
    assert (meter.member, meter.channel) == (member, channel)
    assert with_limit(limits, UsageLimit("role", 1))[1].id == 2
    assert with_limit(limits, UsageLimit("role", 1, 3))[-1].questions == 3
