"""The stand-in's shards, and its limits on identifies and on requests of all of a bot's processes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.discord_standin import DiscordStandIn
from tests.discord_standin.gateway import AUTHENTICATION_FAILED, INVALID_SESSION

GUILDS = 1


class Socket:
    """A gateway connection that sends what a test says."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, token: str) -> None:
        self._socket = socket
        self._token = token

    async def identify(self, shard: int, shards: int) -> Any:
        """Return the first thing that is said to it: READY, or that the session is invalid."""
        properties = {"os": "linux", "browser": "test", "device": "test"}
        data = {"token": self._token, "intents": GUILDS, "shard": [shard, shards]}
        await self._socket.send_json({"op": 2, "d": {**data, "properties": properties}})
        return await self.next()

    async def next(self) -> Any:
        """The next payload; the code that the socket is closed with."""
        message = await self._socket.receive(timeout=10)
        return message.json() if message.type is aiohttp.WSMsgType.TEXT else message.data


class Town:
    def __init__(self, standin: DiscordStandIn, http: aiohttp.ClientSession) -> None:
        self.standin = standin
        self._http = http
        self._open: list[Socket] = []

    async def connect(self) -> Socket:
        socket = await self._http.ws_connect(self.standin.gateway_url)
        connected = Socket(socket, self.standin.token)
        self._open.append(connected)
        await connected.next()  # HELLO
        return connected

    async def limit(self) -> dict[str, Any]:
        return dict((await self.get("/gateway/bot"))["session_start_limit"])

    async def get(self, path: str) -> Any:
        headers = {"Authorization": f"Bot {self.standin.token}"}
        async with self._http.get(self.standin.api_url + path, headers=headers) as response:
            return await response.json()


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with contextlib.AsyncExitStack() as stack:
        standin = await stack.enter_async_context(DiscordStandIn(shards=8))
        yield Town(standin, await stack.enter_async_context(aiohttp.ClientSession()))


async def test_a_shard_has_its_guilds_and_direct_messages_go_to_the_first(town: Town) -> None:
    standin = town.standin
    standin.gateway.starts.pace = 0
    guilds = [standin.guild(f"Harbour {number}", shard=number % 8) for number in range(12)]
    told = {}
    for shard in range(8):
        ready = await (await town.connect()).identify(shard, 8)
        assert ready["d"]["shard"] == [shard, 8]
        told[shard] = {int(guild["id"]) for guild in ready["d"]["guilds"]}
    assert told == {
        shard: {guild.id for guild in guilds if (guild.id >> 22) % 8 == shard} for shard in range(8)
    }
    assert [len(told[shard]) for shard in range(8)] == [2, 2, 2, 2, 1, 1, 1, 1]
    assert standin.gateway.connected_shards == set(range(8))
    assert [s.shard for s in standin.gateway.sessions.values() if s.serves(None)] == [0]


async def test_a_new_session_of_a_shard_ends_the_one_before(town: Town) -> None:
    town.standin.gateway.starts.pace = 0
    first, second = await town.connect(), await town.connect()
    ready = await first.identify(3, 8)
    again = await second.identify(3, 8)
    assert ready["d"]["session_id"] != again["d"]["session_id"]
    assert list(town.standin.gateway.sessions) == [again["d"]["session_id"]]


async def test_shards_of_a_bucket_identify_five_seconds_apart(town: Town) -> None:
    starts = town.standin.gateway.starts
    starts.max_concurrency = 2
    sockets = [await town.connect() for _ in range(3)]
    assert (await sockets[0].identify(0, 8))["t"] == "READY"
    assert (await sockets[1].identify(1, 8))["t"] == "READY"
    refused = await sockets[2].identify(2, 8)
    assert (refused["op"], refused["d"]) == (INVALID_SESSION, False)
    town.standin.clock.advance(starts.pace)
    assert (await sockets[2].identify(2, 8))["t"] == "READY"
    assert starts.too_soon == 1
    limit = await town.limit()
    assert (limit["max_concurrency"], limit["remaining"]) == (2, 997)


async def test_who_identifies_too_often_in_a_day_loses_every_session_and_the_token(
    town: Town,
) -> None:
    starts = town.standin.gateway.starts
    starts.pace, starts.total = 0, 2
    first, second, third = [await town.connect() for _ in range(3)]
    assert (await first.identify(0, 8))["t"] == "READY"
    assert (await second.identify(1, 8))["t"] == "READY"
    limit = await town.limit()
    assert limit["remaining"] == 0
    assert 0 < limit["reset_after"] <= 86_400_000
    assert await third.identify(2, 8) == AUTHENTICATION_FAILED
    assert await first.next() == await second.next() == AUTHENTICATION_FAILED
    town.standin.clock.advance(86_400)
    assert await (await town.connect()).identify(0, 8) == AUTHENTICATION_FAILED


async def test_the_day_of_session_starts_ends(town: Town) -> None:
    starts = town.standin.gateway.starts
    starts.pace, starts.total = 0, 2
    await (await town.connect()).identify(0, 8)
    assert (await town.limit())["remaining"] == 1
    town.standin.clock.advance(86_400)
    assert (await town.limit())["remaining"] == 2


async def test_all_requests_of_a_bot_together_are_fifty_a_second(town: Town) -> None:
    assert town.standin.rate_limits.everywhere == (50, 1.0)
    town.standin.rate_limits.everywhere = (3, 3_600.0)
    answers = [await town.get("/users/@me") for _ in range(2)]
    answers += [await town.get("/gateway/bot") for _ in range(2)]
    assert [bool(answer.get("global")) for answer in answers] == [False, False, False, True]
