"""``/audit``: who did what, filtered, page by page or as a file."""

from __future__ import annotations

import asyncio
import codecs
import csv
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.cogs._moderator_checks import Suggested, acknowledge, for_moderators, moderator_of, suggest
from bot.cogs.ask._autocomplete import holds_words
from bot.errors import UserError
from bot.i18n import Say, say_note
from bot.i18n.translator import command_text
from bot.services.permissions import RequestContext
from bot.ui.escaping import plain
from bot.ui.moderation import action_words, audit_lines
from bot.ui.pager import LazyPages
from bot.ui.pages import QUIET, Page, note
from retrieval.catalogue.audit_pages import AuditFilter, AuditPages, AuditRow
from retrieval.text.time_expressions.options import read_option
from retrieval.timestamps import iso, parse_span

_ON_A_PAGE = 8
_AT_ONCE = 1_000
_HEADER = ("at", "who", "where", "action", "subject", "detail")
_MOST_BYTES = 8_000_000  # of what Discord takes as a file

_Words = app_commands.Range[str, 1, 60]


class AuditCommands(commands.Cog):
    """The command ``/audit``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @for_moderators
    @app_commands.command(name="audit", description=command_text("command-audit"))
    @app_commands.describe(
        about=command_text("command-audit-about"),
        person=command_text("command-audit-person"),
        action=command_text("command-audit-action"),
        since=command_text("command-audit-since"),
        until=command_text("command-audit-until"),
        details=command_text("command-audit-details"),
        as_file=command_text("command-audit-as-file"),
    )
    async def audit(
        self,
        interaction: discord.Interaction[Any],
        about: app_commands.Range[str, 1, 100] | None = None,
        person: discord.User | None = None,
        action: app_commands.Range[str, 1, 40] | None = None,
        since: _Words | None = None,
        until: _Words | None = None,
        details: bool = False,
        as_file: bool = False,
    ) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await acknowledge(interaction)
        wanted = AuditFilter(
            f"discord user {person.id}" if person else None,
            action,
            about.strip() if about else None,
            await asyncio.to_thread(self._moment, since, interaction.locale, end=False),
            await asyncio.to_thread(self._moment, until, interaction.locale, end=True),
            # About one article, feed or job everything is wanted.
            details or about is not None,
        )
        moderator = await moderator_of(self._services, context)
        count = await moderator.audit_pages.count(wanted)
        if not count:
            raise UserError("audit-none")
        if as_file:
            await self._send_file(interaction, context, moderator.audit_pages, wanted)
            return

        async def load(number: int) -> Page:
            first = number * _ON_A_PAGE
            rows = await moderator.audit_pages.read(wanted, first, _ON_A_PAGE)
            lines = [audit_lines(row.entry, context.say, row.counts) for row in rows]
            embed = discord.Embed(
                title=context.say("audit-title"), description="\n".join(lines), colour=QUIET
            )
            if pages.count > 1:
                embed.set_footer(text=context.say("page-of", page=number + 1, pages=pages.count))
            return Page(embed)

        async def check(interaction: discord.Interaction[Any]) -> None:
            (await self._services.contexts.of_interaction(interaction)).require_moderator()

        pages = LazyPages(-(-count // _ON_A_PAGE), load)
        page = await self._services.lists.hold_lazily(pages, context.user.id, check, context.say)
        await interaction.edit_original_response(embed=page.embed, view=page.view)

    @audit.autocomplete("action")
    async def _actions(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        async def find(context: RequestContext, corpus: str) -> Suggested:
            moderator = await moderator_of(self._services, context)
            actions = await moderator.audit_pages.actions()
            named = [(action_words(action, context.say), action) for action in actions]
            return [each for each in named if holds_words(" ".join(each), typed)]

        return await suggest(self._services, interaction, find)

    async def _send_file(
        self,
        interaction: discord.Interaction[Any],
        context: RequestContext,
        pages: AuditPages,
        wanted: AuditFilter,
    ) -> None:
        """Send all entries as CSV, newest first, as many as fit into a file for Discord."""
        say, count = context.say, 0
        # With a byte order mark, spreadsheets read it as UTF-8.
        written = bytearray(codecs.BOM_UTF8 + _line(_HEADER))
        while True:
            rows = await pages.read(wanted, count, _AT_ONCE)
            fitting = await asyncio.to_thread(_lines, rows, say, _MOST_BYTES - len(written))
            written += b"".join(fitting)
            count += len(fitting)
            if len(fitting) < _AT_ONCE:
                break
        file = discord.File(io.BytesIO(written), "audit.csv")
        words = note(say("audit-file", count=count))
        await interaction.edit_original_response(embed=words.embed, attachments=[file])

    def _moment(self, words: str | None, locale: discord.Locale, *, end: bool) -> datetime | None:
        """Return the beginning or end of what words such as ``yesterday`` mean. Blocks. Raises
        ``UserError``."""
        if not words or not words.strip():
            return None
        try:
            span = parse_span(words)
            return span.end if end else span.start
        except ValueError:
            library = self._services.library
            languages = [locale.value.split("-")[0]]
            read = read_option(words, library.clock(), library.config.zone, languages=languages)
            moment = (read.until if end else read.since) if read else None
            if moment is None:
                raise UserError("unknown-date", text=plain(words, 60)) from None
            return moment


def _lines(rows: Sequence[AuditRow], say: Say, most_bytes: int) -> list[bytes]:
    """Return the first rows as lines of CSV, as many as fit into so many bytes."""
    lines, size = [], 0
    for row in rows:
        entry = row.entry
        counted = [f"{status} {count}" for status, count in row.counts.items()]
        told = [say_note(entry.detail, say)] if entry.detail else []
        cells = [entry.who, entry.where or "", entry.action, entry.subject]
        cells.append("; ".join([*told, *counted]))
        line = _line([iso(entry.at), *map(_cell, cells)])
        size += len(line)
        if size > most_bytes:
            break
        lines.append(line)
    return lines


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _cell(text: str) -> str:
    """Return a text that spreadsheets don't take for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(AuditCommands(bot.services))
