"""Turn an error into a sentence for the person and a log line for the operator, in this one
place."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.errors import UserError
from bot.i18n import Say, in_english, say_note
from bot.ops.logging import details, new_id
from bot.ui.failures import DiscordFailure, classify_failure, described
from bot.ui.pages import BUSY, FAILED, QUIET, Page, note
from retrieval.errors import NewsdeskError, StorageError

_log = logging.getLogger(__name__)

_TOKEN_LOST = frozenset({10015, 10062, 40060, 50027})
# The second one names the server, which is the operator's concern alone.
_DATABASE_AWAY = ("database-away", "database-unreachable")


def cause_of(error: BaseException) -> BaseException:
    """Return what was raised, without discord.py's wrappers."""
    while isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError):
        inner = (
            error.original
            if isinstance(error, app_commands.CommandInvokeError)
            else error.__cause__
        )
        if inner is None:
            break
        error = inner
    return error


def page_for(error: BaseException, say: Say, incident: str) -> Page:
    """Return what a person is told: to try again while the database is away, and for an unexpected
    error only ``incident``, its id in the log."""
    error = cause_of(error)
    if isinstance(error, UserError):
        return note(say_note(error.note, say), BUSY if error.retry else QUIET)
    if isinstance(error, app_commands.CheckFailure):
        return note(say("not-allowed"))
    if isinstance(error, app_commands.CommandSignatureMismatch | app_commands.CommandNotFound):
        return note(say("command-changed"))
    if isinstance(error, StorageError) and error.code in _DATABASE_AWAY:
        return note(say(_DATABASE_AWAY[0]), BUSY)
    return note(say("failed", id=incident), FAILED)


def log(error: BaseException, doing: str, **where: Any) -> None:
    """Write one line for the operator, with a traceback for a mistake of the bot."""
    error = cause_of(error)
    extra = details(**where)
    if isinstance(error, UserError | app_commands.CheckFailure):
        why = error.code if isinstance(error, UserError) else type(error).__name__
        _log.info("%s: refused (%s)", doing, why, extra=extra)
    elif isinstance(error, NewsdeskError):
        _log.error("%s: %s", doing, in_english(error), extra=extra)
    elif isinstance(error, discord.HTTPException | aiohttp.ClientError) and (
        classify_failure(error) is not DiscordFailure.OURS
    ):
        _log.warning("%s: Discord refused (%s)", doing, described(error), extra=extra)
    elif isinstance(error, TimeoutError):
        _log.error("%s: took too long", doing, extra=extra)
    else:
        _log.error("%s: unexpected", doing, exc_info=error, extra=extra)


async def report(
    interaction: discord.Interaction[Any],
    error: BaseException,
    say: Say,
    doing: str,
    *,
    view: discord.ui.View | None = None,
) -> None:
    """Log an error of an interaction and show it to the person who started it, privately, if
    Discord allows. Never raises what Discord refuses.

    ``view`` holds what can be done about it.
    """
    incident = new_id()
    log(error, doing, incident=incident, server=interaction.guild_id, user=interaction.user.id)
    inner = cause_of(error)
    if isinstance(inner, discord.HTTPException) and inner.code in _TOKEN_LOST:
        return  # there is no one to tell any more
    if interaction.type is discord.InteractionType.autocomplete:
        return
    page = page_for(inner, say, incident)
    more: dict[str, Any] = {"view": view} if view is not None else {}
    try:
        if not interaction.response.is_done():
            await interaction.response.send_message(embed=page.embed, ephemeral=True, **more)
        else:
            await interaction.followup.send(embed=page.embed, ephemeral=True, **more)
    except (discord.HTTPException, aiohttp.ClientError) as failure:
        _log.warning("%s: could not be told (%s)", doing, described(failure))
