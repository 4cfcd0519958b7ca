"""What the commands of moderators share: errors of services as sentences, suggestions, many pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.client import NewsdeskBot
from bot.errors import UserError
from bot.services.permissions import RequestContext
from bot.ui.escaping import plain, unmarked
from bot.ui.pages import Page
from retrieval import errors as services
from retrieval.moderation import ModerationService

_SUGGESTIONS = 25
_LONGEST = 100
_SUGGEST_SECONDS = 2.0

Suggested = Sequence[tuple[str, str]]


async def moderator_of(bot: NewsdeskBot, visit: RequestContext) -> ModerationService:
    """What may be done to the articles of this moderator's server. Raises ``UserError``."""
    corpus = visit.require_moderator()
    await bot.library.ensure_corpus(corpus)
    return await ModerationService.of(bot.library, corpus)


async def moderating(
    bot: NewsdeskBot, interaction: discord.Interaction[Any]
) -> tuple[RequestContext, ModerationService]:
    """Begin a command of moderators: who asks, checked before Discord is told to wait, and what they
    may do. Raises ``UserError``."""
    visit = await bot.visit(interaction)
    visit.require_moderator()
    await acknowledge(interaction)
    return visit, await moderator_of(bot, visit)


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


async def acknowledge(interaction: discord.Interaction[Any]) -> None:
    """The answer comes, for this moderator alone."""
    await interaction.response.defer(ephemeral=True, thinking=True)


async def send_pages(
    bot: NewsdeskBot,
    interaction: discord.Interaction[Any],
    visit: RequestContext,
    pages: Sequence[Page],
) -> None:
    """Show pages to who asked, in one message. The interaction was acknowledged."""

    async def check(interaction: discord.Interaction[Any]) -> None:
        (await bot.visit(interaction)).require_moderator()

    page = bot.lists.hold(pages, visit.user.id, check, visit.say)
    await interaction.edit_original_response(embed=page.embed, view=page.view)


async def suggest(
    bot: NewsdeskBot,
    interaction: discord.Interaction[Any],
    find: Callable[[RequestContext, str], Awaitable[Suggested]],
) -> list[app_commands.Choice[str]]:
    """What ``find`` finds, (shown, value), for moderators; nothing for everybody else."""
    visit = await bot.visit(interaction)
    if visit.corpus is None or visit.server_id is None or not visit.is_moderator:
        return []
    async with asyncio.timeout(_SUGGEST_SECONDS):
        found = await find(visit, visit.corpus)
    return [
        app_commands.Choice(name=unmarked(name, _LONGEST) or "…", value=value)
        for name, value in found[:_SUGGESTIONS]
        if len(value) <= _LONGEST
    ]
