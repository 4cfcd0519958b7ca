"""The checklist of ``/setup``: what is chosen, what is missing, and where to choose it.

Its buttons and menus need only their custom ids, and therefore work after a restart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self

import discord

from bot.i18n import LANGUAGES, Say
from bot.ui.pages import ANSWER, FIELD, Page
from bot.ui.splitting import split

BUTTONS = ("open", "feed", "zone", "post", "check")
MENUS = ("channels", "roles", "language", "digest")
OWN_LANGUAGE = "own"
MOST_CHOSEN = 20

_ANSWERS_IN = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.voice,
    discord.ChannelType.category,
]
_DIGESTS_IN = [discord.ChannelType.text, discord.ChannelType.news]


@dataclass(frozen=True, slots=True)
class Checklist:
    """What a server has chosen. ``digest`` and ``missing`` are texts in the reader's language."""

    channels: tuple[int, ...]
    roles: tuple[int, ...]
    language: str | None
    zone: str
    feeds: int
    articles: int
    digest_channel: int | None = None
    digest: str | None = None
    missing: Sequence[str] = field(default=())


class SetupHandler(Protocol):
    """The bot as the checklist sees it."""

    async def setup_used(
        self, interaction: discord.Interaction[Any], action: str, values: Sequence[str]
    ) -> None:
        """Answer the interaction of a button or menu; ``values`` are those of a menu. Never
        raises."""


async def _used(interaction: discord.Interaction[Any], action: str) -> None:
    handler: SetupHandler = interaction.client.services.components.setup
    data: Any = interaction.data or {}
    await handler.setup_used(interaction, action, data.get("values", ()))


class SetupButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"newsdesk:setup:(?P<action>{'|'.join(BUTTONS)})",
):
    """One of ``BUTTONS``; ``open`` shows the checklist."""

    def __init__(
        self,
        action: str,
        label: str | None = None,
        *,
        primary: bool = False,
        disabled: bool = False,
    ) -> None:
        self.action = action
        style = discord.ButtonStyle.primary if primary else discord.ButtonStyle.secondary
        super().__init__(
            discord.ui.Button(
                style=style, label=label, disabled=disabled, custom_id=f"newsdesk:setup:{action}"
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a button from its custom id."""
        return cls(match["action"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the press on to the handler."""
        await _used(interaction, self.action)


class SetupMenu(
    discord.ui.DynamicItem[discord.ui.Item[Any]],
    template=rf"newsdesk:setup:(?P<action>{'|'.join(MENUS)})",
):
    """One of ``MENUS``: channels, roles, or a list."""

    def __init__(self, action: str, menu: discord.ui.Item[Any]) -> None:
        self.action = action
        super().__init__(menu)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """Restore a menu from its custom id."""
        return cls(match["action"], item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the choice on to the handler."""
        await _used(interaction, self.action)


def setup_button(say: Say) -> discord.ui.View:
    """Return the button that shows the checklist to the moderator who presses it."""
    view = discord.ui.View(timeout=None)
    view.add_item(SetupButton("open", say("button-setup"), primary=True))
    return view


def checklist_page(state: Checklist, say: Say, remark: str | None = None) -> Page:
    """Return the checklist with its menus; ``remark`` is what was just done."""
    channels = ", ".join(f"<#{each}>" for each in state.channels)
    roles = ", ".join(f"<@&{each}>" for each in state.roles)
    language = LANGUAGES.get(state.language or "", say("settings-own-language"))
    feeds = say("setup-feeds-none")
    if state.feeds or state.articles:
        feeds = say("setup-feeds-some", count=state.feeds, articles=state.articles)
    lines = [
        _line(True, say("settings-channels"), channels or say("settings-all-channels")),
        _line(True, say("settings-ask-roles"), roles or say("settings-everyone")),
        _line(True, say("settings-language"), language),
        _line(True, say("settings-zone"), state.zone),
        _line(bool(state.articles), say("setup-feeds"), feeds),
        _line(
            state.digest is not None, say("setup-digest"), state.digest or say("setup-no-digest")
        ),
    ]
    text = "\n".join([*([f"{remark}\n"] if remark else []), *lines])
    embed = discord.Embed(title=say("setup-title"), description=text, colour=ANSWER)
    missing = [f"⚠️ {each}" for each in state.missing] or [f"✅ {say('setup-nothing-missing')}"]
    for part in split(missing, FIELD, "\n"):
        embed.add_field(name=say("setup-missing"), value=part, inline=False)
    return Page(embed, _controls(state, say))


def _line(done: bool, name: str, value: str) -> str:
    return f"{'✅' if done else '⬜'} **{name}:** {value}"


def _controls(state: Checklist, say: Say) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    kind = discord.SelectDefaultValueType
    channels: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
        custom_id="newsdesk:setup:channels",
        placeholder=say("setup-choose-channels"),
        channel_types=_ANSWERS_IN,
        min_values=0,
        max_values=MOST_CHOSEN,
        default_values=_defaults(state.channels, kind.channel),
    )
    roles: discord.ui.RoleSelect[Any] = discord.ui.RoleSelect(
        custom_id="newsdesk:setup:roles",
        placeholder=say("setup-choose-roles"),
        min_values=0,
        max_values=MOST_CHOSEN,
        default_values=_defaults(state.roles, kind.role),
    )
    own = state.language is None
    language: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="newsdesk:setup:language",
        placeholder=say("settings-language"),
        options=[
            discord.SelectOption(
                label=f"{say('settings-language')}: {name}", value=code, default=chosen
            )
            for code, name, chosen in (
                (OWN_LANGUAGE, say("settings-own-language"), own),
                *((code, name, code == state.language) for code, name in LANGUAGES.items()),
            )
        ],
    )
    digest: discord.ui.ChannelSelect[Any] = discord.ui.ChannelSelect(
        custom_id="newsdesk:setup:digest",
        placeholder=say("setup-choose-digest"),
        channel_types=_DIGESTS_IN,
        min_values=0,
        max_values=1,
        default_values=_defaults(
            () if state.digest_channel is None else (state.digest_channel,), kind.channel
        ),
    )
    for action, menu in zip(MENUS, (channels, roles, language, digest), strict=True):
        view.add_item(SetupMenu(action, menu))
    can_post = state.digest_channel is not None and state.articles > 0
    view.add_item(SetupButton("feed", say("button-setup-feed"), primary=not state.articles))
    view.add_item(SetupButton("zone", say("button-setup-zone")))
    view.add_item(
        SetupButton("post", say("button-setup-post"), primary=can_post, disabled=not can_post)
    )
    view.add_item(SetupButton("check", say("button-setup-check")))
    return view


def _defaults(
    ids: Sequence[int], kind: discord.SelectDefaultValueType
) -> list[discord.SelectDefaultValue]:
    return [discord.SelectDefaultValue(id=each, type=kind) for each in ids[:MOST_CHOSEN]]
