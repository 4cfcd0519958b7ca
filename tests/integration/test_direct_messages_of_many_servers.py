"""With a thousand servers, a direct message is answered from where its author was seen last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bot.services.dm_guilds import DMGuildResolver
from bot.services.guild_directory import GuildDirectory
from bot.services.guild_settings import GuildSettingsCache
from bot.services.permissions import RequestContexts
from bot.storage.library import open_library
from bot.storage.sightings import forget_sightings, servers_seen
from retrieval.errors import StorageError
from retrieval.library import Library, LibraryConfig
from tests.integration.crash_child import HashEmbedder

ADA, BOB = 7, 8


class Server:
    """A server that notes whose membership Discord was asked about."""

    def __init__(self, number: int, asked: list[int]) -> None:
        self.id = number
        self._asked = asked

    def get_member(self, _: int) -> None:
        return None

    async def fetch_member(self, _: int) -> Any:
        self._asked.append(self.id)
        return SimpleNamespace(roles=[])


class Client:
    def __init__(self, asked: list[int]) -> None:
        self.guilds = [Server(number, asked) for number in range(1, 1_001)]

    def get_guild(self, number: int) -> Server:
        return self.guilds[number - 1]


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    async with open_library(
        LibraryConfig(tmp_path), writer="test", embedder=HashEmbedder()
    ) as opened:
        yield opened


async def seen(library: Library, user_id: int, guilds: list[int]) -> None:
    """Somebody uses the bot in these servers, and the bot ends when that is noted."""
    contexts = RequestContexts(GuildSettingsCache(library), None, library)
    await use(contexts, user_id, guilds)
    await contexts.close()


async def use(contexts: RequestContexts, user_id: int, guilds: list[int]) -> None:
    """Somebody uses the bot in these servers, and it is noted or fails to be."""
    for guild_id in guilds:
        interaction: Any = SimpleNamespace(
            user=SimpleNamespace(id=user_id),
            guild_id=guild_id,
            permissions=SimpleNamespace(manage_guild=False, administrator=False),
            locale=SimpleNamespace(value="en-US"),
            guild_locale=None,
            channel=None,
            channel_id=1,
            is_user_integration=lambda: False,
            is_guild_integration=lambda: True,
        )
        await contexts.of_interaction(interaction)
        if contexts._saving is not None:
            await contexts._saving


async def test_discord_is_asked_about_the_three_servers_where_somebody_was_seen_last(
    library: Library,
) -> None:
    await seen(library, ADA, [500, 900, 3, 900, 700])
    await seen(library, BOB, [42])
    asked: list[int] = []
    client: Any = Client(asked)
    settings = GuildSettingsCache(library)
    contexts = RequestContexts(settings, None, library)
    ada: Any = SimpleNamespace(id=ADA)
    servers = await DMGuildResolver(GuildDirectory(client), contexts, settings).servers_of(ada)
    assert [guild.id for guild in servers] == [700, 900, 3]
    assert sorted(asked) == [3, 700, 900]

    await contexts.forget_seen(ADA)
    assert await servers_seen(library.database, ADA) == []
    assert await servers_seen(library.database, BOB) == [42]
    await forget_sightings(library.database, guild_id=42)
    assert await servers_seen(library.database, BOB) == []


async def test_where_somebody_was_seen_is_kept_of_a_bounded_number_of_servers(
    library: Library,
) -> None:
    await seen(library, ADA, [*range(1, 31)])
    assert await servers_seen(library.database, ADA) == [*range(30, 5, -1)]


async def test_where_somebody_was_seen_is_noted_later_if_the_database_was_away(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StorageError("database-away", retry=True)

    contexts = RequestContexts(GuildSettingsCache(library), None, library)
    with monkeypatch.context() as patch:
        patch.setattr("bot.services.permissions.note_sightings", away)
        await use(contexts, ADA, [500])
    assert await servers_seen(library.database, ADA) == []
    await use(contexts, ADA, [500])
    assert await servers_seen(library.database, ADA) == [500]
    await contexts.close()
