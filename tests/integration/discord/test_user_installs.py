"""The app as people install it for themselves: everywhere where articles are shared, nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.discord_standin import Channel, Interaction, NotPossible, User
from tests.discord_standin.interactions import COMMAND
from tests.discord_standin.options import Filled, find
from tests.integration.answering_fixtures import BRIDGE
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import whole
from tests.unit.test_command_names import MODERATORS


@pytest.fixture
async def sharing(start: Start) -> AsyncIterator[Running]:
    async with start(NEWSDESK_SHARED_CORPUS="everyone") as running:
        await running.bring_in("everyone")
        yield running


def traveller(running: Running) -> tuple[User, Channel]:
    """Somebody who installed the app for themselves, in a server of their own without the bot."""
    standin = running.standin
    elsewhere = standin.guild("Elsewhere", with_bot=False)
    nia = standin.member(elsewhere, "Nia", moderator=True)
    nia.installed_app = True
    return nia, standin.channel(elsewhere)


async def forged(who: User, channel: Channel, command: str, **options: object) -> Interaction:
    """A command that Discord doesn't show there."""
    described, steps = find(who._standin.commands.all(None), command)
    filled = Filled(who._standin.world, channel.guild)
    return await who._start(COMMAND, channel, filled.data(described, steps, options))


async def test_members_commands_are_used_anywhere_and_answer_one_person_alone(
    sharing: Running,
) -> None:
    standin = sharing.standin
    nia, place = traveller(sharing)
    bob = standin.member(place.guild, "Bob")  # type: ignore[arg-type]
    shown = nia.shown_commands(place)
    assert {"ask", "digest", "summary", "timeline", "compare", "help", "privacy", "usage"} <= shown
    assert not shown & {*MODERATORS, "subscribe"}
    assert not bob.shown_commands(place)
    group = standin.group(nia, bob)
    for channel in (place, group):
        answer = await (await nia.slash(channel, "ask", question=BRIDGE, private=False)).final(
            whole
        )
        assert "412 million" in answer.text
        assert answer.is_ephemeral
        # Nobody is there to share it with, and no moderator.
        assert answer.buttons == ["Sources", "Ask a follow-up", "Helpful", "Not helpful"]
        sources = await (await nia.press(answer, "Sources")).final()
        assert sources.is_ephemeral
        assert "> [1]" in sources.text
        form = await (await nia.press(answer, "Ask a follow-up")).modal()
        label = next(iter(form.inputs))
        further = await nia.submit_modal(form, {label: "Who cut the ribbon?"})
        assert (await further.final(whole)).is_ephemeral
        digest = await (await nia.slash(channel, "digest", period="week")).final(whole)
        assert digest.is_ephemeral
        for command in ("help", "usage", "privacy show", "subscriptions list"):
            assert (await (await nia.slash(channel, command)).final()).is_ephemeral
        assert not bob.messages(channel)


async def test_who_manages_a_server_elsewhere_is_no_moderator(sharing: Running) -> None:
    nia, place = traveller(sharing)
    for command in ("settings show", "audit", "setup"):
        refused = await (await forged(nia, place, command)).final()
        assert "only works in a server" in refused.text
        assert refused.is_ephemeral


async def test_directly_it_answers_who_shares_no_server_with_it(sharing: Running) -> None:
    nia, _ = traveller(sharing)
    answer = await (await nia.slash(nia.direct, "ask", question=BRIDGE)).final(whole)
    assert "412 million" in answer.text
    assert "> [1]" in (await (await nia.press(answer, "Sources")).final()).text


async def test_nothing_of_a_servers_own_articles_goes_along(running: Running) -> None:
    standin = running.standin
    home = standin.guild("Harbour News")
    await running.bring_in(home)
    nia, place = traveller(running)
    standin.member(home, nia)
    assert nia.shown_commands(place) == set()
    with pytest.raises(NotPossible):
        await nia.slash(place, "ask", question=BRIDGE)
    refused = await (await forged(nia, place, "ask", question=BRIDGE)).final()
    assert "412" not in refused.text
    assert "only works in a server" in refused.text
