"""Names and descriptions of commands, by key, and discord.py's translator over them."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.i18n import DEFAULT, LANGUAGES, language_of
from bot.i18n.catalogues import load


def command_text(key: str) -> app_commands.locale_str:
    """Return the text ``key`` of the domain ``commands``, in English, to be translated by its key.

    Raises ``KeyError`` for an unknown key.
    """
    return app_commands.locale_str(load(DEFAULT, "commands").pattern(key), key=key)


class Translator(app_commands.Translator):
    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language, key = locale.value.split("-")[0], string.extras.get("key")
        if key is None or language == DEFAULT or language not in LANGUAGES:
            return None
        return load(language_of(locale.value), "commands").pattern(key)
