"""Making, editing and deleting messages, by the bot and by people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from . import limits, payloads
from .errors import ApiError, FormErrors
from .mentions import pings_of
from .model import (
    COMPONENTS_V2,
    EPHEMERAL,
    LOADING,
    SILENT,
    SUPPRESS_EMBEDS,
    TEXT_DISPLAY,
    Account,
    Attachment,
    Channel,
    Json,
    Message,
    Pings,
    Version,
    walk,
)
from .permissions import VIEW_CHANNEL, can, in_channel
from .world import DIRECT_MESSAGES, GUILD_MESSAGES, MESSAGE_CONTENT, World

SENDABLE = SUPPRESS_EMBEDS | SILENT | COMPONENTS_V2 | EPHEMERAL


class Upload(NamedTuple):
    filename: str
    content: bytes


Files = Mapping[str, Upload]


class Messages:
    """Operations on messages; all of them tell the gateway."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(
        self,
        channel: Channel,
        author: Account,
        body: Json,
        files: Files,
        *,
        flags: int = 0,
        kind: int = 0,
        replied_to: Message | None = None,
        **more: object,
    ) -> Message:
        """Add a message as ``body`` describes it. ``more`` sets fields of ``Message``."""
        world = self._world
        flags |= (body.get("flags") or 0) & SENDABLE
        if "interaction" not in more:
            flags &= ~EPHEMERAL
        message = Message(
            world.ids.next(), channel, author, world.clock.now(), kind, flags=flags,
            tts=bool(body.get("tts")), nonce=_nonce(body),
        )  # fmt: skip
        for name, value in more.items():
            setattr(message, name, value)
        if replied_to is not None:
            message.replied_to = replied_to
            message.reference = {
                "type": 0, "message_id": str(replied_to.id), "channel_id": str(channel.id),
                **({"guild_id": str(channel.guild.id)} if channel.guild else {}),
            }  # fmt: skip
        if not flags & LOADING:
            self._fill(message, body, files)
            self._note_pings(message, body.get("allowed_mentions"), new=True)
        self._record(message)
        channel.messages[message.id] = message
        if channel.is_thread and channel.archived and not message.is_ephemeral:
            channel.archived = False
            channel.archive_changed = world.clock.now()
            world.channel_changed(channel)
        if not message.is_ephemeral:
            self._tell("MESSAGE_CREATE", message)
        world.changed()
        return message

    def edit(self, message: Message, body: Json, files: Files) -> None:
        """Replace what ``body`` names. The first edit of a deferred message is its beginning."""
        was_loading = message.is_loading
        new_flags = body.get("flags")
        flags = message.flags & ~LOADING
        if new_flags is not None:
            flags = flags & ~SUPPRESS_EMBEDS | (new_flags & (SUPPRESS_EMBEDS | COMPONENTS_V2))
        self._fill(message, body, files, flags)
        now = self._world.clock.now()
        if not was_loading:
            message.edited = now
        if was_loading or "content" in body or "components" in body:
            self._note_pings(message, body.get("allowed_mentions"), new=was_loading)
        self._record(message)
        if not message.is_ephemeral:
            self._tell("MESSAGE_UPDATE", message)
        self._world.changed()

    def delete(self, message: Message) -> None:
        message.deleted = True
        message.channel.messages.pop(message.id, None)
        guild = message.channel.guild
        if not message.is_ephemeral and can(message.channel, self._world.bot, VIEW_CHANNEL):
            data = {"id": str(message.id), "channel_id": str(message.channel.id)}
            if guild is not None:
                data["guild_id"] = str(guild.id)
            intent = GUILD_MESSAGES if guild else DIRECT_MESSAGES
            self._world.dispatch("MESSAGE_DELETE", data, intent, guild)
        self._world.changed()

    def touch(self, message: Message) -> None:
        """Tell of a change that is none of the text (pin, thread)."""
        self._tell("MESSAGE_UPDATE", message)
        self._world.changed()

    def _tell(self, event: str, message: Message) -> None:
        channel, world = message.channel, self._world
        if not in_channel(channel, world.bot) & VIEW_CHANNEL:
            return
        intent = GUILD_MESSAGES if channel.guild else DIRECT_MESSAGES

        def data(intents: int) -> Json:
            return payloads.message_event(message, world, bool(intents & MESSAGE_CONTENT))

        world.dispatch(event, data, intent, channel.guild)

    def _fill(self, message: Message, body: Json, files: Files, flags: int | None = None) -> None:
        """Check everything first, then change the message."""
        flags = message.flags if flags is None else flags
        content = message.content
        if "content" in body:
            content = str(body["content"] or "").strip()
        embeds = list(body["embeds"] or []) if "embeds" in body else message.embeds
        components = list(body["components"] or []) if "components" in body else message.components
        errors = FormErrors()
        limits.check_message(content, embeds, components, flags, errors)
        attachments = self._attachments(message, body, files, errors)
        if message.history and files and body.get("attachments") is None:
            # All that shall stand there after an edit is declared, new files too:
            # docs.discord.com/developers/resources/message#edit-message
            errors.add("attachments", "BASE_TYPE_REQUIRED", "This field is required")
        errors.check()
        if not (content or embeds or components or attachments or body.get("sticker_ids")):
            raise ApiError(400, 50006)
        by_name = {f"attachment://{a.filename}": a.url for a in attachments}
        message.content = content
        message.embeds = [_stored_embed(e, by_name) for e in embeds]
        message.components = _numbered(components)
        message.attachments = attachments
        message.flags = flags

    def _attachments(
        self, message: Message, body: Json, files: Files, errors: FormErrors
    ) -> list[Attachment]:
        if len(files) > limits.FILES:
            errors.add("attachments", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
        if any(len(f.content) > limits.FILE_BYTES for f in files.values()):
            raise ApiError(413, 40005)
        listed = body.get("attachments")
        told = {str(a.get("id")): a for a in listed or []}
        kept = [a for a in message.attachments if listed is None or str(a.id) in told]
        known = {str(a.id) for a in kept} | set(files)
        for number, item in enumerate(listed or []):
            if str(item.get("id")) not in known:
                errors.add(f"attachments.{number}.id", "ATTACHMENT_NOT_FOUND", f"Attachment data for attachment with ID {item.get('id')} cannot be found")  # fmt: skip
        for key, upload in files.items():
            about = told.get(key, {})
            if listed is not None and key not in told:
                errors.add(f"attachments.{key}", "ATTACHMENT_NOT_FOUND", f"No attachment with ID {key} is declared")  # fmt: skip
            name = str(about.get("filename") or upload.filename)
            kept.append(
                self._world.store(
                    f"attachments/{message.channel.id}",
                    name,
                    upload.content,
                    about.get("description"),
                )
            )
        return kept

    def _note_pings(self, message: Message, allowed: Json | None, new: bool) -> None:
        shown = [
            p.get("content", "") for p in walk(message.components) if p["type"] == TEXT_DISPLAY
        ]
        text = "\n".join([message.content, *shown])
        replied = message.replied_to.author if message.replied_to is not None else None
        found = Pings()
        if not message.is_ephemeral:
            found = pings_of(
                text, message.channel, message.author, allowed, replied if new else None
            )
        old = message.pings
        still = {replied.id} & old.users if replied is not None else set()
        message.mentions = [self._world.accounts[i] for i in sorted(found.users | still)]
        message.pings = Pings(
            old.users | found.users, old.roles | found.roles, old.everyone or found.everyone
        )

    def _record(self, message: Message) -> None:
        message.history.append(
            Version(
                self._world.clock.now(), message.content, message.embeds, message.components,
                message.flags, list(message.attachments),
            )
        )  # fmt: skip


def _nonce(body: Json) -> str | None:
    return str(body["nonce"]) if body.get("nonce") is not None else None


def _stored_embed(embed: Json, by_name: dict[str, str]) -> Json:
    stored = {"type": "rich", **{k: v for k, v in embed.items() if v is not None and k != "type"}}
    for key in ("image", "thumbnail"):
        if stored.get(key):
            url = by_name.get(stored[key].get("url"), stored[key].get("url"))
            stored[key] = {**stored[key], "url": url, "proxy_url": url, "width": 0, "height": 0}
    return stored


def _numbered(components: list[Json]) -> list[Json]:
    """Copies with an ``id`` each, as Discord gives them."""
    counter = 0

    def copy(part: Json) -> Json:
        nonlocal counter
        counter += 1
        made = {k: v for k, v in part.items() if v is not None}
        made["id"] = part.get("id") or counter
        if part.get("components"):
            made["components"] = [copy(p) for p in part["components"]]
        for key in ("accessory", "component"):
            if part.get(key):
                made[key] = copy(part[key])
        return made

    return [copy(part) for part in components]
