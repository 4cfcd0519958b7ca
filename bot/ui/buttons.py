"""The buttons under an answer. They live on after a restart: all they know is in their custom id."""

from __future__ import annotations

import re
from typing import Any, Protocol, Self

import discord

from bot.answering.models import Answer
from bot.i18n import Say

ACTIONS = ("sources", "follow-up", "helpful", "not-helpful", "share", "delete", "request")


class AnswerButtonHandler(Protocol):
    """What the bot is for a button: ``pressed`` answers the interaction, whatever happens."""

    async def pressed(
        self, interaction: discord.Interaction[Any], action: str, answer_id: str
    ) -> None: ...


class AnswerButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"newsdesk:(?P<action>{'|'.join(ACTIONS)}):(?P<answer>[0-9a-z]{{8}})",
):
    """One of ``ACTIONS`` on the answer of this id, whoever pressed it: ``pressed`` checks that."""

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
        return cls(match["action"], match["answer"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        handler: AnswerButtonHandler = interaction.client.services.components.answer_buttons
        await handler.pressed(interaction, self.action, self.answer_id)


def answer_view(
    answer_id: str, answer: Answer, *, private: bool, say: Say, sharable: bool = True
) -> discord.ui.View:
    """What can be done with an answer. A ``private`` one that is ``sharable`` can be shown to all."""
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
