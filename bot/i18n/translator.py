"""Names and descriptions of commands, by key, and discord.py's translator over them."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.i18n import DEFAULT, language_of
from bot.i18n.catalogues import load

_Location = app_commands.TranslationContextLocation


def command_text(key: str) -> app_commands.locale_str:
    """Return the text ``key`` of the domain ``commands``, in English, to be translated by its key.

    Raises ``KeyError`` for an unknown key.
    """
    return app_commands.locale_str(load(DEFAULT, "commands").pattern(key), key=key)


class Translator(app_commands.Translator):
    """Gives each of Discord's locales that we speak the names and descriptions of commands."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language = language_of(locale.value)
        if language == DEFAULT:
            return None
        key = string.extras.get("key") or _key_of(string.message, context)
        catalogue = load(language, "commands")
        return catalogue.pattern(key) if key in catalogue else None


def _key_of(name: str, context: app_commands.TranslationContextTypes) -> str:
    """The key of a name that stands in the code as it is typed in English."""
    if context.location in (_Location.command_name, _Location.group_name):
        path: str = getattr(context.data, "qualified_name", name)
        return f"name-{path.replace(' ', '-')}"
    kind = "option" if context.location is _Location.parameter_name else "choice"
    return f"{kind}-{name.replace('_', '-').lower()}"
