"""What moderators' commands share: errors of services as texts, suggestions, lists of pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot.bootstrap import Services
from bot.errors import UserError
from bot.i18n import Say, say_note
from bot.services.permissions import RequestContext
from bot.ui.escaping import explained, plain, unmarked
from bot.ui.pages import Page
from retrieval import errors as services
from retrieval.moderation import ModerationService

_SUGGESTIONS = 25
_LONGEST = 100
_SUGGEST_SECONDS = 2.0
_REASON = 200

Suggested = Sequence[tuple[str, str]]
_Shown = TypeVar("_Shown")


def for_moderators(command: _Shown) -> _Shown:
    """Let Discord show a command, a menu entry or a group's cog only in servers, and there only to
    those who may manage the server, until an administrator allows others under Integrations.

    This isn't a check: ``require_moderator`` is, whatever Discord shows.
    """
    return in_servers(app_commands.default_permissions(manage_guild=True)(command))


def in_servers(command: _Shown) -> _Shown:
    """Let Discord show a command only in servers that have the bot. This isn't a check either."""
    only = app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    there = app_commands.allowed_installs(guilds=True, users=False)
    return app_commands.guild_only()(only(there(command)))


async def moderator_of(services: Services, context: RequestContext) -> ModerationService:
    """Return the moderation of this moderator's corpus, which is created if there is none. Raises
    ``UserError``."""
    corpus = context.require_moderator()
    await services.library.ensure_corpus(corpus)
    return await ModerationService.of(services.library, corpus)


async def moderating(
    services: Services, interaction: discord.Interaction[Any]
) -> tuple[RequestContext, ModerationService]:
    """Begin a moderators' command: check who asks, tell Discord to wait, and return the context
    with the moderation of the corpus. Raises ``UserError``."""
    context = await services.contexts.of_interaction(interaction)
    context.require_moderator()
    await acknowledge(interaction)
    return context, await moderator_of(services, context)


@contextlib.contextmanager
def telling(text: str, *, not_found: str, refused: str | None = None) -> Iterator[None]:
    """Turn what services refuse in the block into ``UserError``: ``NotFound`` into ``not_found``
    and ``Refused`` into ``refused``, if given. ``text`` is what somebody typed to name an article
    or a feed."""
    try:
        yield
    except services.NotFound as error:
        raise UserError(not_found, text=plain(text, 100)) from error
    except services.Refused as error:
        if refused is None:
            raise
        raise UserError(refused) from error


@contextlib.contextmanager
def telling_unreadable(text: str, say: Say) -> Iterator[None]:
    """Turn ``UnreadableSource`` in the block into ``UserError`` (``feed-unreadable``) with the
    reason; ``text`` is what somebody typed."""
    try:
        yield
    except services.UnreadableSource as error:
        reason = explained(say_note(error.note, say), _REASON)
        raise UserError("feed-unreadable", text=plain(text, 100), reason=reason) from error


async def acknowledge(interaction: discord.Interaction[Any]) -> None:
    """Tell Discord that a response is coming, visible to this moderator alone."""
    await interaction.response.defer(ephemeral=True, thinking=True)


async def send_pages(
    services: Services,
    interaction: discord.Interaction[Any],
    context: RequestContext,
    pages: Sequence[Page],
) -> None:
    """Show pages to the moderator in one message. The interaction must be acknowledged."""

    async def check(interaction: discord.Interaction[Any]) -> None:
        (await services.contexts.of_interaction(interaction)).require_moderator()

    page = services.lists.hold(pages, context.user.id, check, context.say)
    await interaction.edit_original_response(embed=page.embed, view=page.view)


async def suggest(
    services: Services,
    interaction: discord.Interaction[Any],
    find: Callable[[RequestContext, str], Awaitable[Suggested]],
) -> list[app_commands.Choice[str]]:
    """Return up to 25 choices from the pairs (shown, value) that ``find`` returns; none for anybody
    but moderators. Raises ``TimeoutError`` after two seconds."""
    context = await services.contexts.of_interaction(interaction)
    if context.corpus is None or context.guild_id is None or not context.is_moderator:
        return []
    async with asyncio.timeout(_SUGGEST_SECONDS):
        found = await find(context, context.corpus)
    return [
        app_commands.Choice(name=unmarked(name, _LONGEST) or "…", value=value)
        for name, value in found[:_SUGGESTIONS]
        if len(value) <= _LONGEST
    ]
