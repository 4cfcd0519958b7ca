"""Who a message pings, and which links it would unfurl."""

from __future__ import annotations

import re

from .model import Account, Channel, Json, Pings
from .permissions import MENTION_EVERYONE, can

_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(everyone|here)\b")
_LINK = re.compile(r"(<?)(https?://[^\s<>)\]]+)(>?)")


def pings_of(
    text: str,
    channel: Channel,
    author: Account,
    allowed: Json | None,
    replied_to: Account | None = None,
) -> Pings:
    """``allowed`` is ``allowed_mentions`` of the request; none means that everything may ping."""
    text = _CODE.sub("", text)
    users = {int(x) for x in _USER.findall(text)}
    roles = {int(x) for x in _ROLE.findall(text)}
    everyone = bool(_EVERYONE.search(text))
    reply = replied_to is not None
    if allowed is not None:
        parse = allowed.get("parse") or []
        if "users" not in parse:
            users &= {int(x) for x in allowed.get("users") or []}
        if "roles" not in parse:
            roles &= {int(x) for x in allowed.get("roles") or []}
        everyone = everyone and "everyone" in parse
        reply = reply and bool(allowed.get("replied_user", False))
    guild = channel.guild
    if guild is None:
        known = {person.id for person in channel.recipients}
        roles, everyone = set(), False
    else:
        known = set(guild.members)
        may = can(channel, author, MENTION_EVERYONE)
        everyone = everyone and may
        roles = {r for r in roles if r in guild.roles and (may or guild.roles[r].mentionable)}
    users &= known
    if reply and replied_to is not None:
        users.add(replied_to.id)
    return Pings(frozenset(users), frozenset(roles), everyone)


def preview_links(content: str) -> list[str]:
    """Links not wrapped in ``<>`` and not in code."""
    found = _LINK.findall(_CODE.sub("", content))
    return [link for left, link, right in found if not (left and right)]
