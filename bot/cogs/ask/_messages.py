"""Ask by message: by mentioning the bot, replying to it, in its threads, or directly.

Discord gives the text of such messages to every bot, except in threads and for replies that don't
ping: these need the message content intent (NEWSDESK_MESSAGE_CONTENT).
"""

from __future__ import annotations

import asyncio
import contextlib
import re

import aiohttp
import discord
from discord.ext import commands

from bot.bootstrap import Services
from bot.cogs.ask._delivery import replying_to
from bot.errors import UserError
from bot.ops.logging import new_id
from bot.services.permissions import RequestContext
from bot.ui import error_pages
from bot.ui.delivery import MessageDeleted

_PLAIN = (discord.MessageType.default, discord.MessageType.reply)
_TYPING_SECONDS = 8.0  # Discord shows it for ten


class AskMessages(commands.Cog):
    """Answers messages."""

    def __init__(self, bot: commands.AutoShardedBot, services: Services) -> None:
        self._bot = bot
        self._services = services

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a message that is for the bot. Never raises: errors are shown to its author."""
        if message.author.bot or message.type not in _PLAIN or not self._is_for_us(message):
            return
        context = await self._services.contexts.of_message(message)
        try:
            await self._answer(context, message)
        except Exception as error:  # noqa: BLE001 - told and logged in one place
            await self._tell(context, message, error)

    async def _answer(self, context: RequestContext, message: discord.Message) -> None:
        if not message.content and self._mentions_our_role(message):
            me = message.guild.me.mention if message.guild else "Newsdesk"
            raise UserError("message-hidden", bot=me)
        text, ask = self._without_mention(message), self._services.ask
        ask.admit(context, text)
        delivery = replying_to(message)
        about = None
        if (answered := self._replied_to(message)) is not None:
            about = await ask.after_message(answered.id)
        about = about or await ask.going_on_in(message.channel)
        topics = ask.topics_in(message.channel)
        typing = asyncio.create_task(_type_in(message.channel, delivery.begun))
        try:
            request = ask.request(context, text, about=about, topics=topics, shown=False)
            await ask.ask(context, delivery, request)
        finally:
            typing.cancel()

    def _is_for_us(self, message: discord.Message) -> bool:
        if message.guild is None or self._mentions_us(message):
            return True
        if self._mentions_our_role(message):
            return True
        if not message.content:
            return False  # Discord hides the text without the intent
        if self._replied_to(message) is not None:
            return True
        # In the bot's own threads every message that mentions nobody else is a question.
        return self._services.ask.is_our_thread(message.channel) and not message.mentions

    def _mentions_us(self, message: discord.Message) -> bool:
        return self._bot.user is not None and self._bot.user in message.mentions

    def _mentions_our_role(self, message: discord.Message) -> bool:
        """Return whether the bot's own role is mentioned, which people confuse with the bot."""
        role = message.guild.self_role if message.guild else None
        if role is None:
            return False
        # A role that this person can't ping is mentioned in the text only.
        return role in message.role_mentions or role.mention in message.content

    def _replied_to(self, message: discord.Message) -> discord.Message | None:
        """Return the bot's message that this one replies to; None if it doesn't."""
        replied = message.reference.resolved if message.reference else None
        if isinstance(replied, discord.Message) and replied.author == self._bot.user:
            return replied
        return None

    def _without_mention(self, message: discord.Message) -> str:
        me = self._bot.user.id if self._bot.user else 0
        role = message.guild.self_role if message.guild else None
        return re.sub(rf"<@!?{me}>|<@&{role.id if role else 0}>", " ", message.content).strip()

    async def _tell(
        self, context: RequestContext, message: discord.Message, error: Exception
    ) -> None:
        incident = new_id()
        error_pages.log(
            error, "message", incident=incident, server=context.guild_id, user=context.user.id
        )
        with contextlib.suppress(MessageDeleted):
            await replying_to(message).finish([error_pages.page_for(error, context.say, incident)])


async def _type_in(channel: discord.abc.Messageable, begun: asyncio.Event) -> None:
    """Show the typing indicator until the first words are there. Errors don't matter."""
    with contextlib.suppress(discord.HTTPException, aiohttp.ClientError):
        while not begun.is_set():
            await channel.typing()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(begun.wait(), _TYPING_SECONDS)
