"""The words for time of a language, read from its file beside this module.

A language is data: tables of words, and forms in which they say a time. What a form means is code
(`meanings.py`), the same for all languages.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

Pattern: TypeAlias = re.Pattern[str]


# Tables without a word of which, or a figure, nothing is a time.
_TELLING = ("month", "weekday", "unit", "season", "holiday", "today", "other")


@dataclass(frozen=True, slots=True)
class PhraseForm:
    """A form of words for time; ``means`` names what is made of its groups."""

    means: str
    pattern: Pattern


@dataclass(frozen=True, slots=True, eq=False)
class TimeLanguage:
    """The words of a language. ``words`` gives, by table, what each word stands for, in lower case;
    ``made`` are the patterns that are made of them."""

    words: Mapping[str, Mapping[str, str]]
    parts: Mapping[str, str]
    made: Mapping[str, Pattern]
    forms: tuple[PhraseForm, ...]
    no_time: tuple[Pattern, ...]
    report_before: tuple[Pattern, ...]
    report_behind: tuple[Pattern, ...]
    latest: Pattern
    timeless: Pattern
    will_be: Pattern
    has_been: Pattern
    event: Pattern
    # Whether anything in a text may be a word for time.
    trigger: Pattern

    def compile(self, pattern: str) -> Pattern:
        """A pattern in which ``{name}`` stands for the words of that table, in any case."""
        return re.compile(_filled(pattern, self.parts), re.IGNORECASE)

    def meaning(self, table: str, word: str) -> str:
        """What a word of a table stands for. Raises ``ValueError`` if it is none of it."""
        try:
            return self.words[table][" ".join(word.lower().split())]
        except KeyError:
            raise ValueError(word) from None


@cache
def time_language(code: str) -> TimeLanguage:
    """The words for time of a language, by its ISO 639-1 code.

    Raises ``KeyError`` for a language that has no file.
    """
    path = Path(__file__).with_name(f"{code}.toml")
    if not path.exists():
        raise KeyError(code)
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    words = {
        table: {word: meaning for meaning, listed in entries.items() for word in listed}
        for table, entries in data["words"].items()
    }
    parts = {table: _any_of(known) for table, known in words.items()}
    made = {}
    for name, pattern in data["made"].items():
        parts[name] = _filled(pattern, parts)
        made[name] = re.compile(parts[name], re.IGNORECASE)

    def compiled(pattern: str, flags: int = re.IGNORECASE) -> Pattern:
        return re.compile(_filled(pattern, parts), flags)

    def each(patterns: list[str]) -> tuple[Pattern, ...]:
        return tuple(map(compiled, patterns))

    signs = {name: compiled(pattern) for name, pattern in data["signs"].items()}
    return TimeLanguage(
        words,
        parts,
        made,
        tuple(_form(entry, parts) for entry in data["form"]),
        each(data["none"]["names"] + data["none"]["durations"]),
        each(data["report"]["before"]),
        each(data["report"]["behind"]),
        **signs,
        trigger=re.compile(
            rf"\d|(?<!\w)(?:{'|'.join(parts[table] for table in _TELLING)})(?!\w)", re.IGNORECASE
        ),
    )


def known_languages() -> list[str]:
    """The codes of the languages that have a file."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.toml"))


def _form(entry: Mapping[str, Any], parts: Mapping[str, str]) -> PhraseForm:
    flags = 0 if entry.get("case") else re.IGNORECASE
    return PhraseForm(
        entry["means"], re.compile(rf"(?<!\w)(?:{_filled(entry['pattern'], parts)})(?!\w)", flags)
    )


def _any_of(words: Mapping[str, str]) -> str:
    """Longer words first, or the shorter ones would hide them."""
    listed = sorted(words, key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(re.escape(word) for word in listed)})"


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    """``{name}`` replaced by the part of that name; quantifiers such as ``{2,8}`` stay."""
    return re.sub(r"\{([a-z]+)\}", lambda match: parts[match.group(1)], pattern)
