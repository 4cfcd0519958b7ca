"""Messages, reactions and pins through channels."""

from __future__ import annotations

from urllib.parse import unquote

from tests.discord_standin import payloads
from tests.discord_standin.clock import iso
from tests.discord_standin.errors import ApiError, FormErrors, missing_permissions
from tests.discord_standin.model import (
    CROSSPOSTED,
    NEWS,
    SUPPRESS_EMBEDS,
    Account,
    Channel,
    Json,
    Message,
)
from tests.discord_standin.permissions import (
    ADD_REACTIONS,
    ATTACH_FILES,
    EMBED_LINKS,
    MANAGE_MESSAGES,
    PIN_MESSAGES,
    READ_HISTORY,
    SEND_IN_THREADS,
    SEND_MESSAGES,
    can,
)
from tests.discord_standin.server import NOTHING, Answer, Request
from tests.discord_standin.world import DIRECT_REACTIONS, GUILD_REACTIONS, MESSAGE_CONTENT, World

from .table import route

MESSAGES = "/channels/{channel_id}/messages"
ONE = MESSAGES + "/{message_id}"
REACTION = ONE + "/reactions/{emoji_name}"
TEXT_KINDS = {0, 1, 2, 5, 10, 11, 12, 13}
# "checked for uniqueness in the past few minutes":
# docs.discord.com/developers/resources/message#create-message (enforce_nonce)
NONCE_SECONDS = 300.0


def _shown(request: Request, message: Message) -> Json:
    readable = bool(request.world.privileged_intents & MESSAGE_CONTENT)
    return payloads.message(message, request.world, readable)


def _one(request: Request, needed: int = 0) -> Message:
    world = request.world
    channel = world.channel_for(request.id("channel_id"), world.bot, needed)
    return world.message_in(channel, request.id("message_id"))


def check_sending(channel: Channel, account: Account, body: Json, files: bool) -> None:
    """Whether this account may send such a message there."""
    if channel.type not in TEXT_KINDS:
        raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
    if not can(channel, account, SEND_IN_THREADS if channel.is_thread else SEND_MESSAGES):
        raise missing_permissions()
    check_content(channel, account, body, files)
    if channel.is_thread and channel.archived and channel.locked:
        raise ApiError(400, 50083)


def check_content(channel: Channel, account: Account, body: Json, files: bool) -> None:
    """Whether this account may show what such a message holds."""
    needed = EMBED_LINKS if body.get("embeds") else 0
    if not can(channel, account, needed | (ATTACH_FILES if files else 0)):
        raise missing_permissions()


@route("POST", MESSAGES)
def create(request: Request) -> Answer:
    world, body = request.world, request.body or {}
    channel = world.channel_for(request.id("channel_id"), world.bot)
    check_sending(channel, world.bot, body, bool(request.files))
    if channel.guild is None:
        person = next(a for a in channel.recipients if a is not world.bot)
        if not person.accepts_dms or not world.shares_guild(person):
            raise ApiError(403, 50007)
    if body.get("poll"):
        raise ApiError(501, 0, "the stand-in does not play polls")
    replied, kind = _replied(request, channel), 0
    if body.get("nonce") is not None and body.get("enforce_nonce"):
        since = world.clock.now() - NONCE_SECONDS
        for old in channel.messages.values():
            known = old.author is world.bot and old.nonce == str(body["nonce"])
            if known and old.created > since:
                return 200, _shown(request, old)
    if replied is not None:
        kind = 19
    made = request.api.messages.create(
        channel, world.bot, body, request.files, kind=kind, replied_to=replied
    )
    if channel.is_thread:
        world.thread_joined(channel, world.bot)
    return 200, _shown(request, made)


def _replied(request: Request, channel: Channel) -> Message | None:
    reference = (request.body or {}).get("message_reference")
    if not reference:
        return None
    if reference.get("type"):
        raise ApiError(501, 0, "the stand-in does not play forwarded messages")
    if not can(channel, request.world.bot, READ_HISTORY):
        raise ApiError(400, 160002)
    found = channel.messages.get(int(reference["message_id"]))
    if found is None or found.deleted or found.is_ephemeral:
        if reference.get("fail_if_not_exists") is False:
            return None
        errors = FormErrors()
        errors.add("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        raise _unrecorded(errors)
    return found


def _unrecorded(errors: FormErrors) -> ApiError:
    """A form error that comes of how things stand, not of a malformed request."""
    try:
        errors.check()
    except ApiError as error:
        error.mistake = False
        return error
    raise AssertionError("there was no error")


@route("GET", MESSAGES)
def listing(request: Request) -> Answer:
    world = request.world
    channel = world.channel_for(request.id("channel_id"), world.bot)
    if not can(channel, world.bot, READ_HISTORY):
        return 200, []
    limit = request.number("limit", 50)
    shown = sorted((m for m in channel.messages.values() if not m.is_ephemeral), key=lambda m: m.id)
    if "after" in request.query:
        chosen = [m for m in shown if m.id > int(request.query["after"])][:limit]
    elif "around" in request.query:
        middle = int(request.query["around"])
        nearest = sorted(shown, key=lambda m: abs(m.id - middle))[:limit]
        chosen = sorted(nearest, key=lambda m: m.id)
    else:
        before = request.number("before", 1 << 63)
        chosen = [m for m in shown if m.id < before][-limit:]
    return 200, [_shown(request, m) for m in reversed(chosen)]


@route("GET", ONE)
def get(request: Request) -> Answer:
    return 200, _shown(request, _one(request, READ_HISTORY))


@route("PATCH", ONE)
def edit(request: Request) -> Answer:
    message, body, bot = _one(request), request.body or {}, request.world.bot
    channel = message.channel
    if message.author is not bot:
        if set(body) - {"flags"}:
            raise ApiError(403, 50005)
        if not can(channel, bot, MANAGE_MESSAGES):
            raise missing_permissions()
        flags = message.flags & ~SUPPRESS_EMBEDS | ((body.get("flags") or 0) & SUPPRESS_EMBEDS)
        message.flags = flags
        request.api.messages.touch(message)
        return 200, _shown(request, message)
    if channel.is_thread and channel.archived:
        raise ApiError(400, 50083)
    if body.get("embeds") and not can(channel, bot, EMBED_LINKS) and message.webhook_id is None:
        raise missing_permissions()
    request.api.messages.edit(message, body, request.files)
    return 200, _shown(request, message)


@route("DELETE", ONE)
def delete(request: Request) -> Answer:
    message = _one(request)
    if message.author is not request.world.bot:
        if message.channel.guild is None:
            raise ApiError(403, 50003)
        if not can(message.channel, request.world.bot, MANAGE_MESSAGES):
            raise missing_permissions()
    request.api.messages.delete(message)
    return NOTHING


@route("POST", MESSAGES + "/bulk-delete")
def bulk_delete(request: Request) -> Answer:
    world = request.world
    channel = world.channel_for(request.id("channel_id"), world.bot, MANAGE_MESSAGES)
    for number in request.body["messages"]:
        if found := channel.messages.get(int(number)):
            request.api.messages.delete(found)
    return NOTHING


@route("POST", "/channels/{channel_id}/typing")
def typing(request: Request) -> Answer:
    world = request.world
    channel = world.channel_for(request.id("channel_id"), world.bot)
    needed = SEND_IN_THREADS if channel.is_thread else SEND_MESSAGES
    if not can(channel, world.bot, needed):
        raise missing_permissions()
    return NOTHING


def tell_reaction(
    world: World, message: Message, account: Account, emoji: str, added: bool
) -> None:
    """Dispatch a reaction's event."""
    guild = message.channel.guild
    data: Json = {
        "user_id": str(account.id), "channel_id": str(message.channel.id), "burst": False,
        "message_id": str(message.id), "emoji": {"id": None, "name": emoji}, "type": 0,
        "message_author_id": str(message.author.id),
    }  # fmt: skip
    if guild is not None:
        data["guild_id"] = str(guild.id)
        if added and account.id in guild.members:
            data["member"] = payloads.member(guild.members[account.id])
    name = "MESSAGE_REACTION_ADD" if added else "MESSAGE_REACTION_REMOVE"
    intent = GUILD_REACTIONS if guild else DIRECT_REACTIONS
    world.dispatch(name, data, intent, guild)
    world.changed()


@route("PUT", REACTION + "/@me")
def react(request: Request) -> Answer:
    message, world = _one(request, READ_HISTORY), request.world
    emoji = unquote(request.parameters["emoji_name"])
    who = message.reactions.get(emoji)
    if who is None and not can(message.channel, world.bot, ADD_REACTIONS):
        raise missing_permissions()
    if message.channel.is_thread and message.channel.archived:
        raise ApiError(400, 50083)
    if emoji.isascii() and ":" not in emoji:
        raise ApiError(400, 10014)
    who = message.reactions.setdefault(emoji, [])
    if world.bot.id not in who:
        who.append(world.bot.id)
        tell_reaction(world, message, world.bot, emoji, True)
    return NOTHING


def _unreact(request: Request, account_id: int) -> Answer:
    message = _one(request)
    emoji = unquote(request.parameters["emoji_name"])
    who = message.reactions.get(emoji, [])
    if account_id in who:
        who.remove(account_id)
        if not who:
            del message.reactions[emoji]
        tell_reaction(request.world, message, request.world.accounts[account_id], emoji, False)
    return NOTHING


@route("DELETE", REACTION + "/@me")
def unreact(request: Request) -> Answer:
    return _unreact(request, request.world.bot.id)


@route("DELETE", REACTION + "/{user_id}")
def remove_reaction(request: Request) -> Answer:
    _one(request, MANAGE_MESSAGES)
    return _unreact(request, request.id("user_id"))


@route("GET", REACTION)
def reactors(request: Request) -> Answer:
    who = _one(request).reactions.get(unquote(request.parameters["emoji_name"]), [])
    return 200, [payloads.user(request.world.accounts[i]) for i in who]


@route("DELETE", ONE + "/reactions")
def clear_reactions(request: Request) -> Answer:
    _one(request, MANAGE_MESSAGES).reactions.clear()
    return NOTHING


def _pin(request: Request, pinned: bool) -> Answer:
    message = _one(request)
    if message.channel.guild is not None and not any(
        can(message.channel, request.world.bot, p) for p in (MANAGE_MESSAGES, PIN_MESSAGES)
    ):
        raise missing_permissions()
    message.pinned = pinned
    request.api.messages.touch(message)
    return NOTHING


@route("PUT", MESSAGES + "/pins/{message_id}")
def pin(request: Request) -> Answer:
    return _pin(request, True)


@route("DELETE", MESSAGES + "/pins/{message_id}")
def unpin(request: Request) -> Answer:
    return _pin(request, False)


@route("GET", MESSAGES + "/pins")
def pins(request: Request) -> Answer:
    world = request.world
    channel = world.channel_for(request.id("channel_id"), world.bot)
    found = [m for m in channel.messages.values() if m.pinned]
    items = [{"pinned_at": iso(m.created), "message": _shown(request, m)} for m in found]
    return 200, {"items": items, "has_more": False}


@route("POST", ONE + "/crosspost")
def crosspost(request: Request) -> Answer:
    """docs.discord.com/developers/resources/message#crosspost-message: for the message's sender this
    takes Send Messages; ten an hour, as the client says."""
    message = _one(request, SEND_MESSAGES)
    if message.channel.type != NEWS:
        raise ApiError(400, 50068, "Invalid message type")
    if message.flags & CROSSPOSTED:
        raise ApiError(400, 40033)
    message.flags |= CROSSPOSTED
    request.api.messages.touch(message)
    return 200, _shown(request, message)
