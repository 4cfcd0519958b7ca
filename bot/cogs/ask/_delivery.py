"""Where the answers to each kind of question appear, the best way first."""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot.ops.logging import details
from bot.ui.delivery import MessageDelivery
from bot.ui.delivery_channels import (
    ChannelDelivery,
    DeliveryChannel,
    DMDelivery,
    InteractionDelivery,
)

_log = logging.getLogger(__name__)

_UNKNOWN_INTERACTION = 10062


async def acknowledged(interaction: discord.Interaction[Any], *, private: bool) -> MessageDelivery:
    """Tell Discord at once that an answer is coming, and return its delivery.

    If Discord doesn't know the interaction any more, the answer comes without it. Raises what
    discord.py raises otherwise.
    """
    ways: list[DeliveryChannel] = [InteractionDelivery(interaction, private=private)]
    try:
        await interaction.response.defer(ephemeral=private, thinking=True)
    except discord.NotFound as error:
        if error.code != _UNKNOWN_INTERACTION:
            raise
        ways = []
        _log.warning(
            "an interaction was over before it was acknowledged",
            extra=details(server=interaction.guild_id, user=interaction.user.id),
        )
    nonce = str(interaction.id)
    channel = interaction.channel
    if not private and isinstance(channel, discord.abc.Messageable):
        ways.append(ChannelDelivery(channel, None, nonce))
    ways.append(DMDelivery(interaction.user, nonce))
    return MessageDelivery(ways, private=private)


def replying_to(message: discord.Message) -> MessageDelivery:
    """Return a delivery as a reply in the channel, or as a message of its own where the bot may not
    read the history; as a direct message to the author where it may not write."""
    nonce = str(message.id)
    ways: list[DeliveryChannel] = []
    if may_answer(message.channel, message.guild):
        refers = message if may_refer(message.channel, message.guild) else None
        ways.append(ChannelDelivery(message.channel, refers, nonce))
    if message.guild is not None:
        ways.append(DMDelivery(message.author, nonce))
    return MessageDelivery(ways, private=False)


def may_answer(channel: Any, guild: discord.Guild | None) -> bool:
    """Return whether the bot may send embeds in a channel."""
    if guild is None:
        return True
    rights = channel.permissions_for(guild.me)
    writes = (
        rights.send_messages_in_threads
        if isinstance(channel, discord.Thread)
        else rights.send_messages
    )
    return bool(rights.view_channel and writes and rights.embed_links)


def may_refer(channel: Any, guild: discord.Guild | None) -> bool:
    """Return whether a message in a channel may be answered as a reply to it."""
    return guild is None or bool(channel.permissions_for(guild.me).read_message_history)
