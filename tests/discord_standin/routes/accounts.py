"""The bot itself, its application, people, the gateway's address."""

from __future__ import annotations

from tests.discord_standin import payloads, permissions
from tests.discord_standin.errors import ApiError, not_found
from tests.discord_standin.model import Json
from tests.discord_standin.server import Answer, Request

from .table import route


@route("GET", "/gateway")
def gateway(request: Request) -> Answer:
    return 200, {"url": request.api.gateway.url}


@route("GET", "/gateway/bot")
def gateway_bot(request: Request) -> Answer:
    gateway = request.api.gateway
    return 200, {
        "url": gateway.url,
        "shards": gateway.shards,
        "session_start_limit": gateway.starts.limit(),
    }


@route("GET", "/users/@me")
def me(request: Request) -> Answer:
    return 200, payloads.own_user(request.world.bot)


@route("GET", "/users/{user_id}")
def user(request: Request) -> Answer:
    found = request.world.accounts.get(request.id("user_id"))
    if found is None:
        raise not_found(10013)
    return 200, payloads.user(found)


@route("GET", "/users/@me/guilds")
def my_guilds(request: Request) -> Answer:
    world = request.world
    limit = request.number("limit", 200)
    after, before = request.number("after", 0), request.number("before", 1 << 63)
    counts = request.query.get("with_counts") in ("1", "true", "True")
    found = []
    for guild in sorted(world.guilds.values(), key=lambda g: g.id):
        member = guild.members.get(world.bot.id)
        if member is None or not after < guild.id < before:
            continue
        entry: Json = {
            "id": str(guild.id), "name": guild.name, "icon": None, "banner": None,
            "owner": guild.owner is world.bot, "features": [],
            "permissions": str(permissions.in_guild(guild, member)),
        }  # fmt: skip
        if counts:
            entry["approximate_member_count"] = len(guild.members)
            entry["approximate_presence_count"] = len(guild.members)
        found.append(entry)
    return 200, found[:limit]


@route("DELETE", "/users/@me/guilds/{guild_id}")
def leave_guild(request: Request) -> Answer:
    guild = request.world.guild_of_bot(request.id("guild_id"))
    request.world.remove_member(guild, request.world.bot)
    return 204, None


@route("POST", "/users/@me/channels")
def open_direct(request: Request) -> Answer:
    world = request.world
    person = world.accounts.get(int(request.body.get("recipient_id") or 0))
    if person is None:
        raise ApiError(400, 50033, "Invalid Recipient(s)")
    if person is world.bot:
        raise ApiError(400, 50007)
    if world.opens_too_fast():
        raise ApiError(403, 40003)
    return 200, payloads.channel(world.direct(person), world.bot)


def application(request: Request) -> Json:
    world = request.world
    flags = world.application_flags
    return {
        "id": str(world.application_id), "name": world.bot.name, "icon": None, "description": "",
        "summary": "", "type": None, "bot_public": True, "bot_require_code_grant": False,
        "verify_key": "0" * 64, "flags": flags, "flags_new": str(flags), "eligible_oauth2_scopes": [], "hook": True, "is_monetized": False,
        "is_verified": False, "is_discoverable": False, "max_participants": None,
        "owner": payloads.user(world.owner), "team": None, "redirect_uris": [],
        "interactions_endpoint_url": None, "role_connections_verification_url": None,
        "approximate_guild_count": len(world.guilds), "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0, "explicit_content_filter": 0,
        "integration_types_config": {"0": {}}, "bot": payloads.user(world.bot),
    }  # fmt: skip


@route("GET", "/oauth2/applications/@me")
def oauth_application(request: Request) -> Answer:
    return 200, application(request)


@route("GET", "/applications/@me")
def own_application(request: Request) -> Answer:
    return 200, application(request)


@route("GET", "/applications/{application_id}/emojis")
def application_emojis(request: Request) -> Answer:
    return 200, {"items": []}
