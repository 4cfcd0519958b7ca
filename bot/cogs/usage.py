"""``/usage``: what one used today, of what one may; moderators see their server too."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.i18n import Say
from bot.i18n.translator import command_text
from bot.services.permissions import RequestContext
from bot.services.usage_limits import Allowance
from bot.storage.member_usage import Used
from bot.storage.usage import DailyUsage
from bot.ui.pages import note


class UsageCommands(commands.Cog):
    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="usage", description=command_text("command-usage"))
    async def usage(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        await interaction.response.defer(ephemeral=True)
        embed = note("").embed
        embed.description = None
        embed.title = context.say("usage-title")
        await self._add_own(embed, context)
        if context.guild_id is not None and context.is_moderator:
            await self._add_servers(embed, context)
        await interaction.followup.send(embed=embed, ephemeral=True)

    async def _add_own(self, embed: discord.Embed, context: RequestContext) -> None:
        limits, meter, say = self._services.limits, context.meter, context.say
        if meter is None:
            used = await limits.of_person(context.user.id)
            embed.add_field(name=say("usage-own"), value=_own_line(used, None, say), inline=False)
            return
        own = _own_line(await limits.of_member(meter), meter.member, say)
        if context.is_exempt:
            own += f"\n{say('usage-free')}"
        embed.add_field(name=say("usage-own"), value=own, inline=False)
        if meter.channel != Allowance():
            here = _own_line(await limits.of_channel(meter), meter.channel, say)
            embed.add_field(name=f"<#{meter.channel_id}>", value=here, inline=False)

    async def _add_servers(self, embed: discord.Embed, context: RequestContext) -> None:
        say, engine = context.say, self._services.engine
        if not engine.has_model:
            embed.add_field(name=say("usage-server"), value=say("usage-no-model"), inline=False)
            return
        budget = self._services.settings.answering().budget
        here = _line(
            await engine.spent(context.corpus), budget.corpus_cost, budget.corpus_tokens, say
        )
        embed.add_field(name=say("usage-server"), value=here, inline=False)
        everywhere = _line(await engine.spent(), budget.cost, budget.tokens, say)
        embed.add_field(name=say("usage-all"), value=everywhere, inline=False)


def _own_line(used: Used, allowed: Allowance | None, say: Say) -> str:
    """``3 of 20 questions · $0.02 of $0.50``; without limits what was used alone."""
    parts = [say("usage-questions", count=used.questions)]
    if allowed is not None and allowed.questions is not None:
        parts = [say("usage-questions-of", used=used.questions, count=allowed.questions)]
    if allowed is not None and allowed.cost is not None:
        parts.append(say("usage-cost-of", used=used.cost, most=allowed.cost))
    elif used.cost:
        parts.append(say("usage-cost", used=used.cost))
    return " · ".join(parts)


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
    await bot.add_cog(UsageCommands(bot.services))
