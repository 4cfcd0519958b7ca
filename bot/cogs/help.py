"""``/help`` and ``/usage``, and the words with which the bot arrives."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.i18n import Say, translator_for
from bot.i18n.translator import command_text
from bot.storage.usage import DailyUsage
from bot.ui import error_pages
from bot.ui.escaping import plain
from bot.ui.pages import note


class HelpCommands(commands.Cog):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="help", description=command_text("command-help"))
    async def help(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        say = context.say
        await interaction.response.defer(ephemeral=True)
        lines = [
            say("help-what"),
            say("help-example", example=say("example-question")),
            say("help-time"),
        ]
        if context.corpus is not None:
            lines.append(await self._what_there_is(context.corpus, say))
        if context.is_moderator and context.guild_id is not None:
            lines.append(say("help-moderators"))
        lines.append(say("help-privacy"))
        embed = note("\n\n".join(lines)).embed
        embed.title = say("help-title")
        await interaction.followup.send(embed=embed, ephemeral=True)

    @app_commands.command(name="usage", description=command_text("command-usage"))
    async def usage(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        await interaction.response.defer(ephemeral=True)
        say, engine = context.say, self._services.engine
        if not engine.has_model:
            await interaction.followup.send(embed=note(say("usage-no-model")).embed, ephemeral=True)
            return
        budget = self._services.settings.answering().budget
        embed = note("").embed
        embed.description = None
        embed.title = say("usage-title")
        here = _line(
            await engine.spent(context.corpus), budget.corpus_cost, budget.corpus_tokens, say
        )
        embed.add_field(name=say("usage-server"), value=here, inline=False)
        everywhere = _line(await engine.spent(), budget.cost, budget.tokens, say)
        embed.add_field(name=say("usage-all"), value=everywhere, inline=False)
        await interaction.followup.send(embed=embed, ephemeral=True)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say once where the bot may write what to do next."""
        settings = await self._services.guild_settings.of(guild.id)
        channel = _first_channel(guild)
        if settings.welcomed or channel is None:
            return
        await self._services.guild_settings.change(guild.id, welcomed=True)
        say = translator_for(settings.language or guild.preferred_locale.value)
        try:
            await channel.send(embed=note(say("welcome")).embed)
        except discord.HTTPException as error:
            error_pages.log(error, "welcome", server=guild.id)

    async def _what_there_is(self, corpus: str, say: Say) -> str:
        counts = {entry.name: entry for entry in await self._services.library.counts()}
        found = counts.get(corpus)
        if found is None or not found.articles:
            return say("nothing-here-yet")
        return say("help-has", count=found.articles, newest=plain(found.newest_title or "", 150))


def _first_channel(guild: discord.Guild) -> discord.TextChannel | None:
    """Where a greeting is welcome: the system channel, else the first one that may be written in."""
    channels = [guild.system_channel, *guild.text_channels]
    for channel in channels:
        if channel is not None:
            rights = channel.permissions_for(guild.me)
            if rights.send_messages and rights.view_channel and rights.embed_links:
                return channel
    return None


def _line(spent: DailyUsage, cost: float | None, tokens: int | None, say: Say) -> str:
    money = f", ${spent.cost:.2f}" if spent.cost else ""
    used = say("usage-line", calls=spent.calls, tokens=f"{spent.tokens:,}", cost=money)
    shares = [
        value / limit
        for value, limit in ((spent.cost, cost), (spent.tokens, tokens))
        if limit is not None and limit > 0
    ]
    if not shares:
        return f"{used}\n{say('usage-no-limit')}"
    return f"{used}\n{say('usage-limit', share=round(100 * max(shares)))}"


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(HelpCommands(bot.services))
