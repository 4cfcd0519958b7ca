"""The bot: what it opens, what it listens to, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.answering.observer import Observers
from bot.bootstrap import Services, open_services, request_runner
from bot.config.settings import Settings
from bot.errors import UserError
from bot.i18n import translator_for
from bot.i18n.translator import Translator
from bot.ops.command_sync import CommandRecord, FileRecord, sync_if_changed
from bot.ops.fenced_requests import fencing_trace
from bot.ops.identify_turns import IdentifyTurns
from bot.ops.invite import invite_link, missing_permissions
from bot.ops.logging import details
from bot.ops.metrics import Metrics
from bot.ops.request_rate import DISCORD_ALLOWS, RequestTurns, bound_requests
from bot.ops.tracing import open_tracing
from bot.services.monitoring import Watched, open_monitoring
from bot.services.shard_leases import ShardLeases
from bot.services.succession import run_writing
from bot.services.troubles import ModelTrouble
from bot.storage.registered_commands import DatabaseRecord
from bot.ui import error_pages
from retrieval.catalogue.leases import Leases
from retrieval.embedders import Embedder
from retrieval.errors import FolderInUse, NewsdeskError
from retrieval.timestamps import Clock, utc_now

_log = logging.getLogger(__name__)

COGS = (
    "bot.cogs.setup",
    "bot.cogs.ask",
    "bot.cogs.ingestion",
    "bot.cogs.feeds",
    "bot.cogs.articles",
    "bot.cogs.stories",
    "bot.cogs.audit",
    "bot.cogs.report",
    "bot.cogs.settings",
    "bot.cogs.privacy",
    "bot.cogs.help",
    "bot.cogs.usage",
    "bot.cogs.summaries",
)
_UNHANDLED_SECONDS = 2.0
_CLOSE_SECONDS = 30.0


def least_intents(*, message_content: bool) -> discord.Intents:
    """What the bot has to hear of: servers and channels, and messages.

    Without ``message_content``, which is privileged, it still gets the text of messages that mention
    it and of direct ones.
    """
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = True
    intents.message_content = message_content
    return intents


@contextlib.asynccontextmanager
async def _at_most(seconds: float, what: str) -> AsyncIterator[None]:
    """Nothing that hangs may keep the rest from closing."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        _log.error("closing %s took more than %g s and was given up", what, seconds)


class Tree(app_commands.CommandTree["NewsdeskBot"]):
    async def on_error(
        self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /
    ) -> None:
        name = interaction.command.qualified_name if interaction.command else "a command"
        await error_pages.report(
            interaction, error, translator_for(interaction.locale.value), f"/{name}"
        )


class NewsdeskBot(commands.AutoShardedBot):
    """Opens ``services`` in ``setup_hook`` and closes them in ``close``."""

    services: Services

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = utc_now,
        embedder: Embedder | None = None,
        chroma_apart: bool = False,
    ) -> None:
        super().__init__(
            commands.when_mentioned,
            help_command=None,
            intents=least_intents(message_content=settings.message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=Tree,
            # Installed in servers; used there and in direct messages with the bot. Where all servers
            # share their articles, people may install it for themselves and use it anywhere.
            allowed_installs=app_commands.AppInstallationType(
                guild=True, user=settings.shared_corpus is not None
            ),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=settings.shared_corpus is not None
            ),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            shard_count=settings.shards,
            http_trace=fencing_trace(),
        )
        self.settings = settings
        self.metrics = Metrics()
        self._model_trouble = ModelTrouble()
        self._observers = Observers([self.metrics, self._model_trouble])
        self._requests = request_runner(settings, self._observers)
        self._clock = clock
        self._embedder = embedder
        self._chroma_apart = chroma_apart
        self._resources = contextlib.AsyncExitStack()
        self._turns = IdentifyTurns()
        self._request_turns = RequestTurns(settings.discord_requests_per_second or DISCORD_ALLOWS)
        bound_requests(self, self._request_turns)
        self._shard_leases: ShardLeases | None = None
        # Why it stops by itself, and that it does.
        self._lost: FolderInUse | None = None
        self._ending: asyncio.Task[None] | None = None

    # Life

    async def setup_hook(self) -> None:
        opened = self._resources
        secret = self.settings.traces_url
        tracing = await opened.enter_async_context(
            open_tracing(secret.get_secret_value() if secret else None)
        )
        if tracing is not None:
            self._observers.add(tracing)
        await self.load_commands()
        await self._register_commands()
        await opened.enter_async_context(open_monitoring(self.settings, self._watched()))
        await self.services.job_board.resume()
        services = self.services
        await opened.enter_async_context(
            run_writing(self.settings, services.library, services.ingestion, services.copies)
        )
        if self.services.roles.kept is not None:
            await self._share_shards(self.services.roles.kept.leases)

    async def _register_commands(self) -> None:
        record: CommandRecord = FileRecord(self.services.library.config.data_dir)
        if self.services.roles.is_shared:
            record = DatabaseRecord(self.services.library.database)

        async def register() -> None:
            await sync_if_changed(self.tree, record)

        await self.services.roles.in_turn("commands", register)

    async def _share_shards(self, leases: Leases) -> None:
        """Take shards among all processes on the database, and turns to identify."""
        if self.settings.shards is None:
            self.shard_count, _, _ = await self.http.get_bot_gateway()
        self._turns = IdentifyTurns(leases)
        self._shard_leases = ShardLeases(
            self,
            leases,
            self.shard_count,
            on_processes=self._share_requests,
            may_hold=self._require_writer,
            on_lost=self._stop_without_lock,
        )
        retention = self.services.guild_retention
        retention.lease_of = self._shard_leases.lease_of
        self.services.roles.lease_of = retention.lease_of_guild
        await self._shard_leases.join()

    async def _require_writer(self) -> None:
        """Who writes may hold no shards once it can't any more. Raises ``FolderInUse``."""
        if self.services.library.writable:
            await self.services.library.database.require_writer()

    def _share_requests(self, processes: int) -> None:
        if self.settings.discord_requests_per_second is None:
            self._request_turns.per_second = max(1, DISCORD_ALLOWS // processes)

    def _stop_without_lock(self, error: FolderInUse) -> None:
        """Nothing of a server could be kept any more: let the process that writes have them all."""
        self._lost = error
        _log.error(
            "stopping: another process has the right to write to the database by now, and takes the "
            "shards of this one"
        )
        self._ending = asyncio.create_task(self.close(), name="the end")

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected until closed. Raises ``FolderInUse`` if another process took the right to
        write, and this one has closed itself."""
        if self._ending is None:
            await super().connect(reconnect=reconnect)
        if self._ending is not None and self._lost is not None:
            await self._ending
            raise self._lost

    async def load_commands(self) -> None:
        """Open what commands need and add them, without a word to Discord."""
        opened = self._resources
        self.services = await opened.enter_async_context(
            open_services(
                self,
                self.settings,
                self._requests,
                clock=self._clock,
                embedder=self._embedder,
                chroma_apart=self._chroma_apart,
                model_fails=lambda: self._model_trouble.note is not None,
            )
        )
        await self.tree.set_translator(Translator())
        for cog in COGS:
            await self.load_extension(cog)

    async def close(self) -> None:
        """Let answers under way come to an end, then close everything. May be called again."""
        if self._ending is not None and asyncio.current_task() is not self._ending:
            await asyncio.shield(self._ending)
        if self.is_closed():
            return
        await self._requests.close(self.settings.shutdown_timeout_seconds)
        if hasattr(self, "services"):
            async with _at_most(_CLOSE_SECONDS, "the job board"):
                await self.services.job_board.stop()
        async with _at_most(_CLOSE_SECONDS, "the connection to Discord"):
            await super().close()
        if self._shard_leases is not None:
            async with _at_most(_CLOSE_SECONDS, "the leases of shards"):
                await self._shard_leases.close()
        async with _at_most(_CLOSE_SECONDS, "what is kept"):
            await self._resources.aclose()
        _log.info("stopped")

    async def launch_shards(self) -> None:
        """Connect, unless that would end every session of the bot. Raises ``NewsdeskError``."""
        if self.is_closed():
            return
        limits = await self.fetch_session_start_limits()
        held = self._shard_leases
        shards = self.shard_count if held is None else len(held.ids)
        if limits.remaining < (shards or 1):
            minutes = str(-(-limits.reset_after // 60_000))
            raise NewsdeskError("session-starts-used-up", total=str(limits.total), minutes=minutes)
        self._turns.max_concurrency = limits.max_concurrency
        await (super().launch_shards() if held is None else held.launch())

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        held = self._shard_leases
        if held is not None:
            held.require(shard_id or 0)
        await self._turns.wait(shard_id or 0)
        if held is not None:  # it may have been given up meanwhile
            held.require(shard_id or 0)

    def _watched(self) -> Watched:
        return Watched(
            library=self.services.library,
            engine=self.services.engine,
            queue=self._requests.queue,
            metrics=self.metrics,
            model=self._model_trouble,
            is_connected=self._is_connected,
            servers=lambda: len(self.guilds),
        )

    def _is_connected(self) -> bool:
        if self._shard_leases is not None:
            return self.is_ready() and self._shard_leases.is_connected()
        return self.is_ready() and not any(shard.is_closed() for shard in self.shards.values())

    # Events

    async def on_ready(self) -> None:
        _log.info("ready", extra=details(servers=len(self.guilds), shards=len(self.shards)))

    async def on_shard_ready(self, shard_id: int) -> None:
        """Only now is it known which servers of a shard are there; other shards say nothing of them."""
        retention = self.services.guild_retention
        retention.watch(shard_id)
        await retention.compare(shard_id)
        retention.start()
        for guild in self.guilds:
            if guild.shard_id == shard_id:
                self._check_permissions(guild)
                self._serve(guild)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self.services.guild_retention.watch(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        self.services.guild_retention.unwatch(shard_id)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        _log.info("joined a server", extra=details(server=guild.id))
        self._check_permissions(guild)
        self._serve(guild)
        await self.services.guild_retention.came(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        _log.info("removed from a server", extra=details(server=guild.id))
        corpus = self.services.contexts.corpus_of(guild.id)
        others_have_it = any(
            self.services.contexts.corpus_of(other.id) == corpus for other in self.guilds
        )
        self.services.requests.cancel_guild_requests(guild.id, None if others_have_it else corpus)
        self.services.guild_settings.forget(guild.id)
        await self.services.guild_retention.left(guild.id)

    def _serve(self, guild: discord.Guild) -> None:
        if self.services.copies is not None:
            self.services.copies.serve([self.services.contexts.corpus_of(guild.id)])

    def _check_permissions(self, guild: discord.Guild) -> None:
        if guild.unavailable or guild.me is None or self.application_id is None:
            return
        if lacking := missing_permissions(guild.me.guild_permissions):
            _log.warning(
                "missing permissions: %s; invite the bot again with %s",
                ", ".join(lacking),
                invite_link(self.application_id),
                extra=details(server=guild.id),
            )

    async def on_message(self, message: discord.Message, /) -> None:
        """Commands are slash commands; cogs listen to messages themselves."""

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer what nothing else does, such as a button of before a restart or a forged one."""
        if interaction.type not in (
            discord.InteractionType.component,
            discord.InteractionType.modal_submit,
        ):
            return
        await asyncio.sleep(_UNHANDLED_SECONDS)
        if not interaction.response.is_done():
            error = UserError("button-expired")
            await error_pages.report(
                interaction, error, translator_for(interaction.locale.value), "component"
            )

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        import sys

        error = sys.exc_info()[1]
        if error is not None:
            error_pages.log(error, event_method)
