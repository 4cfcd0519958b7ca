"""The Discord stand-in: a server that discord.py, unpatched, takes for Discord."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Self

from aiohttp import web

from . import permissions
from .clock import Clock
from .commands import Commands
from .errors import Refusal
from .gateway import Gateway
from .interactions import Interaction, Responses
from .messages import Messages
from .model import GROUP_DM, Account, Channel, Guild, Json, Member, Message, Overwrite, Role
from .schema import description
from .server import Api
from .traffic import Call, Fault, RateLimits, When
from .users import User
from .world import PRIVILEGED, World

_STOP_SECONDS = 10.0


class DiscordStandIn:
    """A whole small Discord on loopback, with an interface for tests.

        async with DiscordStandIn() as standin:
            guild = standin.guild("Harbour News")
            ada = standin.member(guild, "Ada")
            ...connect a bot with standin.environment...
            interaction = await ada.slash(standin.channel(guild), "ask", question="Who won?")
            answer = await interaction.final()

    ``privileged_intents`` are those switched on in the developer portal; ``rate_limits`` false
    leaves only what the test scripts; ``heartbeat_interval`` is in seconds.
    """

    def __init__(
        self, *, bot_name: str = "Newsdesk", shards: int = 1, heartbeat_interval: float = 41.25,
        privileged_intents: int = PRIVILEGED, rate_limits: bool = True,
    ) -> None:  # fmt: skip
        self.clock = Clock()
        self.world = World(self.clock, bot_name, privileged_intents)
        number = base64.b64encode(str(self.world.bot.id).encode()).decode().rstrip("=")
        self.token = f"{number}.Gstand.{'in' * 19}"
        self.messages = Messages(self.world)
        self.commands = Commands(self.world)
        self.gateway = Gateway(self.world, self.token, shards, heartbeat_interval)
        self.rate_limits = RateLimits(self.clock, rate_limits)
        self.responses = Responses(self.world, self.messages)
        self.api = Api(
            self.world, self.messages, self.responses, self.commands, self.gateway, self.token,
            self.rate_limits, description(),
        )  # fmt: skip
        self.world.complaints = self._complaints
        # Every interaction that people started, oldest first.
        self.interactions: list[Interaction] = []
        self._runner: web.AppRunner | None = None
        self._base = ""

    # Life.

    async def start(self, port: int = 0) -> None:
        """Listen on loopback; port 0 takes a free one."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/v10/{path:.*}", self.api.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/cdn/embed/avatars/{name}", self.api.avatar)
        app.router.add_get(r"/cdn/{place:.+}/{number:\d+}/{name}", self.api.file)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        port = self._runner.addresses[0][1]
        self._base = f"127.0.0.1:{port}"
        self.gateway.url = self.gateway_url
        self.world.cdn = self.cdn_url

    async def stop(self) -> None:
        self.gateway.drop()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            async with asyncio.timeout(_STOP_SECONDS):
                await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def api_url(self) -> str:
        return f"http://{self._base}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self._base}/gateway/"

    @property
    def cdn_url(self) -> str:
        return f"http://{self._base}/cdn"

    @property
    def environment(self) -> dict[str, str]:
        """What ``newsdesk run`` needs to take this for Discord."""
        return {
            "DISCORD_TOKEN": self.token,
            "NEWSDESK_DISCORD_API_URL": self.api_url,
            "NEWSDESK_DISCORD_GATEWAY_URL": self.gateway_url,
            "NEWSDESK_DISCORD_CDN_URL": self.cdn_url,
        }

    # The bot.

    @property
    def bot(self) -> Account:
        """The bot's account; ``bot.mention`` mentions it."""
        return self.world.bot

    async def wait_for_bot(self, *commands: str, timeout: float = 20.0) -> None:
        """Until the bot is connected and, if named, has registered these commands."""

        def there() -> bool:
            known = {
                c["name"] for place in (None, *self.world.guilds) for c in self.commands.all(place)
            }
            return self.gateway.ready and known >= set(commands)

        await self.wait_until(there, timeout, f"the bot with the commands {commands}")

    # Making servers and people.

    def user(self, name: str, locale: str = "en-US") -> User:
        """A person who is in no server yet."""
        made = User(self, self.world.ids.next(), name, locale)
        self.world.accounts[made.id] = made
        return made

    def guild(
        self, name: str = "Server", *, locale: str = "en-US", with_bot: bool = True,
        bot_permissions: int = permissions.BOT, shard: int | None = None,
    ) -> Guild:  # fmt: skip
        """A server with a channel #general and an owner of its own; ``shard`` is to have it."""
        owner = self.user(f"owner of {name}")
        ids = self.world.ids
        number = ids.next() if shard is None else ids.next_of(shard, self.gateway.shards)
        made = self.world.add_guild(number, name, owner, locale, bot_permissions)
        if not with_bot:
            self.world.remove_member(made, self.bot)
        return made

    def channel(
        self, guild: Guild, name: str = "general", *, nsfw: bool = False, kind: int = 0,
        category: Channel | None = None,
    ) -> Channel:  # fmt: skip
        """The channel of this name, made if there is none; of Discord's type ``kind``."""
        for channel in guild.channels.values():
            if channel.name == name:
                return channel
        return self.world.add_channel(guild, name, kind, nsfw, category=category)

    def group(self, *people: User) -> Channel:
        """A group of people with direct messages of their own, in which the bot isn't."""
        made = Channel(self.world.ids.next(), GROUP_DM, recipients=list(people))
        self.world.channels[made.id] = made
        return made

    def bot_role(self, guild: Guild) -> Role:
        """The role that came with the bot."""
        return next(role for role in guild.roles.values() if role.bot_id == self.bot.id)

    def role(self, guild: Guild, name: str, *allowed: str, mentionable: bool = False) -> Role:
        """A role with these permissions, by discord.py's names (``"manage_messages"``)."""
        return self.world.add_role(guild, name, bits(allowed), mentionable)

    def member(
        self, guild: Guild, who: str | User, *, roles: Iterable[Role] = (),
        moderator: bool = False, locale: str = "en-US",
    ) -> User:  # fmt: skip
        """Let someone join, a new person by name or one who is there. A moderator may manage
        messages, threads and the server."""
        person = self.user(who, locale) if isinstance(who, str) else who
        chosen = {role.id for role in roles}
        if moderator:
            found = next((r for r in guild.roles.values() if r.name == "Moderators"), None)
            made = found or self.world.add_role(
                guild, "Moderators", permissions.MODERATOR, mentionable=False
            )
            chosen.add(made.id)
        self.world.add_member(guild, person, chosen)
        return person

    def set_roles(self, guild: Guild, person: Account, *roles: Role) -> None:
        member: Member = guild.members[person.id]
        member.roles = {role.id for role in roles}
        self.world.member_changed(guild, member)

    def leave(self, guild: Guild, person: Account) -> None:
        """Someone leaves; the bot itself: it was removed from the server."""
        self.world.remove_member(guild, person)

    def deny(self, channel: Channel, *names: str, who: Account | Role | None = None) -> None:
        """Take permissions away in one channel, from the bot unless said."""
        self._overwrite(channel, who or self.bot, bits(names), deny=True)

    def allow(self, channel: Channel, *names: str, who: Account | Role | None = None) -> None:
        """Give permissions in one channel, to the bot unless said."""
        self._overwrite(channel, who or self.bot, bits(names), deny=False)

    def _overwrite(self, channel: Channel, who: Account | Role, value: int, deny: bool) -> None:
        place = channel.parent if channel.is_thread and channel.parent else channel
        kind = 0 if isinstance(who, Role) else 1
        found = place.overwrites.setdefault(who.id, Overwrite(who.id, kind))
        found.allow = found.allow & ~value if deny else found.allow | value
        found.deny = found.deny | value if deny else found.deny & ~value
        self.world.channel_changed(place)

    def close_directs(self, seconds: float) -> None:
        """For so long the bot is told that it opens direct messages too fast (40003)."""
        self.world.directs_closed_until = self.clock.now() + seconds

    def delete_message(self, message: Message) -> None:
        """A moderator deletes it under the bot."""
        self.messages.delete(message)

    def delete_channel(self, channel: Channel) -> None:
        self.world.remove_channel(channel)

    def archive(self, thread: Channel, *, locked: bool = False) -> None:
        thread.archived, thread.locked = True, locked
        thread.archive_changed = self.clock.now()
        self.world.channel_changed(thread)

    # Waiting and looking.

    async def wait_until(
        self, condition: Callable[[], object], timeout: float = 10.0, what: str = "a condition"
    ) -> None:
        """Until ``condition`` holds; it is looked at after everything that happens here."""
        await self.world.find(lambda: bool(condition()) or None, timeout, lambda: what)

    async def wait_for_message(
        self, channel: Channel, predicate: Callable[[Message], bool] | None = None,
        timeout: float = 10.0, *, after: Message | None = None, seen_by: User | None = None,
    ) -> Message:  # fmt: skip
        """The first message of the bot in a channel for which ``predicate`` holds, as it stands now.

        ``after`` leaves out what is older than that message. Ephemeral messages count only with
        ``seen_by``, the person who sees them.
        """

        def first() -> Message | None:
            for message in self.bot_messages(channel, seen_by=seen_by):
                if after is not None and message.id <= after.id:
                    continue
                if not message.is_loading and (predicate is None or predicate(message)):
                    return message
            return None

        return await self.world.find(
            first, timeout,
            lambda: f"a message in {channel!r}; there are {self.bot_messages(channel)}",
        )  # fmt: skip

    def bot_messages(self, channel: Channel, *, seen_by: User | None = None) -> list[Message]:
        """The bot's messages in a channel, oldest first; ephemeral ones only with ``seen_by``."""
        return [
            m
            for m in sorted(channel.messages.values(), key=lambda m: m.id)
            if m.author is self.bot
            and m.type not in (18, 21)
            and (seen_by.sees(m) if seen_by is not None else not m.is_ephemeral)
        ]

    def threads(self, channel: Channel) -> list[Channel]:
        guild = channel.guild
        return [t for t in guild.threads.values() if t.parent is channel] if guild else []

    @property
    def calls(self) -> list[Call]:
        """Every request of the bot so far."""
        return self.api.calls

    def calls_to(self, method: str, template: str) -> list[Call]:
        """Requests of one route, by its template: ``/channels/{channel_id}/messages``."""
        return [c for c in self.api.calls if c.method == method and c.template == template]

    @property
    def violations(self) -> list[Refusal]:
        """Malformed requests, which no Discord would take: a test fails on them."""
        return self.api.violations

    @property
    def refusals(self) -> list[Refusal]:
        """Requests refused because of how things stand: permissions, gone things, dead tokens."""
        return self.api.refusals

    def expect_violation(
        self, containing: str = "", code: int | None = None
    ) -> AbstractContextManager[None]:
        """``with standin.expect_violation("content"):`` refuses without recording."""
        return self.api.expect_violation(containing, code)

    def _complaints(self) -> str:
        found = [*self.violations, *self.refusals]
        return "".join(f"\n  refused: {refusal}" for refusal in found)

    # Disturbing. Patterns are route templates or paths, with ``*``; ``method`` may be ``*``; ``when``
    # chooses among the requests that match, by their body for example.

    def fail(
        self, method: str, pattern: str, *, status: int = 500, times: int = 1,
        body: Json | None = None, done_anyway: bool = False, when: When = None,
    ) -> Fault:  # fmt: skip
        """Answer the next requests with an error; ``done_anyway`` carries them out first."""
        return self._disturb(
            Fault(method, pattern, times, status, body or {}, done_anyway=done_anyway, when=when)
        )

    def delay(
        self, method: str, pattern: str, seconds: float, *, times: int = 1, when: When = None
    ) -> Fault:
        return self._disturb(Fault(method, pattern, times, seconds=seconds, when=when))

    def cut(self, method: str, pattern: str, *, times: int = 1, when: When = None) -> Fault:
        """Break the connection instead of answering."""
        return self._disturb(Fault(method, pattern, times, cut=True, when=when))

    def limit_rate(
        self, method: str, pattern: str, *, retry_after: float, times: int = 1,
        everywhere: bool = False, when: When = None,
    ) -> Fault:  # fmt: skip
        """Answer 429; ``everywhere`` is the global rate limit."""
        body: Json = {"global": everywhere}
        return self._disturb(Fault(method, pattern, times, 429, body, retry_after, when=when))

    def _disturb(self, fault: Fault) -> Fault:
        self.api.faults.append(fault)
        return fault

    def recover(self) -> None:
        """No scripted faults any more."""
        self.api.faults.clear()


def bits(names: Iterable[str]) -> int:
    import discord

    wanted: dict[str, Any] = dict.fromkeys(names, True)
    return discord.Permissions(**wanted).value
