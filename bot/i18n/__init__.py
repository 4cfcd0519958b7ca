"""The words of the bot, by language, and their strict loader. The terminal speaks the English ones.

A language is a TOML file; every one has the same keys with the same ``{variables}``, which a test
holds. Plurals are two keys: ``key`` and ``key-one``, chosen by the variable ``count``.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

DEFAULT = "en"
LANGUAGES = {"en": "English", "de": "Deutsch"}

Say = Callable[..., str]


class TextError(Exception):
    """A text is unknown, or its variables are not those that it was given."""


def translator_for(locale: str | None) -> Say:
    """What speaks the language of a locale, such as ``de`` or ``en-GB``; English for others."""
    language = language_of(locale)
    return lambda key, /, **variables: text(language, key, **variables)


def language_of(locale: str | None) -> str:
    language = (locale or DEFAULT).split("-")[0].lower()
    return language if language in LANGUAGES else DEFAULT


def text(language: str, key: str, /, **variables: object) -> str:
    """The text ``key`` with its ``{variables}`` filled in.

    Raises ``TextError`` for an unknown key, a missing variable or one that it does not have.
    """
    known = texts(language)
    if variables.get("count") == 1 and f"{key}-one" in known:
        key = f"{key}-one"
    if key not in known:
        raise TextError(f"There is no text called {key} in {language}.")
    wanted = variables_of(known[key])
    given = set(variables) - ({"count"} - wanted)
    if wanted != given:
        raise TextError(f"The text {key} takes {sorted(wanted)}, not {sorted(given)}.")
    return known[key].format(**{name: variables[name] for name in wanted})


def variables_of(pattern: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None}


@cache
def texts(language: str) -> dict[str, str]:
    """All texts of a language, by key."""
    path = Path(__file__).parent / f"{language}.toml"
    with path.open("rb") as file:
        found: dict[str, str] = tomllib.load(file)
    return found
