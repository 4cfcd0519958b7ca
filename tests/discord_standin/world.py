"""Everything that exists in the stand-in, and the events of its changes."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tests.deadlines import scaled

from . import payloads, permissions
from .clock import Clock, Snowflakes
from .errors import ApiError, missing_access, missing_permissions, not_found
from .model import (
    DM,
    THREADS,
    Account,
    Attachment,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    Webhook,
)

if TYPE_CHECKING:
    from .interactions import Interaction

# Intents, by what they let through.
GUILDS, MEMBERS, PRESENCES = 1 << 0, 1 << 1, 1 << 8
GUILD_MESSAGES, GUILD_REACTIONS = 1 << 9, 1 << 10
DIRECT_MESSAGES, DIRECT_REACTIONS = 1 << 12, 1 << 13
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = MEMBERS | PRESENCES | MESSAGE_CONTENT

Found = TypeVar("Found")

# An event for the bot: name, data, intent needed, server; data may depend on the session's intents.
Dispatch = Callable[[str, "Json | Callable[[int], Json]", int, "Guild | None"], None]


class World:
    """The state. ``dispatch`` is set by the gateway; until then nobody listens."""

    def __init__(self, clock: Clock, bot_name: str, privileged_intents: int) -> None:
        self.clock = clock
        self.ids = Snowflakes(clock)
        self.application_id = self.ids.next()
        self.bot = Account(self.application_id, bot_name, bot=True)
        self.owner = Account(self.ids.next(), "operator")
        self.privileged_intents = privileged_intents
        self.accounts: dict[int, Account] = {self.bot.id: self.bot, self.owner.id: self.owner}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        # The base address of files, and the files.
        self.cdn = ""
        self.files: dict[tuple[int, str], tuple[bytes, str]] = {}
        self.interactions: dict[str, Interaction] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.most_directs, self.directs_seconds = 1_000, 600.0
        # Until then no direct channel can be opened.
        self.directs_closed_until = 0.0
        self._directs: list[float] = []
        self.dispatch: Dispatch = lambda *_: None
        self._waiting: set[asyncio.Future[None]] = set()
        self._waking = False
        # What was refused so far, for the message of a wait in vain.
        self.complaints: Callable[[], str] = lambda: ""

    @property
    def application_flags(self) -> int:
        """Privileged intents as a bot in fewer than a hundred servers has them: limited."""
        bits = ((PRESENCES, 1 << 13), (MEMBERS, 1 << 15), (MESSAGE_CONTENT, 1 << 19))
        return sum(flag for intent, flag in bits if self.privileged_intents & intent)

    # Waiting for changes.

    def changed(self) -> None:
        """Let whoever waits for something look again, soon: many waiters look less often."""
        if self._waiting and not self._waking:
            self._waking = True
            soon = min(0.05, 0.0005 * len(self._waiting))
            asyncio.get_running_loop().call_later(soon, self._wake)

    def _wake(self) -> None:
        self._waking = False
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def moment(self) -> None:
        """What a person's hand takes: by then the bot has read what Discord answered it."""
        for _ in range(5):
            await asyncio.sleep(0.004)

    async def find(
        self, look: Callable[[], Found | None], timeout: float, what: Callable[[], str]
    ) -> Found:
        """What ``look`` returns once it is not ``None``; ``AssertionError`` after ``timeout`` s, which
        are longer on a busy machine."""
        timeout = scaled(timeout)
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout
        while (found := look()) is None:
            left = end - loop.time()
            if left <= 0:
                raise AssertionError(
                    f"waited {timeout:g} s in vain for {what()}{self.complaints()}"
                )
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            # Now and then, for what changes without a word to the stand-in.
            await asyncio.wait([future], timeout=min(0.1, left))
            self._waiting.discard(future)
        return found

    def store(
        self, place: str, filename: str, content: bytes, description: str | None = None
    ) -> Attachment:
        """Put a file on the CDN."""
        number = self.ids.next()
        kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        safe = "".join(c if c.isalnum() or c in "._-" else "_" for c in filename)
        self.files[number, safe] = (content, kind)
        url = f"{self.cdn}/{place}/{number}/{safe}"
        return Attachment(number, safe, content, kind, url, description)

    # Look-ups that refuse as Discord does.

    def guild_of_bot(self, guild_id: int) -> Guild:
        guild = self.guilds.get(guild_id)
        if guild is None or self.bot.id not in guild.members:
            raise not_found(10004)
        return guild

    def channel_for(self, channel_id: int, account: Account, needed: int = 0) -> Channel:
        """A channel that the account may see and use in this way."""
        channel = self.channels.get(channel_id)
        if channel is None or channel.deleted:
            raise not_found(10003)
        found = permissions.in_channel(channel, account)
        if not found & permissions.VIEW_CHANNEL:
            raise missing_access()
        if found & needed != needed:
            raise missing_permissions()
        return channel

    def message_in(self, channel: Channel, message_id: int) -> Message:
        """A message as the HTTP API finds it: ephemeral ones are only in their interaction."""
        message = channel.messages.get(message_id)
        if message is None or message.deleted or message.is_ephemeral:
            raise not_found(10008)
        return message

    def may_read_anyway(self, message: Message) -> bool:
        """Content that needs no message content intent: own, direct, or mentioning the bot."""
        return (
            message.author is self.bot
            or message.channel.guild is None
            or self.bot in message.mentions
        )

    # Servers.

    def add_guild(
        self, number: int, name: str, owner: Account, locale: str, bot_permissions: int
    ) -> Guild:
        guild = Guild(number, name, owner, self.clock.now(), locale)
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.EVERYONE, 0)
        role_id = self.ids.next()
        role = Role(role_id, self.bot.name, bot_permissions, 1, managed=True, bot_id=self.bot.id)
        guild.roles[role_id] = role
        guild.members[owner.id] = Member(owner, guild.joined_at)
        guild.members[self.bot.id] = Member(self.bot, guild.joined_at, {role_id})
        self.guilds[guild.id] = guild
        self.add_channel(guild, "general", tell=False)
        data = payloads.guild_create(guild, self.bot)
        del data["unavailable"]  # which tells a server that is new from one that is back
        self.dispatch("GUILD_CREATE", data, GUILDS, guild)
        return guild

    def add_channel(
        self, guild: Guild, name: str, kind: int = 0, nsfw: bool = False, tell: bool = True,
        category: Channel | None = None,
    ) -> Channel:  # fmt: skip
        channel = Channel(
            self.ids.next(), kind, name, guild, category, nsfw=nsfw, position=len(guild.channels)
        )
        guild.channels[channel.id] = self.channels[channel.id] = channel
        if tell:
            self.dispatch("CHANNEL_CREATE", payloads.channel(channel), GUILDS, guild)
        return channel

    def channel_changed(self, channel: Channel) -> None:
        name = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        self.dispatch(name, payloads.channel(channel, self.bot), GUILDS, channel.guild)
        self.changed()

    def remove_channel(self, channel: Channel) -> None:
        guild = channel.guild
        if guild is None:
            raise ApiError(403, 50003)
        channel.deleted = True
        guild.channels.pop(channel.id, None)
        guild.threads.pop(channel.id, None)
        if channel.is_thread:
            data = {
                "id": str(channel.id), "guild_id": str(guild.id), "type": channel.type,
                "parent_id": str(channel.parent.id) if channel.parent else None,
            }  # fmt: skip
            self.dispatch("THREAD_DELETE", data, GUILDS, guild)
        else:
            for thread in [t for t in guild.threads.values() if t.parent is channel]:
                thread.deleted = True
                del guild.threads[thread.id]
            self.dispatch("CHANNEL_DELETE", payloads.channel(channel), GUILDS, guild)
        self.changed()

    def add_role(self, guild: Guild, name: str, allowed: int, mentionable: bool) -> Role:
        role = Role(self.ids.next(), name, allowed, len(guild.roles), mentionable)
        guild.roles[role.id] = role
        data = {"guild_id": str(guild.id), "role": payloads.role(role)}
        self.dispatch("GUILD_ROLE_CREATE", data, GUILDS, guild)
        return role

    def add_member(self, guild: Guild, account: Account, roles: set[int]) -> Member:
        member = Member(account, self.clock.now(), roles)
        guild.members[account.id] = member
        data = {**payloads.member(member), "guild_id": str(guild.id)}
        self.dispatch("GUILD_MEMBER_ADD", data, MEMBERS, guild)
        return member

    def member_changed(self, guild: Guild, member: Member) -> None:
        data = {**payloads.member(member), "guild_id": str(guild.id)}
        # The bot hears of its own roles without the members intent.
        needed = GUILDS if member.account is self.bot else MEMBERS
        self.dispatch("GUILD_MEMBER_UPDATE", data, needed, guild)

    def remove_member(self, guild: Guild, account: Account) -> None:
        guild.members.pop(account.id, None)
        if account is self.bot:
            data: Json = {"id": str(guild.id), "unavailable": False}
            self.dispatch("GUILD_DELETE", {"id": data["id"]}, GUILDS, guild)
        else:
            data = {"guild_id": str(guild.id), "user": payloads.user(account)}
            self.dispatch("GUILD_MEMBER_REMOVE", data, MEMBERS, guild)
        self.changed()

    def direct(self, account: Account) -> Channel:
        """The direct channel between the bot and this account."""
        for channel in self.channels.values():
            if channel.type == DM and account in channel.recipients:
                return channel
        channel = Channel(self.ids.next(), DM, recipients=[account, self.bot])
        self.channels[channel.id] = channel
        return channel

    def opens_too_fast(self) -> bool:
        """Whether the bot asks for more direct channels than Discord lets it open just now.

        "If you open a significant amount of DMs too quickly, your bot may be rate limited or blocked
        from opening new ones": docs.discord.com/developers/resources/user#create-dm. How many
        that are isn't said there; ``most_directs`` in ``directs_seconds`` are a test's to choose.
        """
        now = self.clock.now()
        if self.directs_closed_until > now:
            return True
        self._directs = [at for at in self._directs if at > now - self.directs_seconds]
        if len(self._directs) >= self.most_directs:
            return True
        self._directs.append(now)
        return False

    def shares_guild(self, account: Account) -> bool:
        return any(
            account.id in g.members and self.bot.id in g.members for g in self.guilds.values()
        )

    # Threads.

    def add_thread(
        self, parent: Channel, name: str, kind: int, owner: Account, starter: Message | None,
        auto_archive: int = 1440, invitable: bool = True,
    ) -> Channel:  # fmt: skip
        assert kind in THREADS
        assert parent.guild is not None
        now = self.clock.now()
        thread = Channel(
            starter.id if starter else self.ids.next(), kind, name, parent.guild, parent,
            owner_id=owner.id, auto_archive=auto_archive, archive_changed=now, created=now,
            invitable=invitable, thread_members={owner.id: now},
        )  # fmt: skip
        self.channels[thread.id] = parent.guild.threads[thread.id] = thread
        if starter is not None:
            starter.thread = thread
        data = {**payloads.channel(thread, self.bot), "newly_created": True}
        if permissions.in_channel(thread, self.bot):
            self.dispatch("THREAD_CREATE", data, GUILDS, parent.guild)
        self.changed()
        return thread

    def thread_joined(self, thread: Channel, account: Account) -> None:
        if account.id in thread.thread_members:
            return
        assert thread.guild is not None
        thread.thread_members[account.id] = self.clock.now()
        added = payloads.thread_member(thread, account.id)
        added["member"] = payloads.member(thread.guild.members[account.id])
        data = {
            "id": str(thread.id), "guild_id": str(thread.guild.id),
            "member_count": len(thread.thread_members), "added_members": [added],
        }  # fmt: skip
        needed = GUILDS if account is self.bot else MEMBERS
        self.dispatch("THREAD_MEMBERS_UPDATE", data, needed, thread.guild)

    def thread_left(self, thread: Channel, account: Account) -> None:
        assert thread.guild is not None
        if thread.thread_members.pop(account.id, None) is None:
            return
        data = {
            "id": str(thread.id), "guild_id": str(thread.guild.id),
            "member_count": len(thread.thread_members), "removed_member_ids": [str(account.id)],
        }  # fmt: skip
        needed = GUILDS if account is self.bot else MEMBERS
        self.dispatch("THREAD_MEMBERS_UPDATE", data, needed, thread.guild)
