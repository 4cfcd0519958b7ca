"""Asking in every way that there is, and what people see of it."""

from __future__ import annotations

from tests.discord_standin import Message
from tests.integration.answering_fixtures import BRIDGE, ELECTION
from tests.integration.discord.conftest import Running


def whole(message: Message) -> bool:
    """Whether it is a final form: those have an id in the footer."""
    return any("id " in (embed.get("footer") or {}).get("text", "") for embed in message.embeds)


async def test_a_slash_question_gets_a_cited_answer_with_sources_and_buttons(
    running: Running,
) -> None:
    standin = running.standin
    guild = standin.guild("Harbour News")
    await running.bring_in(guild)
    ada = standin.member(guild, "Ada")
    interaction = await ada.slash(standin.channel(guild), "ask", question=BRIDGE)
    answer = await interaction.final(whole)
    assert "[1]" in answer.embed["description"]
    assert "412 million" in answer.text or "million" in answer.text
    assert "Maravel Courier · <t:" in answer.text
    assert "https://courier.maravel.example/lantern-bridge-opens" in answer.text
    assert "quotations only" in answer.text
    assert "as of" in answer.text
    assert answer.embed["author"]["name"] == BRIDGE
    assert answer.buttons == ["Sources", "Ask a follow-up", "Helpful", "Not helpful", "Delete"]
    assert not answer.link_previews
