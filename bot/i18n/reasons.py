"""Reasons, which the services give in English, in the languages of Discord.

They are kept as they were given, also by former versions: their English words are what they are
known by. One that has no text is shown as it is.
"""

from __future__ import annotations

import re
import string
from functools import cache

from bot.i18n import DEFAULT, Say, texts

_PREFIX = "reason-"


def reason_in(say: Say, reason: str) -> str:
    """``reason`` in the language that ``say`` speaks, and so a reason within it."""
    for pattern, key in _patterns():
        if found := pattern.fullmatch(reason):
            values = found.groupdict()
            if "reason" in values:
                values["reason"] = reason_in(say, values["reason"])
            return say(key, **values)
    return reason


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """What each reason looks like, those with the most words of their own first."""
    known = [(text, key) for key, text in texts(DEFAULT).items() if key.startswith(_PREFIX)]
    return [(_pattern(text), key) for text, key in sorted(known, key=lambda each: _own(each[0]))]


def _pattern(text: str) -> re.Pattern[str]:
    parts = []
    for words, name, _, _ in string.Formatter().parse(text):
        parts.append(re.escape(words))
        if name is not None:
            parts.append(f"(?P<{name}>.+?)")
    return re.compile("".join(parts), re.DOTALL)


def _own(text: str) -> int:
    return -sum(len(words) for words, *_ in string.Formatter().parse(text))
