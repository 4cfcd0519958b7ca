"""Interaction responses, and webhooks: those of interactions and those that the bot makes."""

from __future__ import annotations

import secrets

from tests.discord_standin import payloads
from tests.discord_standin.errors import ApiError, FormErrors, missing_permissions, not_found
from tests.discord_standin.model import Account, Json, Message, Webhook
from tests.discord_standin.permissions import MANAGE_WEBHOOKS, can
from tests.discord_standin.server import NOTHING, Answer, Request

from .table import route

# In a channel: docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes (30007)
MOST_WEBHOOKS = 15
TOKEN = "/webhooks/{webhook_id}/{webhook_token}"


def _wanted(request: Request, name: str) -> bool:
    return request.query.get(name) in ("1", "true", "True")


@route("POST", "/interactions/{interaction_id}/{interaction_token}/callback")
def respond(request: Request) -> Answer:
    found = request.api.responses.respond(
        request.id("interaction_id"), request.parameters["interaction_token"], request.body,
        request.files,
    )  # fmt: skip
    return (200, found) if _wanted(request, "with_response") else NOTHING


def _made(request: Request) -> Webhook | None:
    """The webhook of the bot's, or ``None`` for the token of an interaction."""
    number = request.id("webhook_id")
    if number == request.world.application_id:
        return None
    found = request.world.webhooks.get(number)
    if found is None or found.channel.deleted:
        raise not_found(10015)
    if request.parameters.get("webhook_token", found.token) != found.token:
        raise ApiError(401, 50027)
    return found


def _message(request: Request) -> Message:
    which = request.parameters.get("message_id", "@original")
    webhook = _made(request)
    if webhook is None:
        return request.api.responses.message(request.parameters["webhook_token"], which)
    message = webhook.channel.messages.get(int(which)) if which.isdigit() else None
    if message is None or message.author is not webhook.account:
        raise not_found(10008)
    return message


@route("POST", TOKEN)
def send(request: Request) -> Answer:
    webhook, body = _made(request), request.body or {}
    if webhook is None:
        token = request.parameters["webhook_token"]
        made = request.api.responses.follow_up(token, body, request.files)
        return 200, payloads.message(made, request.world)
    made = request.api.messages.create(
        webhook.channel, webhook.account, body, request.files, webhook_id=webhook.account.id
    )
    return (200, payloads.message(made, request.world)) if _wanted(request, "wait") else NOTHING


def get(request: Request) -> Answer:
    return 200, payloads.message(_message(request), request.world)


def edit(request: Request) -> Answer:
    message = _message(request)
    request.api.messages.edit(message, request.body or {}, request.files)
    return 200, payloads.message(message, request.world)


def delete(request: Request) -> Answer:
    request.api.messages.delete(_message(request))
    return NOTHING


for end in ("/messages/@original", "/messages/{message_id}"):
    route("GET", TOKEN + end)(get)
    route("PATCH", TOKEN + end)(edit)
    route("DELETE", TOKEN + end)(delete)


def _shown(webhook: Webhook) -> Json:
    guild = webhook.channel.guild
    assert guild is not None
    return {
        "id": str(webhook.account.id), "type": 1, "name": webhook.account.name, "avatar": None,
        "application_id": None, "channel_id": str(webhook.channel.id), "guild_id": str(guild.id),
        "token": webhook.token,
    }  # fmt: skip


def _check_name(name: str) -> None:
    """docs.discord.com/developers/resources/webhook#create-webhook"""
    errors = FormErrors()
    if not 1 <= len(name.strip()) <= 80:
        errors.add("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 80 in length.")
    for word in ("clyde", "discord"):
        if word in name.lower():
            errors.add("name", "USERNAME_INVALID_CONTAINS", f'Username cannot contain "{word}"')
    errors.check()


@route("POST", "/channels/{channel_id}/webhooks")
def create(request: Request) -> Answer:
    world = request.world
    channel = world.channel_for(request.id("channel_id"), world.bot, MANAGE_WEBHOOKS)
    if sum(webhook.channel is channel for webhook in world.webhooks.values()) >= MOST_WEBHOOKS:
        raise ApiError(400, 30007)
    _check_name(request.body["name"])
    account = Account(world.ids.next(), request.body["name"], bot=True)
    world.accounts[account.id] = account
    world.webhooks[account.id] = Webhook(secrets.token_urlsafe(51), channel, account)
    return 200, _shown(world.webhooks[account.id])


@route("GET", "/channels/{channel_id}/webhooks")
def of_channel(request: Request) -> Answer:
    world = request.world
    channel = world.channel_for(request.id("channel_id"), world.bot, MANAGE_WEBHOOKS)
    return 200, [_shown(w) for w in world.webhooks.values() if w.channel is channel]


def one(request: Request) -> Answer:
    webhook = _made(request)
    if webhook is None:
        raise not_found(10015)
    return 200, _shown(webhook)


def remove(request: Request) -> Answer:
    webhook = _made(request)
    if webhook is None:
        raise not_found(10015)
    by_token = "webhook_token" in request.parameters
    if not by_token and not can(webhook.channel, request.world.bot, MANAGE_WEBHOOKS):
        raise missing_permissions()
    del request.world.webhooks[webhook.account.id]
    return NOTHING


for place in ("/webhooks/{webhook_id}", TOKEN):
    route("GET", place)(one)
    route("DELETE", place)(remove)
