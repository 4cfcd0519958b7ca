"""Open everything that the bot works with, in order, and hand it around as ``Services``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import discord

from bot import i18n
from bot.answering.engine import AnswerEngine
from bot.answering.factory import open_composer
from bot.answering.observer import Observer
from bot.answering.summaries.service import SummaryService
from bot.config.settings import Settings
from bot.services.answers import AnswerService
from bot.services.ask import AskService
from bot.services.conversations import ConversationMemory, Conversations, SharedConversations
from bot.services.dm_guilds import DMGuildResolver
from bot.services.failing_feeds import FailingFeedsReport
from bot.services.feed_posts import FeedPostService
from bot.services.guild_directory import GuildDirectory, SharedGuilds
from bot.services.guild_retention import GuildRetention
from bot.services.guild_settings import GuildSettingsCache
from bot.services.ingestion import IngestionServices, open_ingestion
from bot.services.job_progress import JobProgressBoard
from bot.services.permissions import RequestContexts
from bot.services.rate_limits import AnswerQueue, Cooldown
from bot.services.report import ReportService
from bot.services.requests import RequestRunner
from bot.services.roles import Roles, open_roles
from bot.services.setup import SetupService
from bot.services.succession import open_to_serve
from bot.services.time_zones import load_zones
from bot.services.usage_limits import UsageLimits
from bot.subscriptions.post_runner import PostRunner
from bot.subscriptions.runner import SubscriptionRunner
from bot.ui.buttons import AnswerButtonHandler
from bot.ui.choices import ServerMenuHandler
from bot.ui.pager import PagedLists, PageHandler
from bot.ui.report import NoteHandler
from bot.ui.setup import SetupHandler
from retrieval.embedders import Embedder
from retrieval.indexes.chroma_store import LITTLE_AT_ONCE
from retrieval.keyword_copies import KeywordCopies
from retrieval.library import Library
from retrieval.runtime.concurrency import cancel
from retrieval.timestamps import Clock

# A summary or a digest may ask the model several times; an answer that hangs is ended after this
# many seconds more than the model has for one.
_MORE_THAN_MODEL = 60.0
_INDEX_SECONDS = 1.0


@dataclass(slots=True)
class Components:
    """Who hears of buttons, menus and pages that outlive a restart: set by the cogs that show them."""

    answer_buttons: AnswerButtonHandler | None = None
    guild_menu: ServerMenuHandler | None = None
    page_turner: PageHandler | None = None
    setup: SetupHandler | None = None
    notes: NoteHandler | None = None


@dataclass(slots=True, kw_only=True)
class Services:
    """What commands and events use, opened and closed together."""

    settings: Settings
    library: Library
    engine: AnswerEngine
    summaries: SummaryService
    requests: RequestRunner
    answers: AnswerService
    ask: AskService
    conversations: Conversations
    limits: UsageLimits
    contexts: RequestContexts
    guild_settings: GuildSettingsCache
    roles: Roles
    guild_retention: GuildRetention
    ingestion: IngestionServices
    # Of keyword indexes, where another process writes.
    copies: KeywordCopies | None
    job_board: JobProgressBoard
    feed_posts: FeedPostService
    setup: SetupService
    report: ReportService
    lists: PagedLists = field(default_factory=PagedLists)
    components: Components = field(default_factory=Components)
    # Made by the cog that brings messages to Discord.
    subscriptions: SubscriptionRunner = field(init=False)
    posts: PostRunner = field(init=False)
    failing_feeds: FailingFeedsReport = field(init=False)


@contextlib.asynccontextmanager
async def open_services(
    client: discord.AutoShardedClient,
    settings: Settings,
    requests: RequestRunner,
    *,
    clock: Clock,
    embedder: Embedder | None = None,
    chroma_apart: bool = False,
    model_fails: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Services]:
    """Open the library for writing, the model, and what works on both.

    ``client`` is asked who is where, ``model_fails`` whether the model answers. ``chroma_apart``: the embedded Chroma works in a process of its
    own. Raises ``NewsdeskError`` if something can't be opened.
    """
    async with contextlib.AsyncExitStack() as stack:
        # While its index is loaded, questions are answered by their words.
        config = replace(
            settings.library(), chroma_apart=chroma_apart, chroma_start_seconds=_INDEX_SECONDS
        )
        library = await stack.enter_async_context(
            open_to_serve(config, clock=clock, embedder=embedder)
        )
        copies = None if library.writable else KeywordCopies(library)
        library.stores.write_at_once(LITTLE_AT_ONCE)
        library.observer = requests.observer
        composer = await stack.enter_async_context(
            open_composer(library, settings.answering(), requests.observer)
        )
        engine = AnswerEngine(library, composer)
        if composer is not None:
            await stack.enter_async_context(_meanwhile(composer.warm_up()))
        roles = await stack.enter_async_context(open_roles(library.database))
        if not library.writable:
            library.database.permission = roles.permit
        ingestion = await stack.enter_async_context(open_ingestion(settings, library, roles.kept))
        guild_settings = GuildSettingsCache(library)
        if roles.is_shared:
            await stack.enter_async_context(_meanwhile(guild_settings.follow()))
        contexts = RequestContexts(guild_settings, settings.shared_corpus, library)
        stack.push_async_callback(contexts.close)
        conversations: Conversations = ConversationMemory()
        if roles.is_shared:
            conversations = SharedConversations(library.database, library.clock)
        seconds = settings.answer_timeout_seconds + settings.model_load_seconds + _MORE_THAN_MODEL
        limits = UsageLimits(library, settings.timezone)
        answers = AnswerService(library, engine, requests, conversations, limits, seconds)
        retention = GuildRetention(client, settings, library, ingestion, contexts, roles)
        stack.push_async_callback(retention.stop)
        directory = SharedGuilds(client, library) if roles.is_shared else GuildDirectory(client)
        dm_guilds = DMGuildResolver(directory, contexts, guild_settings)
        cooldown = Cooldown(settings.limits().cooldown)
        await engine.warm_up()
        await stack.enter_async_context(_meanwhile(asyncio.to_thread(i18n.load_all)))
        await stack.enter_async_context(_meanwhile(asyncio.to_thread(load_zones)))
        yield Services(
            settings=settings,
            library=library,
            engine=engine,
            summaries=SummaryService(library, composer, config.zone),
            requests=requests,
            answers=answers,
            ask=AskService(client, library, engine, answers, conversations, cooldown, dm_guilds),
            conversations=conversations,
            limits=limits,
            contexts=contexts,
            guild_settings=guild_settings,
            guild_retention=retention,
            ingestion=ingestion,
            copies=copies,
            feed_posts=FeedPostService(library, settings),
            roles=roles,
            job_board=JobProgressBoard(client, settings, library, ingestion, contexts, roles),
            report=ReportService(client, settings, library, contexts, guild_settings, roles),
            setup=SetupService(
                client,
                settings,
                library,
                ingestion.feeds,
                has_model=engine.has_model,
                model_fails=model_fails,
            ),
        )


@contextlib.asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run ``work`` beside the block; and cancel it when the block ends."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        await cancel(task)


def request_runner(settings: Settings, observer: Observer) -> RequestRunner:
    """What runs requests within the limits of the settings; it outlives a failed start."""
    return RequestRunner(AnswerQueue(settings.limits()), observer)
