"""State as Discord writes it in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .clock import iso
from .model import (
    FORUM,
    HAS_THREAD,
    STAGE,
    VOICE,
    Account,
    Attachment,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
)
from .permissions import in_channel

if TYPE_CHECKING:
    from .world import World


def user(account: Account) -> Json:
    return {
        "id": str(account.id), "username": account.name, "global_name": account.global_name,
        "discriminator": "0000" if account.bot else "0", "avatar": None, "bot": account.bot,
        "public_flags": 0, "flags": 0, "avatar_decoration_data": None, "banner": None,
        "accent_color": None, "collectibles": None, "primary_guild": None, "clan": None,
        "display_name_styles": None,
    }  # fmt: skip


def own_user(account: Account) -> Json:
    """``/users/@me``."""
    return {
        **user(account), "mfa_enabled": True, "locale": "en-US", "verified": True, "email": None,
        "premium_type": 0,
    }  # fmt: skip


def role(item: Role) -> Json:
    return {
        "id": str(item.id), "name": item.name, "description": None, "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "permissions": str(item.permissions), "position": item.position, "hoist": False,
        "managed": item.managed, "mentionable": item.mentionable, "icon": None,
        "unicode_emoji": None, "flags": 0,
        **({"tags": {"bot_id": str(item.bot_id)}} if item.bot_id is not None else {}),
    }  # fmt: skip


def member(item: Member, with_user: bool = True) -> Json:
    found: Json = {
        "roles": [str(r) for r in sorted(item.roles)], "nick": item.nick, "avatar": None,
        "banner": None, "joined_at": iso(item.joined_at), "premium_since": None, "deaf": False,
        "mute": False, "flags": 0, "pending": False, "communication_disabled_until": None,
    }  # fmt: skip
    if with_user:
        found["user"] = user(item.account)
    return found


def channel(item: Channel, viewer: Account | None = None) -> Json:
    """A channel or thread; ``viewer`` is for whom (membership, recipients)."""
    if item.guild is None:
        others = [user(a) for a in item.recipients if viewer is None or a.id != viewer.id]
        return {
            "id": str(item.id), "type": item.type, "last_message_id": _last(item), "flags": 0,
            "recipients": others,
        }  # fmt: skip
    found: Json = {
        "id": str(item.id), "type": item.type, "name": item.name, "guild_id": str(item.guild.id),
        "last_message_id": _last(item), "flags": 0,
        "parent_id": str(item.parent.id) if item.parent else None,
        "rate_limit_per_user": item.slowmode,
    }  # fmt: skip
    if not item.is_thread:
        overwrites = [
            {"id": str(o.id), "type": o.type, "allow": str(o.allow), "deny": str(o.deny)}
            for o in item.overwrites.values()
        ]
        return {
            **found, "topic": item.topic, "position": item.position, "nsfw": item.nsfw,
            "permission_overwrites": overwrites, **({"bitrate": 64000, "user_limit": 0} if item.type in (VOICE, STAGE) else {}),
            **({"available_tags": [], "default_reaction_emoji": None, "default_sort_order": None, "default_forum_layout": 0} if item.type == FORUM else {}),
        }  # fmt: skip
    found |= {
        "owner_id": str(item.owner_id),
        "thread_metadata": {
            "archived": item.archived, "archive_timestamp": iso(item.archive_changed),
            "auto_archive_duration": item.auto_archive, "locked": item.locked,
            "create_timestamp": iso(item.created), "invitable": item.invitable,
        },
        "message_count": len(item.messages), "total_message_sent": len(item.messages),
        "member_count": len(item.thread_members),
    }  # fmt: skip
    if viewer is not None and viewer.id in item.thread_members:
        found["member"] = thread_member(item, viewer.id)
    return found


def thread_member(item: Channel, account_id: int) -> Json:
    return {
        "id": str(item.id), "user_id": str(account_id), "flags": 0,
        "join_timestamp": iso(item.thread_members[account_id]),
    }  # fmt: skip


def _last(item: Channel) -> str | None:
    shown = [m.id for m in item.messages.values() if not m.is_ephemeral]
    return str(max(shown)) if shown else None


def guild(item: Guild) -> Json:
    return {
        "id": str(item.id), "name": item.name, "icon": None, "description": None,
        "home_header": None, "splash": None, "discovery_splash": None, "features": [],
        "banner": None, "owner_id": str(item.owner.id), "application_id": None, "region": "us-west",
        "afk_channel_id": None, "afk_timeout": 300, "system_channel_id": None,
        "system_channel_flags": 0, "widget_enabled": False, "widget_channel_id": None,
        "verification_level": 1, "roles": [role(r) for r in item.roles.values()],
        "default_message_notifications": 0, "mfa_level": 0, "explicit_content_filter": 0,
        "max_presences": None, "max_members": 500000, "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25, "vanity_url_code": None, "premium_tier": 0,
        "premium_subscription_count": 0, "preferred_locale": item.locale,
        "rules_channel_id": None, "safety_alerts_channel_id": None,
        "public_updates_channel_id": None, "premium_progress_bar_enabled": False, "nsfw": False,
        "nsfw_level": 0, "emojis": [], "stickers": [], "incidents_data": None,
    }  # fmt: skip


def guild_create(item: Guild, bot: Account) -> Json:
    """What the gateway tells of a server: all but its members."""
    threads = [t for t in item.threads.values() if not t.archived and in_channel(t, bot)]
    return {
        **guild(item), "joined_at": iso(item.joined_at), "large": len(item.members) > 250,
        "unavailable": False, "member_count": len(item.members), "voice_states": [],
        "members": [member(item.members[bot.id])], "channels": [channel(c) for c in item.channels.values()],
        "threads": [channel(t, bot) for t in threads], "presences": [], "stage_instances": [],
        "guild_scheduled_events": [], "soundboard_sounds": [],
    }  # fmt: skip


def attachment(item: Attachment) -> Json:
    found: Json = {
        "id": str(item.id), "filename": item.filename, "size": len(item.content), "url": item.url,
        "proxy_url": item.url, "content_type": item.content_type,
    }  # fmt: skip
    if item.description is not None:
        found["description"] = item.description
    return found


def message(item: Message, world: World, readable: bool = True, depth: int = 1) -> Json:
    """A message for the bot; ``readable`` false hides what the message content intent guards."""
    visible = readable or world.may_read_anyway(item)
    found: Json = {
        "id": str(item.id), "channel_id": str(item.channel.id), "author": user(item.author),
        "type": item.type, "content": item.content if visible else "",
        "timestamp": iso(item.created),
        "edited_timestamp": iso(item.edited) if item.edited is not None else None,
        "tts": item.tts, "mention_everyone": item.pings.everyone,
        "mentions": [user(a) for a in item.mentions],
        "mention_roles": [str(r) for r in sorted(item.pings.roles)],
        "attachments": [attachment(a) for a in item.attachments] if visible else [],
        "embeds": item.embeds if visible else [], "components": item.components if visible else [],
        "pinned": item.pinned, "flags": item.flags | (HAS_THREAD if item.thread else 0),
    }  # fmt: skip
    if item.webhook_id is not None:
        found["webhook_id"] = str(item.webhook_id)
    if (item.author is world.bot and item.interaction is not None) or item.author is world.bot:
        found["application_id"] = str(world.application_id)
    if item.nonce is not None:
        found["nonce"] = item.nonce
    if item.reactions:
        found["reactions"] = [
            {
                "emoji": {"id": None, "name": emoji}, "count": len(who), "me_burst": False,
                "me": world.bot.id in who, "burst_colors": [],
                "count_details": {"burst": 0, "normal": len(who)},
            }
            for emoji, who in item.reactions.items()
        ]  # fmt: skip
    if item.interaction is not None:
        found["interaction_metadata"] = item.interaction.metadata(item)
        if item.interaction.type == 2:
            found["interaction"] = item.interaction.short()
    if item.thread is not None:
        found["thread"] = channel(item.thread, world.bot)
    if item.reference is not None:
        found["message_reference"] = item.reference
        if depth and item.type in (19, 20, 21):
            original = item.replied_to
            gone = original is None or original.deleted
            found["referenced_message"] = (
                None if gone or original is None else message(original, world, readable, 0)
            )
    return found


def message_event(item: Message, world: World, readable: bool) -> Json:
    """MESSAGE_CREATE and MESSAGE_UPDATE."""
    found = message(item, world, readable) | {"channel_type": item.channel.type}
    home = item.channel.guild
    if home is not None:
        found["guild_id"] = str(home.id)
        if author := home.members.get(item.author.id):
            found["member"] = member(author, with_user=False)
        for entry in found["mentions"]:
            if mentioned := home.members.get(int(entry["id"])):
                entry["member"] = member(mentioned, with_user=False)
    return found
