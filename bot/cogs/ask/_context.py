"""The form of "Ask about this": a question about what a message links or says."""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.answering.conversation import Conversation, Turn
from bot.bootstrap import Services
from bot.cogs.ask._delivery import acknowledged
from bot.cogs.ask._ingest_offer import IngestOfferView
from bot.errors import UserError
from bot.services.ask import ConversationContext
from bot.services.permissions import RequestContext
from bot.ui.escaping import cleaned, cut
from bot.ui.forms import Form
from bot.ui.links import links_of
from bot.ui.pages import note

_LINK = re.compile(r"https?://[^\s<>|)\]]+")
_SUBJECT = 300
_LINKS = 10


class AboutForm(Form):
    """One input; if it is left empty, the subject itself is the question."""

    def __init__(
        self, services: Services, context: RequestContext, message: discord.Message
    ) -> None:
        super().__init__(title=context.say("command-ask-about"), say=context.say)
        self._services = services
        self._message = message
        self._question: discord.ui.TextInput[Any] = discord.ui.TextInput(
            label=context.say("follow-up-label"),
            placeholder=context.say("example-question"),
            max_length=500,
            required=False,
        )
        self.add_item(self._question)

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """Answer the question; offer moderators to ingest missing links. Raises ``UserError``."""
        context = await self._services.contexts.of_interaction(interaction)
        asked = self._question.value.strip()
        self._services.ask.admit(context, asked or "…")
        with self._services.requests.acknowledging():
            delivery = await acknowledged(interaction, private=context.hides(None))
        subject, missing = await self._subject(context)
        text = asked or subject
        if not text:
            raise UserError("question-empty", example=context.say("example-question"))
        about = ConversationContext(Conversation((Turn(subject, ""),))) if subject else None
        request = self._services.ask.request(context, text, about=about)
        await self._services.ask.ask(context, delivery, request)
        if missing and context.is_moderator and context.guild_id is not None:
            await interaction.followup.send(
                embed=note(context.say("not-ingested")).embed,
                view=IngestOfferView(self._services, context, missing),
                ephemeral=True,
            )

    async def _subject(self, context: RequestContext) -> tuple[str, list[str]]:
        """Return the title of the linked article if it is in the corpus; else the message's own
        words, and its links."""
        links = links_of(self._message)[:_LINKS]
        corpus = context.corpus
        if links and corpus is None:
            corpus = await self._services.ask.dm_guilds.corpus_for(context.user)
        for url in links:
            if corpus and (title := await self._services.library.title_of(corpus, url)):
                return title, []
        return self._words(), links

    def _words(self) -> str:
        """Return the message's own words."""
        titles = [embed.title for embed in self._message.embeds if embed.title]
        words = " ".join([_LINK.sub(" ", self._message.content), *titles[:1]])
        return cut(cleaned(words), _SUBJECT)
