"""People: what they can do in Discord, and what they see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from . import payloads
from .errors import ApiError
from .interactions import AUTOCOMPLETE, COMMAND, COMPONENT, MODAL_SUBMIT, Interaction, Modal
from .model import (
    ACTION_ROW,
    BUTTON,
    FORUM,
    GROUP_DM,
    LABEL,
    SELECTS,
    TEXT_INPUT,
    Account,
    Channel,
    Json,
    Message,
)
from .options import Filled, NotPossible, find
from .permissions import (
    ADD_REACTIONS,
    MANAGE_MESSAGES,
    PUBLIC_THREADS,
    SEND_MESSAGES,
    USE_COMMANDS,
    VIEW_CHANNEL,
    can,
    in_channel,
)

if TYPE_CHECKING:
    from .standin import DiscordStandIn


class Choice(NamedTuple):
    """A suggestion of an autocompletion."""

    name: str
    value: str | int | float


class User(Account):
    """A person. Everything a person does is told to the bot before the method returns."""

    def __init__(self, standin: DiscordStandIn, number: int, name: str, locale: str) -> None:
        super().__init__(number, name, locale=locale)
        self._standin = standin
        # Whether they installed the app for themselves, to use it anywhere:
        # docs.discord.com/developers/resources/application#installation-context
        self.installed_app = False

    @property
    def direct(self) -> Channel:
        """The direct channel with the bot."""
        return self._standin.world.direct(self)

    # Looking.

    def sees(self, message: Message) -> bool:
        """Whether the message is there for this person."""
        return (
            not message.deleted
            and can(message.channel, self, VIEW_CHANNEL)
            and message.visible_to(self)
        )

    def messages(self, channel: Channel) -> list[Message]:
        """What this person reads in a channel, oldest first; own ephemeral messages too."""
        found = [m for m in channel.messages.values() if self.sees(m)]
        return sorted(found, key=lambda m: m.id)

    # Commands.

    async def slash(self, channel: Channel, command: str, /, **options: Any) -> Interaction:
        """Run ``/command`` (``"feeds add"`` for a subcommand).

        Options are Python values: texts, numbers, booleans, users, channels, roles, and
        ``(filename, content)`` for a file. Raises ``NotPossible`` where Discord's client would not
        let a person send it.
        """
        described, steps = find(self._commands(channel, 1), command)
        self._check_use(channel, described)
        filled = Filled(self._standin.world, channel.guild)
        return await self._start(COMMAND, channel, filled.data(described, steps, options))

    async def autocomplete(
        self, channel: Channel, command: str, /, option: str, typed: str = "",
        timeout: float = 3.0, **options: Any,
    ) -> list[Choice]:  # fmt: skip
        """Type into an option and wait for the suggestions; ``options`` are filled in already."""
        described, steps = find(self._commands(channel, 1), command)
        self._check_use(channel, described)
        filled = Filled(self._standin.world, channel.guild, typing=option)
        data = filled.data(described, steps, {**options, option: typed})
        interaction = await self._start(AUTOCOMPLETE, channel, data)
        await interaction.acknowledged(timeout)
        return [Choice(c["name"], c["value"]) for c in interaction.response_data.get("choices", [])]

    async def context_menu(
        self, channel: Channel, name: str, target: Message | Account
    ) -> Interaction:
        """Choose an entry of the menu of a message or a person."""
        kind = 3 if isinstance(target, Message) else 2
        described, _ = find_exact(self._commands(channel, kind), name)
        self._check_use(channel, described)
        data: Json = {
            "id": described["id"], "name": name, "type": kind, "target_id": str(target.id),
        }  # fmt: skip
        if isinstance(target, Message):
            if not self.sees(target):
                raise NotPossible(f"{self.name} does not see {target!r}")
            shown = payloads.message(target, self._standin.world)
            data["resolved"] = {"messages": {str(target.id): shown}}
        else:
            filled = Filled(self._standin.world, channel.guild)
            filled.add_user(target)
            data["resolved"] = filled.resolved
        if "guild_id" in described:
            data["guild_id"] = described["guild_id"]
        return await self._start(COMMAND, channel, data)

    def shown_commands(self, channel: Channel, kind: int = 1) -> set[str]:
        """The names of the commands that Discord shows this person there; ``kind`` 2 and 3 are the
        entries of the menus of people and messages."""
        if not can(channel, self, VIEW_CHANNEL):
            return set()
        shows = self._standin.commands.shows
        return {c["name"] for c in self._commands(channel, kind) if shows(channel, self, c)}

    def _commands(self, channel: Channel, kind: int) -> list[Json]:
        guild, standin = channel.guild, self._standin
        in_group = channel.type == GROUP_DM
        usable = standin.commands.usable(guild.id if guild else None, kind, 1, in_group=in_group)
        own = usable if self.installed_app else []
        if in_group or (guild is not None and standin.bot.id not in guild.members):
            return own
        here = standin.commands.usable(guild.id if guild else None, kind)
        return [*here, *(c for c in own if c not in here)]

    def _check_use(self, channel: Channel, command: Json) -> None:
        if not in_channel(channel, self) & USE_COMMANDS:
            raise NotPossible(f"{self.name} may not use commands in {channel!r}")
        if not self._standin.commands.shows(channel, self, command):
            raise NotPossible(f"{self.name} does not see /{command['name']}")

    # Components.

    async def press(self, message: Message, button: str, /, *, forged: bool = False) -> Interaction:
        """Press a button by its label or custom id.

        ``forged`` sends ``button`` as custom id whatever the message holds, as a tampered client
        would.
        """
        if forged:
            data: Json = {"custom_id": button, "component_type": BUTTON, "id": 1}
            return await self._start(COMPONENT, message.channel, data, message)
        part = self._usable(message, button)
        if part["type"] != BUTTON or "custom_id" not in part:
            raise NotPossible(f"{button!r} is no button that the bot hears of")
        data = {"custom_id": part["custom_id"], "component_type": BUTTON, "id": part["id"]}
        return await self._start(COMPONENT, message.channel, data, message)

    async def select(self, message: Message, menu: str, /, *values: Any) -> Interaction:
        """Choose in a menu by its placeholder or custom id; options by label or value."""
        part = self._usable(message, menu)
        data = {"custom_id": part["custom_id"], "component_type": part["type"], "id": part["id"]}
        data |= self._selected(part, message.channel, values)
        return await self._start(COMPONENT, message.channel, data, message)

    def _usable(self, message: Message, name: str) -> Json:
        if not self.sees(message):
            raise NotPossible(f"{self.name} does not see {message!r}")
        part = message.component(name)
        if part.get("disabled"):
            raise NotPossible(f"{name!r} is disabled")
        return part

    def _selected(self, part: Json, channel: Channel, values: tuple[Any, ...]) -> Json:
        if part["type"] not in SELECTS:
            raise NotPossible("this is no menu")
        low, high = part.get("min_values", 1), part.get("max_values", 1)
        if not low <= len(values) <= high:
            raise NotPossible(f"choose {low} to {high} of them")
        if part["type"] == 3:
            by_label = {o["label"]: o["value"] for o in part["options"]}
            chosen = [by_label.get(v, v) for v in values]
            if not set(chosen) <= set(by_label.values()):
                raise NotPossible(f"{values} are not all among {list(by_label)}")
            return {"values": chosen}
        filled = Filled(self._standin.world, channel.guild)
        for value in values:
            filled._value({"name": "value"}, {5: 6, 6: 8, 7: 9, 8: 7}[part["type"]], value)
        return {"values": [str(v.id) for v in values], "resolved": filled.resolved}

    async def submit_modal(
        self, modal: Modal | Interaction, values: dict[str, Any] | None = None, /, **more: Any
    ) -> Interaction:
        """Fill a form in and send it; inputs by custom id or label."""
        if isinstance(modal, Interaction):
            modal = await modal.modal()
        given = {**(values or {}), **more}
        by_label = {part["custom_id"]: label for label, part in modal.inputs.items()}
        known = {*by_label, *by_label.values()}
        if set(given) - known:
            raise NotPossible(f"the form has {sorted(known)}, not {sorted(set(given) - known)}")
        cause = modal.interaction

        def answer(part: Json, label: str) -> Json:
            custom_id = part["custom_id"]
            value = given.get(custom_id, given.get(label))
            made = {"type": part["type"], "id": part.get("id", 1), "custom_id": custom_id}
            if part["type"] in SELECTS:
                chosen = value if isinstance(value, (list, tuple)) else (value,)
                return made | self._selected(part, cause.channel, tuple(chosen))
            return made | {"value": _typed(part, label, value)}

        components: list[Json] = []
        for number, part in enumerate(modal.components, start=1):
            row: Json = {"type": part["type"], "id": part.get("id", number)}
            if part["type"] == LABEL:
                row["component"] = answer(part["component"], part["label"])
            elif part["type"] == ACTION_ROW:
                row["components"] = [
                    answer(item, item.get("label") or item["custom_id"])
                    for item in part["components"]
                ]
            components.append(row)
        data: Json = {"custom_id": modal.custom_id, "components": components}
        return await self._start(MODAL_SUBMIT, cause.channel, data, cause.message, cause)

    async def _start(
        self, kind: int, channel: Channel, data: Json, message: Message | None = None,
        cause: Interaction | None = None,
    ) -> Interaction:  # fmt: skip
        if not can(channel, self, VIEW_CHANNEL):
            raise NotPossible(f"{self.name} is not in {channel!r}")
        await self._standin.world.moment()
        world = self._standin.world
        interaction = Interaction(world, kind, self, channel, data, message, cause)
        self._standin.interactions.append(interaction)
        world.dispatch("INTERACTION_CREATE", interaction.payload(), 0, channel.guild)
        return interaction

    # Messages.

    async def send(
        self, channel: Channel, text: str = "", *, mention: list[Any] | None = None,
        reply_to: Message | None = None, ping_reply: bool = True,
        attachments: list[tuple[str, bytes]] | None = None,
    ) -> Message:  # fmt: skip
        """Write into a channel or thread. ``mention`` puts mentions before the text."""
        from .messages import Upload
        from .routes.messages import check_sending

        words = [item.mention for item in mention or []]
        body: Json = {"content": " ".join([*words, text]).strip()}
        if reply_to is not None:
            body["allowed_mentions"] = {
                "parse": ["users", "roles", "everyone"], "replied_user": ping_reply,
            }  # fmt: skip
        files = {
            str(i): Upload(name, content) for i, (name, content) in enumerate(attachments or [])
        }
        try:
            if not can(channel, self, VIEW_CHANNEL):
                raise NotPossible(f"{self.name} is not in {channel!r}")
            check_sending(channel, self, body, bool(files))
            made = self._standin.messages.create(
                channel, self, body, files, kind=19 if reply_to else 0, replied_to=reply_to
            )
        except ApiError as error:
            raise NotPossible(f"{self.name} can't send this: {error} {error.errors}") from error
        if channel.is_thread:
            self._standin.world.thread_joined(channel, self)
        return made

    async def dm(self, text: str = "", **more: Any) -> Message:
        """Write to the bot directly."""
        return await self.send(self.direct, text, **more)

    async def edit(self, message: Message, text: str) -> None:
        assert message.author is self
        self._standin.messages.edit(message, {"content": text}, {})

    async def delete(self, message: Message) -> None:
        own = message.author is self or message.is_ephemeral
        if not own and not can(message.channel, self, MANAGE_MESSAGES):
            raise NotPossible(f"{self.name} may not delete {message!r}")
        self._standin.messages.delete(message)

    async def react(self, message: Message, emoji: str) -> None:
        from .routes.messages import tell_reaction

        if not self.sees(message) or not can(message.channel, self, ADD_REACTIONS):
            raise NotPossible(f"{self.name} may not react to {message!r}")
        who = message.reactions.setdefault(emoji, [])
        if self.id not in who:
            who.append(self.id)
            tell_reaction(self._standin.world, message, self, emoji, True)

    async def start_thread(
        self, channel: Channel, name: str, message: Message | None = None
    ) -> Channel:
        """Open a public thread, from a message or without."""
        if not can(channel, self, PUBLIC_THREADS):
            raise NotPossible(f"{self.name} may not open threads in {channel!r}")
        if channel.type == FORUM:
            raise NotPossible("a forum takes posts, not threads")
        return self._standin.world.add_thread(channel, name, 11, self, message)

    async def start_post(
        self, forum: Channel, name: str, text: str, mention: list[Any] | None = None
    ) -> Channel:
        """Begin a post of a forum with a message."""
        from .routes.channels import add_post

        if forum.type != FORUM or not can(forum, self, SEND_MESSAGES):
            raise NotPossible(f"{self.name} may not post in {forum!r}")
        words = " ".join([*(item.mention for item in mention or []), text])
        body = {"name": name, "message": {"content": words}}
        return add_post(self._standin.world, self._standin.messages, forum, body, self, {})


def find_exact(commands: list[Json], name: str) -> tuple[Json, list[Json]]:
    for command in commands:
        if command["name"] == name:
            return command, [command]
    raise NotPossible(f"no menu entry {name!r}; there are: {[c['name'] for c in commands]}")


def _typed(part: Json, label: str, value: Any) -> str:
    if part["type"] != TEXT_INPUT:
        raise NotPossible(f"{label} can't be filled in here")
    text = part.get("value", "") or "" if value is None else str(value)
    low, high = part.get("min_length") or 0, part.get("max_length") or 4000
    if part.get("required", True) and not text:
        raise NotPossible(f"{label} is required")
    if text and not low <= len(text) <= high:
        raise NotPossible(f"{label} has {low} to {high} characters, not {len(text)}")
    return text
