"""discord.py's translator over our texts: names and descriptions of commands.

A command's words are found by their English: a key ``command-…`` whose English text is the string
that discord.py asks for.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.i18n import DEFAULT, LANGUAGES, language_of
from bot.i18n.catalogues import load


class Translator(app_commands.Translator):
    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        language = locale.value.split("-")[0]
        if language == DEFAULT or language not in LANGUAGES:
            return None
        return _translations(language_of(locale.value)).get(string.message)


def _translations(language: str) -> dict[str, str]:
    english, other = load(DEFAULT, "commands"), load(language, "commands")
    return {english.pattern(key): other.pattern(key) for key in english}
