"""Interactions: what a person started, their tokens' rules, and what the bot answered."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from tests.deadlines import scaled

from . import limits, payloads
from .errors import ApiError, FormErrors, not_found
from .messages import Files, Messages
from .model import (
    EPHEMERAL,
    GROUP_DM,
    LABEL,
    LOADING,
    SELECTS,
    TEXT_INPUT,
    Account,
    Channel,
    Json,
    Message,
    walk,
)
from .permissions import USE_EXTERNAL_APPS, can, in_channel
from .world import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
ACKNOWLEDGE_WITHIN, TOKEN_LIVES = 3.0, 900.0
MOST_FOLLOWUPS = 5  # where the bot is only as an app of the person


@dataclass(frozen=True)
class Modal:
    """A form that the bot opened for a person."""

    interaction: Interaction
    custom_id: str
    title: str
    components: list[Json]

    @property
    def inputs(self) -> dict[str, Json]:
        """Inputs by label, else by custom id."""
        found: dict[str, Json] = {}
        for part in walk(self.components):
            if part["type"] == LABEL:
                found[part["label"]] = part["component"]
            elif (part["type"] == TEXT_INPUT or part["type"] in SELECTS) and not any(
                part is known for known in found.values()
            ):
                found[part.get("label") or part["custom_id"]] = part
        return found


def context_of(channel: Channel) -> int:
    """Where an interaction is: in a server, a direct message with the bot, or among people alone.

    docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-context-types
    """
    if channel.guild is not None:
        return 0
    return 2 if channel.type == GROUP_DM else 1


class Interaction:
    """One interaction, as the person who started it sees it."""

    def __init__(
        self, world: World, kind: int, user: Account, channel: Channel, data: Json,
        message: Message | None = None, cause: Interaction | None = None,
    ) -> None:  # fmt: skip
        self._world = world
        self.id = world.ids.next()
        self.token = secrets.token_urlsafe(48)
        self.type = kind
        self.user = user
        self.channel = channel
        self.data = data
        # The message whose component was used, and the interaction that opened the modal.
        self.message = message
        self.cause = cause
        self.created = world.clock.now()
        self.acknowledged_at: float | None = None
        # The response: its type, and the data that came with it.
        self.response_type: int | None = None
        self.response_data: Json = {}
        self.original: Message | None = None
        self.followups: list[Message] = []
        self.dead = False
        world.interactions[self.token] = self

    def __repr__(self) -> str:
        name = self.data.get("name") or self.data.get("custom_id")
        return f"<Interaction {name} of {self.user.name}>"

    # For tests.

    @property
    def is_by_user_alone(self) -> bool:
        """Whether the bot isn't there, and came only as an app that the person installed."""
        guild, bot = self.channel.guild, self._world.bot
        if guild is None:
            return bot not in self.channel.recipients
        return bot.id not in guild.members

    @property
    def acknowledged_after(self) -> float | None:
        """Seconds until the bot's first response; ``None`` before."""
        return None if self.acknowledged_at is None else self.acknowledged_at - self.created

    @property
    def failed(self) -> bool:
        """'The application did not respond': three seconds went by without a response."""
        late = self._world.clock.now() - self.created > ACKNOWLEDGE_WITHIN
        return self.acknowledged_at is None and (late or self.dead)

    @property
    def messages(self) -> list[Message]:
        """Response and follow-ups that are still there."""
        own = [self.original] if self.original is not None else []
        return [m for m in [*own, *self.followups] if not m.deleted]

    def expire(self) -> None:
        """Let the token die now, as after fifteen minutes (or three seconds, if unanswered)."""
        self.dead = True

    async def acknowledged(self, timeout: float = 5.0) -> Interaction:
        return await self._world.find(
            lambda: self if self.acknowledged_at is not None else None, timeout,
            lambda: f"a response to {self!r}",
        )  # fmt: skip

    async def final(
        self, until: Callable[[Message], bool] | None = None, timeout: float = 10.0
    ) -> Message:
        """The response once it says something and, if given, ``until`` holds for it.

        A streamed answer says something long before it is done: give ``until``.
        """
        return await self._world.find(
            lambda: self._settled(until), timeout,
            lambda: f"the answer to {self!r}; it has {self.messages}",
        )  # fmt: skip

    def _settled(self, until: Callable[[Message], bool] | None) -> Message | None:
        for message in self.messages:
            if message is self.message and not self._updated(message):
                continue  # The message of the button, as it was before.
            if not message.is_loading and (until is None or until(message)):
                return message
        return None

    def _updated(self, message: Message) -> bool:
        since = self.acknowledged_at
        return since is not None and message.history[-1].at >= since

    async def modal(self, timeout: float = 5.0) -> Modal:
        """The form that the bot opened in response."""
        await self.acknowledged(timeout)
        assert self.response_type == MODAL, f"{self!r} was answered with {self.response_type}"
        data = self.response_data
        return Modal(self, data["custom_id"], data["title"], data["components"])

    # For the protocol.

    def payload(self) -> Json:
        """INTERACTION_CREATE."""
        world, channel, guild = self._world, self.channel, self.channel.guild
        shown = payloads.channel(channel, world.bot)
        found: Json = {
            "id": str(self.id), "application_id": str(world.application_id), "type": self.type,
            "data": self.data, "channel": shown, "channel_id": str(channel.id),
            "token": self.token, "version": 1, "locale": self.user.locale, "entitlements": [],
            "app_permissions": str(in_channel(channel, world.bot)), "context": context_of(channel),
            "authorizing_integration_owners": self._owners(),
            "attachment_size_limit": limits.FILE_BYTES,
        }  # fmt: skip
        if guild is not None:
            member = payloads.member(guild.members[self.user.id])
            member["permissions"] = str(in_channel(channel, self.user))
            shown["permissions"] = member["permissions"]
            found |= {
                "guild_id": str(guild.id), "member": member, "guild_locale": guild.locale,
                "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            }  # fmt: skip
        else:
            found["user"] = payloads.user(self.user)
        if self.message is not None:
            found["message"] = payloads.message(self.message, world)
        return found

    def _owners(self) -> dict[str, str]:
        """By whose installation it came: the server's, the person's own, or both.

        docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-authorizing-integration-owners-object
        """
        guild = self.channel.guild
        found = {}
        if not self.is_by_user_alone:
            found["0"] = str(guild.id) if guild else "0"
        if getattr(self.user, "installed_app", False):
            found["1"] = str(self.user.id)
        return found

    def metadata(self, message: Message) -> Json:
        """``interaction_metadata`` of a message that came of it."""
        found: Json = {
            "id": str(self.id), "type": self.type, "user": payloads.user(self.user),
            "authorizing_integration_owners": self._owners(),
        }  # fmt: skip
        if self.type == COMMAND:
            found |= {"name": self.data["name"], "command_type": self.data["type"]}
        if self.original is not None and message is not self.original:
            found["original_response_message_id"] = str(self.original.id)
        if self.type == COMPONENT and self.message is not None:
            found["interacted_message_id"] = str(self.message.id)
        if self.type == MODAL_SUBMIT and self.cause is not None:
            found["triggering_interaction_metadata"] = self.cause.metadata(message)
        return found

    def short(self) -> Json:
        return {
            "id": str(self.id), "type": self.type, "name": self.data["name"],
            "user": payloads.user(self.user),
        }  # fmt: skip


class Responses:
    """What the bot does with interaction tokens."""

    def __init__(self, world: World, messages: Messages) -> None:
        self._world = world
        self._messages = messages

    def respond(self, interaction_id: int, token: str, body: Json, files: Files) -> Json:
        """The initial response; returns the callback response."""
        world = self._world
        interaction = world.interactions.get(token)
        now = world.clock.now()
        if interaction is None or interaction.id != interaction_id:
            raise not_found(10062)
        if interaction.acknowledged_at is not None:
            raise ApiError(400, 40060)
        # What a busy machine delays would be in time on one of its own.
        if interaction.dead or now - interaction.created > scaled(ACKNOWLEDGE_WITHIN):
            raise not_found(10062)
        kind, data = body["type"], body.get("data") or {}
        self._check_kind(interaction, kind)
        if kind == MESSAGE:
            interaction.original = self._first(interaction, data, files, 0)
        elif kind == DEFERRED:
            interaction.original = self._first(interaction, data, files, LOADING)
        elif kind == DEFERRED_UPDATE:
            interaction.original = interaction.message
        elif kind == UPDATE:
            assert interaction.message is not None
            if interaction.message.deleted:
                raise not_found(10008)
            self._messages.edit(interaction.message, data, files)
            interaction.original = interaction.message
        else:
            errors = FormErrors()
            if kind == CHOICES:
                limits.check_choices(data.get("choices") or [], errors)
            else:
                limits.check_modal(data, errors)
            errors.check()
        interaction.acknowledged_at = now
        interaction.response_type, interaction.response_data = kind, data
        world.changed()
        return self._callback(interaction, kind)

    def _check_kind(self, interaction: Interaction, kind: int) -> None:
        updates = (DEFERRED_UPDATE, UPDATE)
        allowed: tuple[int, ...] = (MESSAGE, DEFERRED, MODAL)
        if interaction.type == AUTOCOMPLETE:
            allowed = (CHOICES,)
        elif interaction.type == COMPONENT:
            allowed = (*allowed, *updates)
        elif interaction.type == MODAL_SUBMIT:
            allowed = (MESSAGE, DEFERRED, *(updates if interaction.message else ()))
        if kind not in allowed:
            errors = FormErrors()
            errors.add("type", "BASE_TYPE_CHOICES", f"Value must be one of {allowed}.")
            errors.check()

    def _first(self, interaction: Interaction, data: Json, files: Files, flags: int) -> Message:
        kind = 0
        if interaction.type == COMMAND:
            kind = 20 if interaction.data["type"] == 1 else 23
        elif interaction.message is not None:
            kind = 19
        if interaction.is_by_user_alone and not can(
            interaction.channel, interaction.user, USE_EXTERNAL_APPS
        ):
            # docs.discord.com/developers/topics/permissions: "Allows user-installed apps to send public
            # responses. When disabled, users will still be allowed to use their apps but the responses
            # will be ephemeral."
            flags |= EPHEMERAL
        return self._messages.create(
            interaction.channel, self._world.bot, data, files, kind=kind, flags=flags,
            replied_to=interaction.message, interaction=interaction,
            webhook_id=self._world.application_id,
        )  # fmt: skip

    def _callback(self, interaction: Interaction, kind: int) -> Json:
        found: Json = {"id": str(interaction.id), "type": interaction.type}
        answer: Json = {"interaction": found}
        original = interaction.original
        if original is not None:
            found |= {
                "channel_id": str(interaction.channel.id),
                "response_message_id": str(original.id),
                "response_message_loading": original.is_loading,
                "response_message_ephemeral": original.is_ephemeral,
            }  # fmt: skip
            if kind in (MESSAGE, UPDATE):
                shown = payloads.message(original, self._world)
                answer["resource"] = {"type": kind, "message": shown}
        return answer

    def _alive(self, token: str) -> Interaction:
        interaction = self._world.interactions.get(token)
        if interaction is None:
            raise ApiError(401, 50027)
        if interaction.dead or self._world.clock.now() - interaction.created > TOKEN_LIVES:
            raise ApiError(401, 50027)
        if interaction.acknowledged_at is None:
            raise not_found(10015)
        return interaction

    def follow_up(self, token: str, body: Json, files: Files) -> Message:
        """A new message; right after a deferral it fills the deferred message instead."""
        interaction = self._alive(token)
        original = interaction.original
        if original is not None and original.is_loading and not original.deleted:
            self._messages.edit(original, body, files)
            return original
        if interaction.is_by_user_alone and len(interaction.followups) >= MOST_FOLLOWUPS:
            # docs.discord.com/developers/interactions/receiving-and-responding#create-followup-message
            raise ApiError(400, 40094)
        made = self._messages.create(
            interaction.channel, self._world.bot, body, files,
            kind=19 if original is not None else 0, replied_to=original, interaction=interaction,
            webhook_id=self._world.application_id,
        )  # fmt: skip
        interaction.followups.append(made)
        self._world.changed()
        return made

    def message(self, token: str, which: str) -> Message:
        """``@original`` or the id of a message of this interaction."""
        interaction = self._alive(token)
        if which == "@original":
            found = interaction.original
        else:
            every = [interaction.original, interaction.message, *interaction.followups]
            found = next((m for m in every if m is not None and str(m.id) == which), None)
        if found is None or found.deleted:
            raise not_found(10008)
        return found
