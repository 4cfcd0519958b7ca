"""What the commands of moderators share: errors of services as sentences, suggestions, many pages."""

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
    """Have Discord show a command, a menu entry or a group's cog in servers only, and there to whom
    may manage the server, until an administrator allows more people under Integrations.

    No check: ``require_moderator`` stays that, whatever Discord shows.
    """
    return in_servers(app_commands.default_permissions(manage_guild=True)(command))


def in_servers(command: _Shown) -> _Shown:
    """Have Discord show a command in servers that have the bot, and nowhere else; no check either."""
    only = app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    there = app_commands.allowed_installs(guilds=True, users=False)
    return app_commands.guild_only()(only(there(command)))


async def moderator_of(services: Services, context: RequestContext) -> ModerationService:
    """What may be done to the articles of this moderator's server. Raises ``UserError``."""
    corpus = context.require_moderator()
    await services.library.ensure_corpus(corpus)
    return await ModerationService.of(services.library, corpus)


async def moderating(
    services: Services, interaction: discord.Interaction[Any]
) -> tuple[RequestContext, ModerationService]:
    """Begin a command of moderators: who asks, checked before Discord is told to wait, and what they
    may do. Raises ``UserError``."""
    context = await services.contexts.of_interaction(interaction)
    context.require_moderator()
    await acknowledge(interaction)
    return context, await moderator_of(services, context)


@contextlib.contextmanager
def telling(text: str, *, not_found: str, refused: str | None = None) -> Iterator[None]:
    """What a service refuses inside, in words for Discord: the texts of these keys. ``text`` is
    what somebody wrote to name an article or a feed."""
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
    """That what somebody named by ``text`` is no feed that can be read, and why, for what a service
    fetches inside."""
    try:
        yield
    except services.UnreadableSource as error:
        reason = explained(say_note(error.note, say), _REASON)
        raise UserError("feed-unreadable", text=plain(text, 100), reason=reason) from error


async def acknowledge(interaction: discord.Interaction[Any]) -> None:
    """The answer comes, for this moderator alone."""
    await interaction.response.defer(ephemeral=True, thinking=True)


async def send_pages(
    services: Services,
    interaction: discord.Interaction[Any],
    context: RequestContext,
    pages: Sequence[Page],
) -> None:
    """Show pages to who asked, in one message. The interaction was acknowledged."""

    async def check(interaction: discord.Interaction[Any]) -> None:
        (await services.contexts.of_interaction(interaction)).require_moderator()

    page = services.lists.hold(pages, context.user.id, check, context.say)
    await interaction.edit_original_response(embed=page.embed, view=page.view)


async def suggest(
    services: Services,
    interaction: discord.Interaction[Any],
    find: Callable[[RequestContext, str], Awaitable[Suggested]],
) -> list[app_commands.Choice[str]]:
    """What ``find`` finds, (shown, value), for moderators; nothing for everybody else."""
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
