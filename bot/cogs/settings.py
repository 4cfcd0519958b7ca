"""``/settings``: what moderators decide for their server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.bootstrap import Services
from bot.client import NewsdeskBot
from bot.cogs._moderator_checks import Suggested, for_moderators, suggest
from bot.errors import UserError
from bot.i18n import LANGUAGES, Say, describe, language_of, translator_for
from bot.i18n.translator import command_text
from bot.ops.search_advice import search_advice
from bot.services.permissions import RequestContext
from bot.services.time_zones import zone_named, zones_like
from bot.services.usage_limits import with_limit
from bot.storage.guild_settings import GuildSettings, UsageLimit
from bot.ui.pages import FIELD, note

_MOST = 20
_SHOWN = 25
_OWN = "own"
_add_or_remove = app_commands.describe(
    add=command_text("command-settings-add"), remove=command_text("command-settings-take-out")
)


class _AnyChannel(app_commands.Transformer):
    """A channel, forum, category or thread, by its id; it includes what is in it."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """The type of the option."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """The kinds of channels to choose from."""
        kinds = discord.ChannelType
        return [
            kinds.text, kinds.voice, kinds.category, kinds.news, kinds.news_thread,
            kinds.public_thread, kinds.private_thread, kinds.stage_voice, kinds.forum,
        ]  # fmt: skip

    async def transform(
        self, interaction: discord.Interaction[Any], value: Any, /
    ) -> discord.abc.Snowflake:
        """Return the chosen channel."""
        chosen: discord.abc.Snowflake = value
        return chosen


class _NoThread(_AnyChannel):
    """A channel, forum or category: usage in a thread counts for its channel."""

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """The kinds of channels to choose from, without threads."""
        return [kind for kind in super().channel_types if "thread" not in kind.name]


Limited = app_commands.Transform[discord.abc.Snowflake, _NoThread]
Place = app_commands.Transform[discord.abc.Snowflake, _AnyChannel]


@for_moderators
class SettingsCommands(
    commands.GroupCog,
    group_name="settings",
    group_description=command_text("command-settings"),
):
    """The commands of ``/settings``. Each shows the settings as they are then; ``add`` and
    ``remove`` change lists by one entry."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @app_commands.command(name="show", description=command_text("command-settings-show"))
    async def show(self, interaction: discord.Interaction[Any]) -> None:
        context = await self._moderator(interaction)
        await self._tell(interaction, context.settings, context.say)

    @app_commands.command(name="channels", description=command_text("command-settings-channels"))
    @_add_or_remove
    async def channels(
        self,
        interaction: discord.Interaction[Any],
        add: Place | None = None,
        remove: Place | None = None,
    ) -> None:
        await self._change_list(interaction, "channels", add, remove)

    @app_commands.command(name="ask-roles", description=command_text("command-settings-ask-roles"))
    @_add_or_remove
    async def ask_roles(
        self,
        interaction: discord.Interaction[Any],
        add: discord.Role | None = None,
        remove: discord.Role | None = None,
    ) -> None:
        await self._change_list(interaction, "ask_roles", add, remove)

    @app_commands.command(
        name="free-roles", description=command_text("command-settings-free-roles")
    )
    @_add_or_remove
    async def free_roles(
        self,
        interaction: discord.Interaction[Any],
        add: discord.Role | None = None,
        remove: discord.Role | None = None,
    ) -> None:
        await self._change_list(interaction, "free_roles", add, remove)

    @app_commands.command(name="moderator", description=command_text("command-settings-moderator"))
    @_add_or_remove
    async def moderator(
        self,
        interaction: discord.Interaction[Any],
        add: discord.Role | None = None,
        remove: discord.Role | None = None,
    ) -> None:
        await self._change_list(interaction, "moderator_roles", add, remove)

    @app_commands.command(name="threads", description=command_text("command-settings-threads"))
    @app_commands.describe(on=command_text("command-settings-on"))
    async def threads(self, interaction: discord.Interaction[Any], on: bool) -> None:
        await self._change(interaction, threads=on)

    @app_commands.command(name="private", description=command_text("command-settings-private"))
    @app_commands.describe(on=command_text("command-settings-on"))
    async def private(self, interaction: discord.Interaction[Any], on: bool) -> None:
        await self._change(interaction, private=on)

    @app_commands.command(name="pictures", description=command_text("command-settings-pictures"))
    @app_commands.describe(on=command_text("command-settings-on"))
    async def pictures(self, interaction: discord.Interaction[Any], on: bool) -> None:
        await self._change(interaction, pictures=on)

    @app_commands.command(
        name="moderators-channel", description=command_text("command-settings-moderators-channel")
    )
    @app_commands.describe(channel=command_text("command-settings-where"))
    async def moderators_channel(
        self, interaction: discord.Interaction[Any], channel: discord.TextChannel | None = None
    ) -> None:
        if channel is not None:
            rights = channel.permissions_for(channel.guild.me)
            if not (rights.view_channel and rights.send_messages and rights.embed_links):
                raise UserError("not-allowed")
        await self._change(interaction, moderators_channel=channel.id if channel else None)

    @app_commands.command(name="language", description=command_text("command-settings-language"))
    @app_commands.describe(language=command_text("command-settings-which"))
    @app_commands.choices(
        language=[app_commands.Choice(name=command_text("choice-own-language"), value=_OWN)]
        + [app_commands.Choice(name=name, value=code) for code, name in LANGUAGES.items()]
    )
    async def language(
        self, interaction: discord.Interaction[Any], language: app_commands.Choice[str]
    ) -> None:
        await self._change(interaction, language=None if language.value == _OWN else language.value)

    @app_commands.command(name="limit", description=command_text("command-settings-limit"))
    @app_commands.describe(
        questions=command_text("command-settings-limit-questions"),
        cost=command_text("command-settings-limit-cost"),
        role=command_text("command-settings-limit-role"),
        channel=command_text("command-settings-limit-channel"),
    )
    async def limit(
        self,
        interaction: discord.Interaction[Any],
        questions: app_commands.Range[int, 1, 10_000] | None = None,
        cost: app_commands.Range[float, 0.01, 1_000.0] | None = None,
        role: discord.Role | None = None,
        channel: Limited | None = None,
    ) -> None:
        context = await self._moderator(interaction)
        if role is not None and channel is not None:
            raise UserError("settings-limit-one")
        new = UsageLimit("member", 0, questions, cost)
        if role is not None:
            new = UsageLimit("role", role.id, questions, cost)
        elif channel is not None:
            new = UsageLimit("channel", channel.id, questions, cost)
        limits = with_limit(context.settings.limits, new)
        if len(limits) > _MOST:
            raise UserError("settings-too-many", most=_MOST)
        await self._change(interaction, limits=limits)

    @app_commands.command(name="zone", description=command_text("command-settings-zone"))
    @app_commands.describe(zone=command_text("command-subscribe-zone"))
    async def zone(
        self, interaction: discord.Interaction[Any], zone: app_commands.Range[str, 1, 60]
    ) -> None:
        (await self._services.contexts.of_interaction(interaction)).require_moderator()
        await self._change(interaction, zone=zone_named(zone))

    @zone.autocomplete("zone")
    async def _zones(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        async def find(context: RequestContext, corpus: str) -> Suggested:
            return [(name, name) for name in zones_like(typed, _SHOWN)]

        return await suggest(self._services, interaction, find)

    async def _moderator(self, interaction: discord.Interaction[Any]) -> RequestContext:
        context = await self._services.contexts.of_interaction(interaction)
        context.require_moderator()
        return context

    async def _change_list(
        self,
        interaction: discord.Interaction[Any],
        name: str,
        add: discord.abc.Snowflake | None,
        remove: discord.abc.Snowflake | None,
    ) -> None:
        context = await self._moderator(interaction)
        ids = dict.fromkeys(getattr(context.settings, name))
        if add is not None:
            ids[add.id] = None
        if remove is not None:
            ids.pop(remove.id, None)
        if len(ids) > _MOST:
            await interaction.response.send_message(
                embed=note(context.say("settings-too-many", most=_MOST)).embed, ephemeral=True
            )
            return
        await self._change(interaction, **{name: tuple(ids)})

    async def _change(self, interaction: discord.Interaction[Any], **changes: Any) -> None:
        context = await self._services.contexts.of_interaction(interaction)
        by = (context.require_moderator(), context.actor)
        settings = await self._services.guild_settings.change(
            context.guild_id or 0, by=by, **changes
        )
        say = translator_for(settings.language or interaction.locale.value)
        await self._tell(interaction, settings, say)

    async def _tell(
        self, interaction: discord.Interaction[Any], settings: GuildSettings, say: Say
    ) -> None:
        locale = settings.language or interaction.locale.value
        corpus = self._services.contexts.corpus_of(interaction.guild_id or 0)
        embed = note("").embed
        embed.description = None
        embed.title = say("settings-title")
        if hidden := _roles_without_commands(interaction.guild, settings):
            roles = ", ".join(f"<@&{role}>" for role in hidden)
            name = interaction.client.user.name if interaction.client.user else "Newsdesk"
            embed.description = say("settings-integrations", roles=roles, bot=name)
        operators_zone = self._services.settings.timezone
        for name, value in _lines(settings, operators_zone, say):
            embed.add_field(name=say(name), value=value)
        advice = await search_advice(self._services.library, corpus)
        if advice:
            told = "\n".join(describe(each, language_of(locale), remedy=True) for each in advice)
            embed.add_field(name=say("settings-search"), value=told, inline=False)
        await interaction.response.send_message(embed=embed, ephemeral=True)


def _roles_without_commands(guild: discord.Guild | None, settings: GuildSettings) -> list[int]:
    """Return moderator roles that may not manage the server: Discord hides moderators' commands
    from them by default, and a bot can't see what an administrator allowed."""
    roles = [guild.get_role(role) for role in settings.moderator_roles] if guild else []
    return [
        role.id
        for role in roles
        if role and not (role.permissions.manage_guild or role.permissions.administrator)
    ]


def _lines(settings: GuildSettings, operators_zone: str, say: Say) -> list[tuple[str, str]]:
    def roles(ids: tuple[int, ...], otherwise: str) -> str:
        return ", ".join(f"<@&{role}>" for role in ids) or say(otherwise)

    channels = ", ".join(f"<#{channel}>" for channel in settings.channels)
    told = settings.moderators_channel
    moderators = say("settings-no-channel") if told is None else f"<#{told}>"
    language = LANGUAGES.get(settings.language or "", say("settings-own-language"))
    return [
        ("settings-channels", channels or say("settings-all-channels")),
        ("settings-ask-roles", roles(settings.ask_roles, "settings-everyone")),
        ("settings-free-roles", roles(settings.free_roles, "settings-none")),
        ("settings-moderators", roles(settings.moderator_roles, "settings-manage-server")),
        ("settings-threads", say("yes" if settings.threads else "no")),
        ("settings-private", say("yes" if settings.private else "no")),
        ("settings-pictures", say("yes" if settings.pictures else "no")),
        ("settings-language", language),
        ("settings-limits", _limit_lines(settings.limits, say) or "–"),
        ("settings-zone", settings.zone or operators_zone),
        ("settings-moderators-channel", moderators),
    ]


def _limit_lines(limits: Sequence[UsageLimit], say: Say) -> str:
    """Return as many limits as fit into a field, one per line, and how many more there are."""
    lines = [_limit_line(each, say) for each in limits]
    shown, text = len(lines), "\n".join(lines)
    while len(text) > FIELD:
        shown -= 1
        text = "\n".join([*lines[:shown], say("job-more", count=len(lines) - shown)])
    return text


def _limit_line(limit: UsageLimit, say: Say) -> str:
    """Return one limit: ``@readers: 20 questions · $0.50``."""
    whose = {
        "member": say("settings-limit-each"),
        "role": f"<@&{limit.id}>",
        "channel": f"<#{limit.id}>",
    }[limit.kind]
    parts = []
    if limit.questions is not None:
        parts.append(say("usage-questions", count=limit.questions))
    if limit.cost is not None:
        parts.append(say("usage-cost", used=limit.cost))
    return f"{whose}: {' · '.join(parts)}"


async def setup(bot: NewsdeskBot) -> None:
    await bot.add_cog(SettingsCommands(bot.services))
