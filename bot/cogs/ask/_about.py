"""The form behind "Ask about this": a question about what a message links or says."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.answering.conversation import Conversation, Turn
from bot.client import NewsdeskBot
from bot.cogs.ask._asking import Asking, Question
from bot.cogs.ask._places import acknowledged
from bot.ui.escaping import cleaned, cut
from bot.ui.forms import Form
from bot.visits import Visit

_LINK = re.compile(r"https?://[^\s<>|)\]]+")
_SUBJECT = 300


class AboutForm(Form):
    """One input; left empty, it is asked what there is on the subject."""

    def __init__(
        self, bot: NewsdeskBot, asking: Asking, visit: Visit, message: discord.Message
    ) -> None:
        super().__init__(title=visit.say("command-ask-about"), say=visit.say)
        self._bot = bot
        self._asking = asking
        self._message = message
        self._question: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=visit.say("follow-up-label"), placeholder=visit.say("example-question"),
            max_length=500, required=False,
        )  # fmt: skip
        self.add_item(self._question)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        visit = await self._bot.visit(interaction)
        subject = await self._subject(visit)
        text = self._question.value.strip() or subject
        self._asking.admit(visit, text)
        place = await acknowledged(interaction, private=visit.settings.private and visit.server_id is not None)  # fmt: skip
        about = Conversation((Turn(subject, ""),)) if subject else None
        await self._asking.ask(visit, Question(text, about=about), place)

    async def _subject(self, visit: Visit) -> str:
        """The title of the article that the message links, if it is here; else its own words."""
        for url in links_of(self._message):
            corpus = visit.corpus or await self._asking.direct.corpus_for(visit.user)
            if corpus and (title := await self._bot.library.title_of(corpus, url)):
                return title
        titles = [embed.title for embed in self._message.embeds if embed.title]
        words = " ".join([_LINK.sub(" ", self._message.content), *titles[:1]])
        return cut(cleaned(words), _SUBJECT)


def links_of(message: discord.Message) -> list[str]:
    """The links of a message and of its embeds, as they stand there."""
    embedded = [embed.url for embed in message.embeds if embed.url]
    return list(dict.fromkeys([*_LINK.findall(message.content), *embedded]))[:10]
