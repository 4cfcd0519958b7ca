"""Servers, their members and roles."""

from __future__ import annotations

from tests.discord_standin import payloads
from tests.discord_standin.errors import missing_access, missing_permissions, not_found
from tests.discord_standin.model import Guild, Member
from tests.discord_standin.permissions import (
    KICK_MEMBERS,
    MANAGE_CHANNELS,
    MANAGE_ROLES,
    in_channel,
    in_guild,
)
from tests.discord_standin.server import NOTHING, Answer, Request
from tests.discord_standin.world import MEMBERS

from .table import route

GUILD = "/guilds/{guild_id}"


def _guild(request: Request, needed: int = 0) -> Guild:
    guild = request.world.guild_of_bot(request.id("guild_id"))
    if in_guild(guild, guild.members[request.world.bot.id]) & needed != needed:
        raise missing_permissions()
    return guild


def _member(request: Request, guild: Guild) -> Member:
    number = request.id("user_id")
    if number not in request.world.accounts:
        raise not_found(10013)
    if number not in guild.members:
        raise not_found(10007)
    return guild.members[number]


@route("GET", GUILD)
def get(request: Request) -> Answer:
    guild = _guild(request)
    found = payloads.guild(guild)
    if request.query.get("with_counts"):
        found["approximate_member_count"] = len(guild.members)
        found["approximate_presence_count"] = len(guild.members)
    return 200, found


@route("GET", GUILD + "/channels")
def channels(request: Request) -> Answer:
    return 200, [payloads.channel(c) for c in _guild(request).channels.values()]


@route("POST", GUILD + "/channels")
def create_channel(request: Request) -> Answer:
    guild = _guild(request, MANAGE_CHANNELS)
    body = request.body
    made = request.world.add_channel(guild, body["name"], body.get("type") or 0)
    return 201, payloads.channel(made)


@route("GET", GUILD + "/roles")
def roles(request: Request) -> Answer:
    return 200, [payloads.role(r) for r in _guild(request).roles.values()]


@route("GET", GUILD + "/roles/{role_id}")
def role(request: Request) -> Answer:
    found = _guild(request).roles.get(request.id("role_id"))
    if found is None:
        raise not_found(10011)
    return 200, payloads.role(found)


@route("GET", GUILD + "/members/{user_id}")
def member(request: Request) -> Answer:
    return 200, payloads.member(_member(request, _guild(request)))


@route("GET", GUILD + "/members")
def members(request: Request) -> Answer:
    if not request.world.privileged_intents & MEMBERS:
        raise missing_access()
    guild = _guild(request)
    after = request.number("after", 0)
    chosen = [guild.members[k] for k in sorted(guild.members) if k > after]
    return 200, [payloads.member(m) for m in chosen[: request.number("limit", 1)]]


@route("GET", GUILD + "/members/search")
def search_members(request: Request) -> Answer:
    query = request.query.get("query", "").casefold()
    found = [
        m
        for m in _guild(request).members.values()
        if (m.nick or m.account.name).casefold().startswith(query)
    ]
    return 200, [payloads.member(m) for m in found[: request.number("limit", 1)]]


@route("PATCH", GUILD + "/members/@me")
def edit_me(request: Request) -> Answer:
    guild = _guild(request)
    own = guild.members[request.world.bot.id]
    own.nick = request.body.get("nick", own.nick)
    request.world.member_changed(guild, own)
    return 200, payloads.member(own)


@route("DELETE", GUILD + "/members/{user_id}")
def kick(request: Request) -> Answer:
    guild = _guild(request, KICK_MEMBERS)
    request.world.remove_member(guild, _member(request, guild).account)
    return NOTHING


def _set_role(request: Request, given: bool) -> Answer:
    guild = _guild(request, MANAGE_ROLES)
    found = _member(request, guild)
    number = request.id("role_id")
    if number not in guild.roles:
        raise not_found(10011)
    top = max(guild.roles[r].position for r in guild.members[request.world.bot.id].roles)
    if guild.roles[number].position >= top:
        raise missing_permissions()
    found.roles = found.roles | {number} if given else found.roles - {number}
    request.world.member_changed(guild, found)
    return NOTHING


@route("PUT", GUILD + "/members/{user_id}/roles/{role_id}")
def add_role(request: Request) -> Answer:
    return _set_role(request, True)


@route("DELETE", GUILD + "/members/{user_id}/roles/{role_id}")
def remove_role(request: Request) -> Answer:
    return _set_role(request, False)


@route("GET", GUILD + "/threads/active")
def active_threads(request: Request) -> Answer:
    world = request.world
    threads = [
        t for t in _guild(request).threads.values() if not t.archived and in_channel(t, world.bot)
    ]
    own = [t for t in threads if world.bot.id in t.thread_members]
    return 200, {
        "threads": [payloads.channel(t, world.bot) for t in threads],
        "members": [payloads.thread_member(t, world.bot.id) for t in own],
        "has_more": False,
    }  # fmt: skip
