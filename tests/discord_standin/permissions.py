"""Permissions, computed as Discord does."""

from __future__ import annotations

from .model import Account, Channel, Guild, Member

CREATE_INVITE, ADMINISTRATOR, MANAGE_CHANNELS, MANAGE_GUILD = 1, 1 << 3, 1 << 4, 1 << 5
ADD_REACTIONS, VIEW_CHANNEL, SEND_MESSAGES, SEND_TTS = 1 << 6, 1 << 10, 1 << 11, 1 << 12
MANAGE_MESSAGES, EMBED_LINKS, ATTACH_FILES, READ_HISTORY = 1 << 13, 1 << 14, 1 << 15, 1 << 16
MENTION_EVERYONE, EXTERNAL_EMOJIS, MANAGE_ROLES, MANAGE_WEBHOOKS = (
    1 << 17,
    1 << 18,
    1 << 28,
    1 << 29,
)
USE_COMMANDS, MANAGE_THREADS, PUBLIC_THREADS, PRIVATE_THREADS = 1 << 31, 1 << 34, 1 << 35, 1 << 36
SEND_IN_THREADS, USE_EXTERNAL_APPS, PIN_MESSAGES = 1 << 38, 1 << 50, 1 << 51
KICK_MEMBERS, BAN_MEMBERS = 1 << 1, 1 << 2

ALL = (1 << 53) - 1
# What @everyone may do in a new server, and the bot with the usual invite link.
EVERYONE = (
    CREATE_INVITE | ADD_REACTIONS | VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES
    | READ_HISTORY | EXTERNAL_EMOJIS | USE_COMMANDS | PUBLIC_THREADS | PRIVATE_THREADS
    | SEND_IN_THREADS | USE_EXTERNAL_APPS
)  # fmt: skip
BOT = EVERYONE | MANAGE_THREADS
MODERATOR = MANAGE_MESSAGES | MANAGE_THREADS | MANAGE_GUILD | KICK_MEMBERS | BAN_MEMBERS
DIRECT = (
    ADD_REACTIONS | VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_HISTORY
    | EXTERNAL_EMOJIS | USE_COMMANDS
)  # fmt: skip


def in_guild(guild: Guild, member: Member) -> int:
    if guild.owner.id == member.account.id:
        return ALL
    found = guild.everyone.permissions
    for role in member.roles:
        found |= guild.roles[role].permissions
    return ALL if found & ADMINISTRATOR else found


def in_channel(channel: Channel, account: Account) -> int:
    """What the account may do there; 0 outside."""
    if channel.guild is None:
        return DIRECT if account in channel.recipients else 0
    member = channel.guild.members.get(account.id)
    if member is None:
        return 0
    found = in_guild(channel.guild, member)
    if found == ALL:
        return found
    place = channel.parent if channel.is_thread and channel.parent else channel
    everyone = place.overwrites.get(channel.guild.id)
    if everyone:
        found = found & ~everyone.deny | everyone.allow
    allow = deny = 0
    for role in member.roles:
        if overwrite := place.overwrites.get(role):
            allow |= overwrite.allow
            deny |= overwrite.deny
    found = found & ~deny | allow
    if own := place.overwrites.get(account.id):
        found = found & ~own.deny | own.allow
    if not found & VIEW_CHANNEL:
        return 0
    if (
        channel.type == 12
        and not found & MANAGE_THREADS
        and account.id not in channel.thread_members
    ):
        return 0
    if not found & SEND_MESSAGES and not channel.is_thread:
        found &= ~(MENTION_EVERYONE | SEND_TTS | ATTACH_FILES | EMBED_LINKS)
    return found


def can(channel: Channel, account: Account, permission: int) -> bool:
    return in_channel(channel, account) & permission == permission
