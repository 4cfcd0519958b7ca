"""The form behind "Ask about this": a question about what a message links or says."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.answering.conversation import Conversation, Turn
from bot.client import NewsdeskBot
from bot.cogs.ask._delivery import acknowledged
from bot.cogs.ask._ingest_offer import IngestOfferView
from bot.cogs.ask._service import AskedQuestion, AskService, ConversationContext
from bot.errors import UserError
from bot.services.permissions import RequestContext
from bot.ui.escaping import cleaned, cut
from bot.ui.forms import Form
from bot.ui.links import links_of
from bot.ui.pages import note

_LINK = re.compile(r"https?://[^\s<>|)\]]+")
_SUBJECT = 300
_LINKS = 10


class AboutForm(Form):
    """One input; left empty, it is asked what there is on the subject."""

    def __init__(
        self, bot: NewsdeskBot, asking: AskService, visit: RequestContext, message: discord.Message
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
        asked = self._question.value.strip()
        self._asking.admit(visit, asked or "…")
        private = visit.settings.private and visit.server_id is not None
        with self._bot.errands.acknowledging():
            place = await acknowledged(interaction, private=private)
        subject, missing = await self._subject(visit)
        text = asked or subject
        if not text:
            raise UserError("question-empty", example=visit.say("example-question"))
        about = ConversationContext(Conversation((Turn(subject, ""),))) if subject else None
        await self._asking.ask(visit, AskedQuestion(text, about=about), place)
        if missing and visit.is_moderator and visit.server_id is not None:
            await interaction.followup.send(
                embed=note(visit.say("not-ingested")).embed,
                view=IngestOfferView(self._bot, visit, missing), ephemeral=True,
            )  # fmt: skip

    async def _subject(self, visit: RequestContext) -> tuple[str, list[str]]:
        """The title of the article that the message links, if it is here; else the message's own
        words, and its links."""
        links = links_of(self._message)[:_LINKS]
        corpus = visit.corpus
        if links and corpus is None:
            corpus = await self._asking.direct.corpus_for(visit.user)
        for url in links:
            if corpus and (title := await self._bot.library.title_of(corpus, url)):
                return title, []
        return self._words(), links

    def _words(self) -> str:
        """The message's own words."""
        titles = [embed.title for embed in self._message.embeds if embed.title]
        words = " ".join([_LINK.sub(" ", self._message.content), *titles[:1]])
        return cut(cleaned(words), _SUBJECT)
