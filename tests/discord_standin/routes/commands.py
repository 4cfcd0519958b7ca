"""Application commands."""

from __future__ import annotations

from tests.discord_standin.errors import ApiError, missing_access
from tests.discord_standin.server import NOTHING, Answer, Request

from .table import route

GLOBAL = "/applications/{application_id}/commands"
LOCAL = "/applications/{application_id}/guilds/{guild_id}/commands"


def _place(request: Request) -> int | None:
    if request.id("application_id") != request.world.application_id:
        raise ApiError(403, 20012)
    if "guild_id" not in request.parameters:
        return None
    guild = request.world.guilds.get(request.id("guild_id"))
    if guild is None or request.world.bot.id not in guild.members:
        raise missing_access()
    return guild.id


def every(request: Request) -> Answer:
    return 200, request.api.commands.all(_place(request))


def overwrite(request: Request) -> Answer:
    return 200, request.api.commands.overwrite(_place(request), request.body)


def upsert(request: Request) -> Answer:
    return 201, request.api.commands.upsert(_place(request), request.body)


def one(request: Request) -> Answer:
    return 200, request.api.commands.get(_place(request), request.id("command_id"))


def edit(request: Request) -> Answer:
    place, number = _place(request), request.id("command_id")
    return 200, request.api.commands.edit(place, number, request.body)


def remove(request: Request) -> Answer:
    request.api.commands.remove(_place(request), request.id("command_id"))
    return NOTHING


for base in (GLOBAL, LOCAL):
    route("GET", base)(every)
    route("PUT", base)(overwrite)
    route("POST", base)(upsert)
    route("GET", base + "/{command_id}")(one)
    route("PATCH", base + "/{command_id}")(edit)
    route("DELETE", base + "/{command_id}")(remove)
