"""The buttons under an answer. They work after a restart: all they need is in their custom id."""

from __future__ import annotations

import re
from typing import Any, Protocol, Self

import discord

from bot.answering.models import Answer
from bot.i18n import Say

ACTIONS = ("sources", "follow-up", "helpful", "not-helpful", "share", "delete", "request")


class AnswerButtonHandler(Protocol):
    """The bot as buttons see it."""

    async def pressed(
        self, interaction: discord.Interaction[Any], action: str, answer_id: str
    ) -> None:
        """Answer the interaction of a button. Never raises."""


class AnswerButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"newsdesk:(?P<action>{'|'.join(ACTIONS)}):(?P<answer>[0-9a-z]{{8}})",
):
    """One of ``ACTIONS`` on the answer with this id; ``pressed`` checks who may use it."""

    def __init__(self, action: str, answer_id: str, say: Say | None = None) -> None:
        self.action = action
        self.answer_id = answer_id
        style = discord.ButtonStyle.secondary
        if action == "follow-up":
            style = discord.ButtonStyle.primary
        label = say(f"button-{action}") if say else None
        super().__init__(
            discord.ui.Button(style=style, label=label, custom_id=f"newsdesk:{action}:{answer_id}")
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a button from its custom id."""
        return cls(match["action"], match["answer"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the press on to the handler."""
        handler: AnswerButtonHandler = interaction.client.services.components.answer_buttons
        await handler.pressed(interaction, self.action, self.answer_id)


def answer_view(
    answer_id: str, answer: Answer, *, private: bool, say: Say, sharable: bool = True
) -> discord.ui.View:
    """Return the buttons for an answer. A ``private`` one that is ``sharable`` can be shown to
    everyone."""
    view = discord.ui.View(timeout=None)
    for action in ACTIONS:
        if action == "sources" and not answer.citations:
            continue
        if answer.reply and action != "follow-up":
            continue
        if action == ("delete" if private else "share") or (action == "share" and not sharable):
            continue
        if action == "request" and not answer.abstained:
            continue
        view.add_item(AnswerButton(action, answer_id, say))
    return view
