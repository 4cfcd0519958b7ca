"""Channels and threads."""

from __future__ import annotations

from tests.discord_standin import limits, payloads
from tests.discord_standin.errors import ApiError, FormErrors, missing_permissions, not_found
from tests.discord_standin.messages import Files, Messages
from tests.discord_standin.model import (
    FORUM,
    NEWS,
    NEWS_THREAD,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    TEXT,
    Account,
    Channel,
    Json,
    Message,
    Overwrite,
)
from tests.discord_standin.permissions import (
    MANAGE_CHANNELS,
    MANAGE_ROLES,
    MANAGE_THREADS,
    PRIVATE_THREADS,
    PUBLIC_THREADS,
    READ_HISTORY,
    SEND_MESSAGES,
    can,
)
from tests.discord_standin.server import NOTHING, Answer, Request
from tests.discord_standin.world import World

from .messages import check_content, check_sending
from .table import route

CHANNEL = "/channels/{channel_id}"
MEMBER = CHANNEL + "/thread-members/{user_id}"


def _channel(request: Request, needed: int = 0) -> Channel:
    world = request.world
    return world.channel_for(request.id("channel_id"), world.bot, needed)


@route("GET", CHANNEL)
def get(request: Request) -> Answer:
    return 200, payloads.channel(_channel(request), request.world.bot)


@route("PATCH", CHANNEL)
def edit(request: Request) -> Answer:
    channel, body, world = _channel(request), request.body, request.world
    if channel.is_thread:
        own = channel.owner_id == world.bot.id
        manages = can(channel, world.bot, MANAGE_THREADS)
        opening = body.get("archived") is False
        if channel.archived and not opening:
            raise ApiError(400, 50083)
        if not manages and (not own or "locked" in body or (channel.locked and opening)):
            raise missing_permissions()
        if body.get("archived") is not None:
            channel.archived = body["archived"]
            channel.archive_changed = world.clock.now()
        channel.locked = body.get("locked", channel.locked)
        channel.auto_archive = body.get("auto_archive_duration", channel.auto_archive)
    elif not can(channel, world.bot, MANAGE_CHANNELS):
        raise missing_permissions()
    channel.name = body.get("name", channel.name)
    channel.topic = body.get("topic", channel.topic)
    channel.slowmode = body.get("rate_limit_per_user") or channel.slowmode
    world.channel_changed(channel)
    return 200, payloads.channel(channel, world.bot)


@route("DELETE", CHANNEL)
def delete(request: Request) -> Answer:
    channel, world = _channel(request), request.world
    if channel.guild is not None:
        needed = MANAGE_THREADS if channel.is_thread else MANAGE_CHANNELS
        if not can(channel, world.bot, needed):
            raise missing_permissions()
        world.remove_channel(channel)
    return 200, payloads.channel(channel, world.bot)


@route("PUT", CHANNEL + "/permissions/{overwrite_id}")
def set_permissions(request: Request) -> Answer:
    channel, body = _channel(request, MANAGE_ROLES), request.body
    number = request.id("overwrite_id")
    channel.overwrites[number] = Overwrite(
        number, body["type"], int(body.get("allow") or 0), int(body.get("deny") or 0)
    )
    request.world.channel_changed(channel)
    return NOTHING


@route("DELETE", CHANNEL + "/permissions/{overwrite_id}")
def clear_permissions(request: Request) -> Answer:
    channel = _channel(request, MANAGE_ROLES)
    channel.overwrites.pop(request.id("overwrite_id"), None)
    request.world.channel_changed(channel)
    return NOTHING


def _check_thread(channel: Channel, body: dict[str, object]) -> None:
    if channel.type not in (TEXT, NEWS, FORUM):
        raise ApiError(400, 50024)
    name = str(body.get("name") or "").strip()
    if not 1 <= len(name) <= 100:
        errors = FormErrors()
        errors.add("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        errors.check()


@route("POST", CHANNEL + "/messages/{message_id}/threads")
def thread_from_message(request: Request) -> Answer:
    channel, world, body = _channel(request, READ_HISTORY), request.world, request.body
    message = world.message_in(channel, request.id("message_id"))
    _check_thread(channel, body)
    if not can(channel, world.bot, PUBLIC_THREADS):
        raise missing_permissions()
    if message.thread is not None:
        raise ApiError(400, 160004)
    kind = NEWS_THREAD if channel.type == NEWS else PUBLIC_THREAD
    thread = start_thread(request, channel, kind, message)
    return 201, payloads.channel(thread, world.bot)


@route("POST", CHANNEL + "/threads")
def thread_without_message(request: Request) -> Answer:
    channel, world, body = _channel(request), request.world, request.body
    _check_thread(channel, body)
    if channel.type == FORUM:
        return 201, _start_post(request, channel)
    kind = body.get("type") or PRIVATE_THREAD
    needed = PRIVATE_THREADS if kind == PRIVATE_THREAD else PUBLIC_THREADS
    if not can(channel, world.bot, needed):
        raise missing_permissions()
    thread = start_thread(request, channel, kind, None)
    return 201, payloads.channel(thread, world.bot)


def _start_post(request: Request, forum: Channel) -> Json:
    """A post of a forum: a thread that begins with a message of the same id.

    docs.discord.com/developers/resources/channel#start-thread-in-forum-or-media-channel
    """
    world, body = request.world, request.body
    if not can(forum, world.bot, SEND_MESSAGES):
        raise missing_permissions()
    if len(body.get("applied_tags") or []) > 5:
        errors = FormErrors()
        errors.add("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
        errors.check()
    message = body.get("message") or {}
    check_content(forum, world.bot, message, bool(request.files))
    made = add_post(world, request.api.messages, forum, body, world.bot, request.files)
    starter = made.messages[made.id]
    shown = payloads.message(starter, world)
    return {**payloads.channel(made, world.bot), "message": shown}


def add_post(
    world: World, messages: Messages, forum: Channel, body: Json, author: Account, files: Files
) -> Channel:
    """``body`` is that of the request: a name and the first message."""
    errors, first = FormErrors(), body.get("message") or {}
    embeds, components = first.get("embeds") or [], first.get("components") or []
    limits.check_message(
        first.get("content") or "", embeds, components, first.get("flags") or 0, errors
    )
    errors.check()
    thread = world.add_thread(
        forum, str(body["name"]).strip(), PUBLIC_THREAD, author, None,
        body.get("auto_archive_duration") or 1440,
    )  # fmt: skip
    messages.create(thread, author, first, files, id=thread.id)
    return thread


def start_thread(request: Request, channel: Channel, kind: int, starter: Message | None) -> Channel:
    """A thread of the bot's, and the messages that Discord adds to say so."""
    world, body, messages = request.world, request.body, request.api.messages
    thread = world.add_thread(
        channel, str(body["name"]).strip(), kind, world.bot, starter,
        body.get("auto_archive_duration") or 1440, body.get("invitable") is not False,
    )  # fmt: skip
    if starter is not None:
        messages.touch(starter)
    elif kind != PRIVATE_THREAD:
        notice = {"content": thread.name}
        messages.create(channel, world.bot, notice, {}, kind=18)
    return thread


@route("PUT", CHANNEL + "/thread-members/@me")
def join(request: Request) -> Answer:
    thread = _thread(request)
    request.world.thread_joined(thread, request.world.bot)
    return NOTHING


@route("DELETE", CHANNEL + "/thread-members/@me")
def leave(request: Request) -> Answer:
    request.world.thread_left(_thread(request), request.world.bot)
    return NOTHING


def _thread(request: Request) -> Channel:
    thread = _channel(request)
    if not thread.is_thread:
        raise ApiError(400, 50024)
    return thread


def _open_thread(request: Request) -> Channel:
    thread = _thread(request)
    if thread.archived:
        raise ApiError(400, 50083)
    return thread


def _person(request: Request, thread: Channel) -> Account:
    assert thread.guild is not None
    member = thread.guild.members.get(request.id("user_id"))
    if member is None:
        raise not_found(10007)
    return member.account


@route("PUT", MEMBER)
def add_member(request: Request) -> Answer:
    thread = _open_thread(request)
    check_sending(thread, request.world.bot, {}, False)
    request.world.thread_joined(thread, _person(request, thread))
    return NOTHING


@route("DELETE", MEMBER)
def remove_member(request: Request) -> Answer:
    thread = _open_thread(request)
    if not can(thread, request.world.bot, MANAGE_THREADS):
        raise missing_permissions()
    request.world.thread_left(thread, _person(request, thread))
    return NOTHING


@route("GET", MEMBER)
def member(request: Request) -> Answer:
    thread, number = _thread(request), request.id("user_id")
    if number not in thread.thread_members:
        raise not_found(10007)
    return 200, payloads.thread_member(thread, number)


@route("GET", CHANNEL + "/thread-members")
def members(request: Request) -> Answer:
    thread = _thread(request)
    return 200, [payloads.thread_member(thread, number) for number in thread.thread_members]


@route("GET", CHANNEL + "/threads/archived/public")
def archived(request: Request) -> Answer:
    channel, world = _channel(request, READ_HISTORY), request.world
    guild = channel.guild
    threads = [
        t
        for t in (guild.threads.values() if guild else ())
        if t.parent is channel and t.archived and t.type != PRIVATE_THREAD
    ]
    own = [t for t in threads if world.bot.id in t.thread_members]
    return 200, {
        "threads": [payloads.channel(t, world.bot) for t in threads],
        "members": [payloads.thread_member(t, world.bot.id) for t in own],
        "has_more": False,
    }
