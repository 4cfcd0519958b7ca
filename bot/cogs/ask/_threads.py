"""Threads that the bot opens for an answer, in which everyone shares one conversation."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord

from bot.bootstrap import Services
from bot.ops.logging import details
from bot.services.answers import PostedAnswer
from bot.services.conversations import Participant, ThreadKey
from bot.services.permissions import RequestContext
from bot.ui.escaping import unmarked
from bot.ui.failures import described
from bot.ui.pages import note

_log = logging.getLogger(__name__)


async def open_thread(
    services: Services, context: RequestContext, channel: Any, question: str, posted: PostedAnswer
) -> None:
    """Open a thread under an answer, if the server wants that and the channel allows it. A refusal
    by Discord is only logged."""
    if not context.settings.threads or posted.message.channel.id != context.channel_id:
        return
    if not isinstance(channel, discord.TextChannel):
        return
    try:
        thread = await channel.get_partial_message(posted.message.id).create_thread(
            name=unmarked(question, 90) or "…"
        )
    except (discord.HTTPException, aiohttp.ClientError) as error:
        _log.warning(
            "no thread could be opened (%s); give the bot Create Public Threads",
            described(error),
            extra=details(server=context.guild_id),
        )
        return
    if not services.settings.message_content:
        await _say_how_to_ask(thread, context)
    by = Participant(context.user.id, context.corpus or "", context.guild_id)
    await services.conversations.remember([ThreadKey(thread.id)], posted.conversation, by)


async def _say_how_to_ask(thread: discord.Thread, context: RequestContext) -> None:
    """Explain that without the message content intent the bot only gets messages that mention
    it."""
    words = context.say("thread-hint", bot=thread.guild.me.mention)
    try:
        await thread.send(embed=note(words).embed)
    except (discord.HTTPException, aiohttp.ClientError) as error:
        _log.warning("how to ask in a thread could not be said (%s)", described(error))
