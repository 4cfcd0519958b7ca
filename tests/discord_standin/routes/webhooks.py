"""Interaction responses and the webhooks that carry what follows."""

from __future__ import annotations

from tests.discord_standin import payloads
from tests.discord_standin.errors import ApiError, not_found
from tests.discord_standin.server import NOTHING, Answer, Request

from .table import route

WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"


def _wanted(request: Request, name: str) -> bool:
    return request.query.get(name) in ("1", "true", "True")


def _token(request: Request) -> str:
    if request.id("webhook_id") != request.world.application_id:
        raise not_found(10015)
    return request.parameters["webhook_token"]


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback")
def respond(request: Request) -> Answer:
    found = request.api.responses.respond(
        request.id("interaction_id"), request.parameters["interaction_token"], request.body,
        request.files,
    )  # fmt: skip
    return (200, found) if _wanted(request, "with_response") else NOTHING


@route("POST", WEBHOOK)
def follow_up(request: Request) -> Answer:
    made = request.api.responses.follow_up(_token(request), request.body or {}, request.files)
    return 200, payloads.message(made, request.world)


def _which(request: Request) -> str:
    return request.parameters.get("message_id", "@original")


def get(request: Request) -> Answer:
    found = request.api.responses.message(_token(request), _which(request))
    return 200, payloads.message(found, request.world)


def edit(request: Request) -> Answer:
    found = request.api.responses.edit(
        _token(request), _which(request), request.body or {}, request.files
    )
    return 200, payloads.message(found, request.world)


def delete(request: Request) -> Answer:
    request.api.responses.delete(_token(request), _which(request))
    return NOTHING


for end in ("/messages/@original", "/messages/{message_id}"):
    route("GET", WEBHOOK + end)(get)
    route("PATCH", WEBHOOK + end)(edit)
    route("DELETE", WEBHOOK + end)(delete)


@route("GET", "/webhooks/{webhook_id}")
def webhook(request: Request) -> Answer:
    raise ApiError(404, 10015)
