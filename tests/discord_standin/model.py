"""What exists in the stand-in: accounts, servers, channels, messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .interactions import Interaction

Json = dict[str, Any]

# docs.discord.com/developers/resources/channel#channel-object-channel-types
TEXT, DM, VOICE, GROUP_DM, CATEGORY, NEWS = 0, 1, 2, 3, 4, 5
NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD, STAGE, FORUM = 10, 11, 12, 13, 15
THREADS = {NEWS_THREAD, PUBLIC_THREAD, PRIVATE_THREAD}

CROSSPOSTED = 1 << 0
SUPPRESS_EMBEDS, HAS_THREAD, EPHEMERAL, LOADING = 1 << 2, 1 << 5, 1 << 6, 1 << 7
SILENT, COMPONENTS_V2 = 1 << 12, 1 << 15

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT, SECTION, TEXT_DISPLAY = 1, 2, 3, 4, 9, 10
THUMBNAIL, GALLERY, SEPARATOR, CONTAINER, LABEL = 11, 12, 14, 17, 18
SELECTS = {3, 5, 6, 7, 8}


@dataclass(eq=False)
class Account:
    """A Discord account; ``User`` adds what a person can do."""

    id: int
    name: str
    bot: bool = False
    global_name: str | None = None
    locale: str = "en-US"
    accepts_dms: bool = True

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.id}>"


@dataclass(eq=False)
class Role:
    id: int
    name: str
    permissions: int
    position: int = 1
    mentionable: bool = False
    managed: bool = False
    # Of a bot's own role: docs.discord.com/developers/topics/permissions#role-object-role-tags-structure
    bot_id: int | None = None

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"


@dataclass(eq=False)
class Member:
    account: Account
    joined_at: float
    roles: set[int] = field(default_factory=set)
    nick: str | None = None


@dataclass(eq=False)
class Overwrite:
    """Permissions of one role (``type`` 0) or member (1) in one channel."""

    id: int
    type: int
    allow: int = 0
    deny: int = 0


@dataclass(eq=False)
class Channel:
    id: int
    type: int
    name: str | None = None
    guild: Guild | None = None
    parent: Channel | None = None
    topic: str | None = None
    position: int = 0
    nsfw: bool = False
    overwrites: dict[int, Overwrite] = field(default_factory=dict)
    recipients: list[Account] = field(default_factory=list)
    messages: dict[int, Message] = field(default_factory=dict)
    # The rest is for threads.
    owner_id: int = 0
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    auto_archive: int = 1440
    slowmode: int = 0
    archive_changed: float = 0.0
    created: float = 0.0
    thread_members: dict[int, float] = field(default_factory=dict)
    deleted: bool = False

    @property
    def is_thread(self) -> bool:
        return self.type in THREADS

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    def __repr__(self) -> str:
        return f"<Channel {self.name or 'direct'} {self.id}>"


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    owner: Account
    joined_at: float
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    threads: dict[int, Channel] = field(default_factory=dict)
    unavailable: bool = False

    @property
    def everyone(self) -> Role:
        return self.roles[self.id]

    def __repr__(self) -> str:
        return f"<Guild {self.name} {self.id}>"


@dataclass(frozen=True)
class Attachment:
    id: int
    filename: str
    content: bytes
    content_type: str
    url: str
    description: str | None = None


@dataclass(frozen=True)
class Pings:
    """Who was told about a message."""

    users: frozenset[int] = frozenset()
    roles: frozenset[int] = frozenset()
    everyone: bool = False

    def __bool__(self) -> bool:
        return bool(self.users or self.roles or self.everyone)


@dataclass(frozen=True)
class Version:
    """A message as it stood from ``at`` (seconds since 1970) on."""

    at: float
    content: str
    embeds: list[Json]
    components: list[Json]
    flags: int
    attachments: list[Attachment]


@dataclass(eq=False)
class Message:
    id: int
    channel: Channel
    author: Account
    created: float
    type: int = 0
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    tts: bool = False
    nonce: str | None = None
    edited: float | None = None
    pinned: bool = False
    reference: Json | None = None
    replied_to: Message | None = None
    reactions: dict[str, list[int]] = field(default_factory=dict)
    mentions: list[Account] = field(default_factory=list)
    webhook_id: int | None = None
    interaction: Interaction | None = None
    thread: Channel | None = None
    deleted: bool = False
    # Mentions in edits notify nobody on Discord; they count here, for they are one step away.
    pings: Pings = field(default_factory=Pings)
    history: list[Version] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"<Message {self.id} by {self.author.name}: {self.text[:80]!r}>"

    @property
    def is_ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def is_loading(self) -> bool:
        """'... is thinking': deferred, and nothing shown yet."""
        return bool(self.flags & LOADING)

    @property
    def embed(self) -> Json:
        """Its only embed."""
        if len(self.embeds) != 1:
            raise AssertionError(f"{len(self.embeds)} embeds in {self!r}")
        return self.embeds[0]

    @property
    def text(self) -> str:
        """Everything it shows as words: content, embeds, text components; not the buttons."""
        return text_of(self.content, self.embeds, self.components)

    @property
    def parts(self) -> list[Json]:
        """All components, however deep."""
        return walk(self.components)

    @property
    def buttons(self) -> list[str]:
        """Labels (or emoji) of its buttons that can be pressed, links included."""
        return [label_of(c) for c in self.parts if c["type"] == BUTTON and not c.get("disabled")]

    def component(self, label_or_id: str) -> Json:
        """The button or menu with this custom id, label or placeholder."""
        for part in self.parts:
            names = (part.get("custom_id"), part.get("label"), part.get("placeholder"))
            if label_or_id in names or (part["type"] == BUTTON and label_of(part) == label_or_id):
                return part
        shown = [label_of(part) for part in self.parts if "custom_id" in part]
        raise AssertionError(f"no component {label_or_id!r} in {self!r}; there are {shown}")

    def visible_to(self, account: Account) -> bool:
        """Whether this account may see it as far as ephemeral messages go."""
        if not self.is_ephemeral:
            return True
        return self.interaction is not None and self.interaction.user.id == account.id

    @property
    def link_previews(self) -> list[str]:
        """Links under which Discord would unfurl a preview."""
        from .mentions import preview_links

        if self.flags & (SUPPRESS_EMBEDS | COMPONENTS_V2):
            return []
        return preview_links(self.content)


@dataclass(eq=False)
class Webhook:
    """An incoming webhook that the bot made; ``account`` is whom its messages are from."""

    token: str
    channel: Channel
    account: Account


def walk(components: list[Json]) -> list[Json]:
    found: list[Json] = []
    for part in components:
        found.append(part)
        found += walk(part.get("components") or [])
        for key in ("accessory", "component"):
            if part.get(key):
                found += walk([part[key]])
    return found


def label_of(part: Json) -> str:
    emoji = (part.get("emoji") or {}).get("name")
    return str(part.get("label") or emoji or part.get("placeholder") or part.get("custom_id"))


def text_of(content: str, embeds: list[Json], components: list[Json]) -> str:
    lines: list[str | None] = [content]
    for embed in embeds:
        lines.append((embed.get("author") or {}).get("name"))
        lines += [embed.get("title"), embed.get("description")]
        for item in embed.get("fields") or []:
            lines += [item.get("name"), item.get("value")]
        lines.append((embed.get("footer") or {}).get("text"))
    lines += [part.get("content") for part in walk(components) if part["type"] == TEXT_DISPLAY]
    return "\n".join(line for line in lines if line)
