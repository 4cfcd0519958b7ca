"""The link that invites the bot, with only the permissions that it uses."""

from __future__ import annotations

import base64
import binascii

import discord

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)


def bot_id(token: str) -> int | None:
    """Return the bot's id, which is the first of the three parts of its token, in Base64; None if
    it isn't a token."""
    parts = token.split(".")
    try:
        user = base64.b64decode(parts[0] + "=" * (-len(parts[0]) % 4), validate=True).decode(
            "ascii"
        )
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return int(user) if len(parts) == 3 and all(parts) and user.isdigit() else None


def invite_link(bot_id: int) -> str:
    """Return the link that invites the bot."""
    return discord.utils.oauth_url(
        bot_id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
    )


def missing_permissions(has: discord.Permissions) -> list[str]:
    """Return which of the bot's permissions are missing, by Discord's names for people."""
    return [
        name.replace("_", " ").title()
        for name, wanted in PERMISSIONS
        if wanted and not getattr(has, name)
    ]
