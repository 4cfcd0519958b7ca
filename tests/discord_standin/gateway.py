"""The gateway: sessions of the bot over real WebSockets, and what a test may do to them."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from . import payloads
from .model import Guild, Json
from .session_starts import SessionStarts, Start
from .world import GUILDS, PRIVILEGED, World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11
UNKNOWN_ERROR, UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED = 4000, 4001, 4002, 4003
AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED, INVALID_SEQ = 4004, 4005, 4007
RATE_LIMITED, INVALID_SHARD, INVALID_INTENTS, DISALLOWED_INTENTS = 4008, 4010, 4013, 4014

REPLAYED = 5_000
ALL_INTENTS = (1 << 26) - 1
SENT_PER_MINUTE = 120


class Compressor(Protocol):
    def __call__(self, data: bytes) -> bytes: ...


def compressor(kind: str | None) -> Compressor | None:
    """For the transport that the client asked for; ``None`` is plain text."""
    if kind == "zlib-stream":
        stream = zlib.compressobj()
        return lambda data: stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH)
    if kind == "zstd-stream":
        import zstandard

        zstd = zstandard.ZstdCompressor().compressobj()
        flush = zstandard.COMPRESSOBJ_FLUSH_BLOCK
        return lambda data: zstd.compress(data) + zstd.flush(flush)
    return None


@dataclass(eq=False)
class Session:
    """One identified shard; outlives its sockets until it is invalidated."""

    id: str
    intents: int
    shard: int
    shards: int
    seq: int = 0
    events: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    connection: Connection | None = None

    def serves(self, guild: Guild | None) -> bool:
        return (guild.id >> 22) % self.shards == self.shard if guild else self.shard == 0


class Connection:
    """One WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket = socket
        self.request = request
        self.session: Session | None = None
        self.compress = compressor(request.query.get("compress"))
        self.out: asyncio.Queue[str | int | None] = asyncio.Queue()
        self.last_heartbeat: float | None = None
        self.acknowledges = True
        self.received: deque[float] = deque()

    def send(self, op: int, data: Any = None) -> None:
        self.out.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    async def write(self) -> None:
        """Send what is queued, in order; a number closes with that code."""
        while True:
            item = await self.out.get()
            if item is None:
                return
            try:
                if isinstance(item, int):
                    await self.socket.close(code=item)
                elif self.compress is None:
                    await self.socket.send_str(item)
                else:
                    await self.socket.send_bytes(self.compress(item.encode()))
            except (ConnectionError, RuntimeError):
                return  # The client has gone; a session keeps the events for a resume.

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()


class Gateway:
    """All sessions. Its methods without underscore are for tests."""

    def __init__(self, world: World, token: str, shards: int, heartbeat_interval: float) -> None:
        self._world = world
        self._token = token
        self.shards = shards
        self.heartbeat_interval = heartbeat_interval
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.url = ""
        self.identifies: list[Json] = []
        self.resumes = 0
        self.presences: list[Json] = []
        # Seconds by which each heartbeat came later than the interval asked for.
        self.heartbeat_lateness: list[float] = []
        self.heartbeats = 0
        self.starts = SessionStarts(world.clock)
        # False: nobody can connect, as in an outage.
        self.accepting = True
        # Shards that are closed when they identify, as in an outage of some.
        self.refused_shards: set[int] = set()
        world.dispatch = self.dispatch

    # For tests.

    @property
    def ready(self) -> bool:
        return any(s.connection is not None for s in self.sessions.values())

    @property
    def connected_shards(self) -> set[int]:
        return {s.shard for s in self.sessions.values() if s.connection is not None}

    def drop(self) -> None:
        """Cut every socket without a word, as a broken line does; the bot may resume."""
        for connection in list(self.connections):
            self._detach(connection)
            connection.abort()

    def close(self, code: int = UNKNOWN_ERROR) -> None:
        """Close every socket with this code."""
        for connection in list(self.connections):
            self._detach(connection)
            connection.out.put_nowait(code)

    def ask_to_reconnect(self) -> None:
        """Opcode 7: the bot must connect again and resume."""
        for connection in list(self.connections):
            connection.send(RECONNECT)

    def invalidate(self, resumable: bool = False) -> None:
        """Opcode 9; not resumable means that missed events are lost and the bot identifies anew."""
        for connection in list(self.connections):
            connection.send(INVALID_SESSION, resumable)
            if not resumable and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
                self._detach(connection)

    def forget_sessions(self) -> None:
        """The next resume is refused."""
        self.sessions.clear()

    def stop_acknowledging(self) -> None:
        """The line is up but dead: heartbeats are not answered any more."""
        for connection in self.connections:
            connection.acknowledges = False

    def ask_for_heartbeat(self) -> None:
        for connection in self.connections:
            connection.send(HEARTBEAT)

    def set_unavailable(self, guild: Guild, unavailable: bool) -> None:
        """An outage of one server, or its end."""
        guild.unavailable = unavailable
        if unavailable:
            self.dispatch("GUILD_DELETE", {"id": str(guild.id), "unavailable": True}, GUILDS, guild)
        else:
            data = payloads.guild_create(guild, self._world.bot)
            self.dispatch("GUILD_CREATE", data, GUILDS, guild)

    # Events.

    def dispatch(
        self,
        name: str,
        data: Json | Callable[[int], Json],
        intent: int = 0,
        guild: Guild | None = None,
    ) -> None:
        """Tell the sessions that serve ``guild`` (direct: shard 0) and have the intent, if any."""
        for session in list(self.sessions.values()):
            if session.serves(guild) and (not intent or session.intents & intent):
                made = data(session.intents) if callable(data) else data
                self._emit(session, name, made)

    def _emit(self, session: Session, name: str, data: Json) -> None:
        session.seq += 1
        text = json.dumps({"op": DISPATCH, "d": data, "s": session.seq, "t": name})
        session.events.append((session.seq, text))
        if session.connection is not None:
            session.connection.out.put_nowait(text)

    # The protocol.

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if not self.accepting:
            return web.Response(status=503)
        socket = web.WebSocketResponse(max_msg_size=16_384, autoping=True)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self.connections.add(connection)
        writer = asyncio.create_task(connection.write())
        connection.send(HELLO, {"heartbeat_interval": int(self.heartbeat_interval * 1000)})
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                code = self._receive(connection, message.data)
                if code is not None:
                    self._detach(connection)
                    connection.out.put_nowait(code)
        finally:
            connection.out.put_nowait(None)
            self._detach(connection)
            self.connections.discard(connection)
            writer.cancel()
            self._world.changed()
        return socket

    def _detach(self, connection: Connection) -> None:
        if connection.session is not None and connection.session.connection is connection:
            connection.session.connection = None

    def _receive(self, connection: Connection, text: str) -> int | None:
        """Handle one payload; a number closes the socket with it."""
        now = self._world.clock.now()
        connection.received.append(now)
        while connection.received[0] < now - 60:
            connection.received.popleft()
        if len(connection.received) > SENT_PER_MINUTE:
            return RATE_LIMITED
        try:
            payload = json.loads(text)
            op, data = payload["op"], payload.get("d")
        except (ValueError, KeyError, TypeError):
            return DECODE_ERROR
        if op == HEARTBEAT:
            self._heartbeat(connection)
            return None
        if op == IDENTIFY:
            return self._identify(connection, data)
        if op == RESUME:
            return self._resume(connection, data)
        if connection.session is None:
            return NOT_AUTHENTICATED
        if op == PRESENCE:
            self.presences.append(data)
        elif op == REQUEST_MEMBERS:
            self._chunk(connection.session, data)
        elif op != VOICE:
            return UNKNOWN_OPCODE
        self._world.changed()
        return None

    def _heartbeat(self, connection: Connection) -> None:
        self.heartbeats += 1
        now = time.monotonic()
        if connection.last_heartbeat is not None:
            gap = now - connection.last_heartbeat
            self.heartbeat_lateness.append(max(0.0, gap - self.heartbeat_interval))
        connection.last_heartbeat = now
        if connection.acknowledges:
            connection.send(HEARTBEAT_ACK)

    def _identify(self, connection: Connection, data: Json) -> int | None:
        self.identifies.append({**data, "token": "..."})
        if connection.session is not None:
            return ALREADY_AUTHENTICATED
        if data.get("token") != self._token:
            return AUTHENTICATION_FAILED
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~ALL_INTENTS:
            return INVALID_INTENTS
        if intents & PRIVILEGED & ~self._world.privileged_intents:
            return DISALLOWED_INTENTS
        shard, shards = data.get("shard") or (0, 1)
        if not 0 <= shard < shards:
            return INVALID_SHARD
        if shard in self.refused_shards:
            return UNKNOWN_ERROR
        start = self.starts.take(shard)
        if start is Start.TOO_SOON:
            connection.send(INVALID_SESSION, False)
            return None
        if start is Start.USED_UP:
            # Discord ends every session of the bot and gives it another token.
            self._token = ""
            self.close(AUTHENTICATION_FAILED)
            return AUTHENTICATION_FAILED
        session = Session(secrets.token_hex(16), intents, shard, shards, connection=connection)
        connection.session = session
        # A new session of the same shard ends the one before.
        self.sessions = {k: s for k, s in self.sessions.items() if s.shard != shard}
        self.sessions[session.id] = session
        self._greet(session)
        return None

    def _greet(self, session: Session) -> None:
        world = self._world
        bot = world.bot
        guilds = [g for g in world.guilds.values() if bot.id in g.members and session.serves(g)]
        ready = {
            "v": 10, "user": payloads.own_user(bot), "user_settings": {}, "session_type": "normal",
            "guilds": [{"id": str(g.id), "unavailable": True} for g in guilds],
            "session_id": session.id, "resume_gateway_url": self.url, "relationships": [],
            "private_channels": [], "presences": [], "guild_join_requests": [],
            "shard": [session.shard, session.shards], "geo_ordered_rtc_regions": [],
            "application": {"id": str(world.application_id), "flags": world.application_flags}, "auth": {},
        }  # fmt: skip
        self._emit(session, "READY", ready)
        for guild in guilds:
            if not guild.unavailable and session.intents & GUILDS:
                self._emit(session, "GUILD_CREATE", payloads.guild_create(guild, bot))
        world.changed()

    def _resume(self, connection: Connection, data: Json) -> int | None:
        if data.get("token") != self._token:
            return AUTHENTICATION_FAILED
        session = self.sessions.get(data.get("session_id", ""))
        seq = data.get("seq")
        if session is None or not isinstance(seq, int):
            connection.send(INVALID_SESSION, False)
            return None
        if seq > session.seq:
            return INVALID_SEQ
        if session.events and session.events[0][0] > seq + 1:
            connection.send(INVALID_SESSION, False)
            return None
        self.resumes += 1
        connection.session, session.connection = session, connection
        for number, text in session.events:
            if number > seq:
                connection.out.put_nowait(text)
        self._emit(session, "RESUMED", {})
        self._world.changed()
        return None

    def _chunk(self, session: Session, data: Json) -> None:
        guild = self._world.guilds.get(int(data.get("guild_id", 0)))
        if guild is None or not session.serves(guild):
            return
        wanted = [guild.members[k] for k in sorted(guild.members)]
        asked = data.get("user_ids")
        missing: list[str] = []
        if asked is not None:
            ids = [int(x) for x in (asked if isinstance(asked, list) else [asked])]
            wanted = [m for m in wanted if m.account.id in ids]
            missing = [str(i) for i in ids if i not in guild.members]
        else:
            query = str(data.get("query", "")).casefold()
            if not query and not session.intents & (1 << 1):
                return  # Listing everyone needs the members intent.
            names = [(m, (m.nick or m.account.name).casefold()) for m in wanted]
            wanted = [m for m, name in names if name.startswith(query)]
            if limit := int(data.get("limit") or 0):
                wanted = wanted[:limit]
        groups = [wanted[i : i + 1000] for i in range(0, len(wanted), 1000)] or [[]]
        for index, group in enumerate(groups):
            chunk: Json = {
                "guild_id": str(guild.id), "members": [payloads.member(m) for m in group],
                "chunk_index": index, "chunk_count": len(groups), "not_found": missing,
            }  # fmt: skip
            if data.get("nonce"):
                chunk["nonce"] = data["nonce"]
            self._emit(session, "GUILD_MEMBERS_CHUNK", chunk)
