"""The bot: what it opens, what it listens to, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ext import commands

from bot import errors
from bot.answering.engine import AnswerEngine
from bot.answering.factory import open_composer
from bot.answering.summaries.service import SummaryService
from bot.config.settings import Settings
from bot.i18n import translator_for
from bot.i18n.translator import Translator
from bot.ops.command_sync import sync_if_changed
from bot.ops.event_loop import yield_between_gateway_events
from bot.ops.health import health_endpoint
from bot.ops.invite import invite_link, missing_permissions
from bot.ops.logging import details
from bot.services.answers import AnswerService
from bot.services.conversations import Conversations
from bot.services.guild_retention import GuildRetention
from bot.services.guild_settings import GuildSettingsCache
from bot.services.ingestion import IngestionServices, open_ingestion, run_background_tasks
from bot.services.job_progress import JobProgressBoard
from bot.services.permissions import RequestContext, context_of_interaction, context_of_message
from bot.services.rate_limits import AnswerQueue, Cooldown
from bot.services.requests import RequestRunner
from bot.storage.library import open_library
from bot.subscriptions.runner import SubscriptionRunner
from bot.ui.pager import PagedLists
from retrieval.embedders import Embedder
from retrieval.errors import NewsdeskError
from retrieval.indexes.vector_index import LITTLE_AT_ONCE
from retrieval.library import Library
from retrieval.timestamps import Clock, utc_now

if TYPE_CHECKING:
    from bot.cogs.ask._service import AskService

_log = logging.getLogger(__name__)

COGS = (
    "bot.cogs.ask", "bot.cogs.ingestion", "bot.cogs.feeds", "bot.cogs.articles", "bot.cogs.stories",
    "bot.cogs.audit", "bot.cogs.settings", "bot.cogs.privacy", "bot.cogs.help",
    "bot.cogs.summaries",
)  # fmt: skip
_UNHANDLED_SECONDS = 2.0
_CATALOGUE_SECONDS = 2.0
_MORE_THAN_MODEL = 60.0
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
        await errors.report(
            interaction, error, translator_for(interaction.locale.value), f"/{name}"
        )


class NewsdeskBot(commands.AutoShardedBot):
    """Opens everything in ``setup_hook`` and closes it in ``close``.

    A cog gets at the rest of the house here: ``library``, ``engine``, ``errands``, ``desk``,
    ``newsroom``, ``board``, ``servers``. It begins each command with ``await bot.visit(interaction)``,
    which knows who may do what.
    """

    library: Library
    engine: AnswerEngine
    summaries: SummaryService
    desk: AnswerService
    servers: GuildSettingsCache
    departures: GuildRetention
    newsroom: IngestionServices
    board: JobProgressBoard
    asking: AskService  # set by the cog that makes it, as what follows
    presses: Any  # hears of buttons and menus
    pages: Any  # turns pages that are kept
    subscriptions: SubscriptionRunner
    # Whether the embedded Chroma works in a process of its own; see `favour_the_loop`.
    chroma_apart = False

    def __init__(
        self, settings: Settings, *, clock: Clock = utc_now, embedder: Embedder | None = None
    ) -> None:
        super().__init__(
            commands.when_mentioned,
            help_command=None,
            intents=least_intents(message_content=settings.message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=Tree,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
        )
        self.settings = settings
        self.conversations = Conversations()
        self.lists = PagedLists()
        limits = settings.limits()
        self.errands = RequestRunner(AnswerQueue(limits))
        self.cooldown = Cooldown(limits.cooldown)
        self._clock = clock
        self._embedder = embedder
        self._resources = contextlib.AsyncExitStack()
        self._seen: OrderedDict[int, frozenset[int]] = OrderedDict()

    # Life

    async def setup_hook(self) -> None:
        yield_between_gateway_events(self.http)
        config, opened = self.settings.library(), self._resources
        config = replace(config, chroma_apart=self.chroma_apart)
        self.library = await opened.enter_async_context(
            open_library(config, writer="newsdesk run", clock=self._clock, embedder=self._embedder)
        )
        self.library.store.at_once = LITTLE_AT_ONCE
        composer = await opened.enter_async_context(
            open_composer(self.library, self.settings.answering())
        )
        self.engine = AnswerEngine(self.library, composer)
        self.summaries = SummaryService(self.library, composer, config.zone)
        self.servers = GuildSettingsCache(self.library)
        seconds = self.settings.answer_seconds + _MORE_THAN_MODEL
        self.desk = AnswerService(
            self.library, self.engine, self.errands, self.conversations, seconds
        )
        self.newsroom = await opened.enter_async_context(
            open_ingestion(self.settings, self.library)
        )
        self.board = JobProgressBoard(self)
        self.departures = GuildRetention(self)
        opened.callback(self.departures.stop)
        await self.library.embedder.embed(["warm"])  # its weights are read with the first text
        await self.tree.set_translator(Translator())
        for cog in COGS:
            await self.load_extension(cog)
        await sync_if_changed(self.tree, config.data_dir)
        await opened.enter_async_context(health_endpoint(self.settings.health_port, self._health))
        await self.board.resume()
        await opened.enter_async_context(run_background_tasks(self.newsroom))

    async def close(self) -> None:
        """Let answers under way come to an end, then close everything. May be called again."""
        if self.is_closed():
            return
        await self.errands.close(self.settings.stop_seconds)
        if hasattr(self, "board"):
            async with _at_most(_CLOSE_SECONDS, "the job board"):
                await self.board.stop()
        async with _at_most(_CLOSE_SECONDS, "the connection to Discord"):
            await super().close()
        async with _at_most(_CLOSE_SECONDS, "what is kept"):
            await self._resources.aclose()
        _log.info("stopped")

    async def _health(self) -> dict[str, bool]:
        readable = False
        with contextlib.suppress(NewsdeskError, TimeoutError):
            async with asyncio.timeout(_CATALOGUE_SECONDS):
                await self.library.catalogue.revision()
                readable = True
        connected = self.is_ready() and not any(s.is_closed() for s in self.shards.values())
        return {"gateway": connected, "catalogue": readable}

    # Who comes

    def corpus_of(self, server_id: int) -> str:
        """The corpus that a server reads and writes: its own, unless the operator shares one."""
        return self.settings.shared_corpus or f"discord:{server_id}"

    async def visit(self, interaction: discord.Interaction[Any]) -> RequestContext:
        """Who started an interaction, and what they may do."""
        server = interaction.guild_id
        if server is not None:
            self._saw(interaction.user.id, server)
        corpus = None if server is None else self.corpus_of(server)
        return context_of_interaction(interaction, await self.servers.of(server), corpus)

    async def visit_of(self, message: discord.Message) -> RequestContext:
        """Who wrote a message, and what they may do."""
        server = message.guild.id if message.guild else None
        if server is not None:
            self._saw(message.author.id, server)
        corpus = None if server is None else self.corpus_of(server)
        return context_of_message(message, await self.servers.of(server), corpus)

    def seen_in(self, user_id: int) -> frozenset[int]:
        """Servers in which this person did something lately. No proof that they still are there."""
        return self._seen.get(user_id, frozenset())

    def forget_seen(self, user_id: int) -> None:
        self._seen.pop(user_id, None)

    def _saw(self, user_id: int, server_id: int) -> None:
        self._seen[user_id] = self._seen.pop(user_id, frozenset()) | {server_id}
        while len(self._seen) > 10_000:
            self._seen.popitem(last=False)

    # Events

    async def on_ready(self) -> None:
        _log.info("ready", extra=details(servers=len(self.guilds), shards=len(self.shards)))
        await self.departures.compare()
        self.departures.start()
        for guild in self.guilds:
            self._check_permissions(guild)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        _log.info("joined a server", extra=details(server=guild.id))
        self._check_permissions(guild)
        await self.departures.came(guild.id)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        _log.info("removed from a server", extra=details(server=guild.id))
        corpus = self.corpus_of(guild.id)
        others_have_it = any(self.corpus_of(other.id) == corpus for other in self.guilds)
        self.errands.cancel_guild_requests(guild.id, None if others_have_it else corpus)
        self.servers.forget(guild.id)
        await self.departures.left(guild.id)

    def _check_permissions(self, guild: discord.Guild) -> None:
        if guild.unavailable or guild.me is None or self.application_id is None:
            return
        if lacking := missing_permissions(guild.me.guild_permissions):
            _log.warning(
                "missing permissions: %s; invite the bot again with %s",
                ", ".join(lacking), invite_link(self.application_id),
                extra=details(server=guild.id),
            )  # fmt: skip

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
            error = errors.UserError("button-expired")
            await errors.report(
                interaction, error, translator_for(interaction.locale.value), "component"
            )

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        import sys

        error = sys.exc_info()[1]
        if error is not None:
            errors.log(error, event_method)
