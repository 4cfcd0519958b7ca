"""Gettext catalogues, read from their sources (.po): nothing has to be compiled."""

from __future__ import annotations

import gettext
import io
import string
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

# Errors, reasons and remarks; what the bot says where no article is needed; what Discord shows; names
# and descriptions of its commands. A text is looked for in this order, and the last two are long.
DOMAINS = ("messages", "replies", "discord", "commands")
# The domain that is there in more languages than the others.
REPLIES = "replies"
LOCALES = Path(__file__).parent / "locales"


class TextError(Exception):
    """A text is unknown, or its variables are not those that it was given."""


class TextCatalogue:
    """The texts of one language and domain, by key."""

    def __init__(
        self,
        patterns: Mapping[str, tuple[str, ...]],
        plural: Collection[str],
        compiled: gettext.GNUTranslations,
    ) -> None:
        self._patterns = patterns
        self._plural = plural
        self._translations = compiled
        self._variables: dict[str, frozenset[str]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._patterns

    def __iter__(self) -> Iterator[str]:
        return iter(self._patterns)

    def forms(self, key: str) -> tuple[str, ...]:
        """The patterns of a text: one, or one for each plural form of the language."""
        return self._patterns[key]

    def pattern(self, key: str, count: object = None) -> str:
        """The pattern of a text; of one with plural forms that for ``count``."""
        if key in self._plural:
            number = count if isinstance(count, int) else 0
            return self._translations.ngettext(key, key, number)
        return self._patterns[key][0]

    def variables(self, key: str) -> frozenset[str]:
        """The variables that a text takes; ``count`` among them if it has plural forms."""
        if key not in self._variables:
            forms = self._patterns[key]
            found = frozenset().union(*map(variables_of, forms))
            self._variables[key] = found | {"count"} if key in self._plural else found
        return self._variables[key]


@cache
def load(language: str, domain: str) -> TextCatalogue:
    """Read the texts of a language and domain."""
    # Babel takes a while to import; who only asks for help needs no catalogue.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with (LOCALES / language / f"{domain}.po").open("rb") as file:
        source = read_po(file, locale=language, abort_invalid=True)
    patterns, plural = {}, set()
    for message in source:
        if message.id:
            key = message.id if isinstance(message.id, str) else message.id[0]
            forms = message.string
            patterns[key] = (forms,) if isinstance(forms, str) else tuple(forms or ())
            if message.pluralizable:
                plural.add(key)
    compiled = io.BytesIO()
    write_mo(compiled, source)
    compiled.seek(0)
    return TextCatalogue(patterns, plural, gettext.GNUTranslations(compiled))


def variables_of(pattern: str) -> frozenset[str]:
    """The names in braces of a pattern."""
    return frozenset(
        name for _, name, _, _ in string.Formatter().parse(pattern) if name is not None
    )
