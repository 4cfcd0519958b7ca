"""The words for time of a language, read from its file in this folder.

A language is data: tables of words, and the forms in which they express a time. What a form means
is code (`meanings.py`), the same for all languages; most forms are shared (`_forms.toml`), and a
language only says which words they consist of.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeAlias

from retrieval.text.calendar_names import calendar_names

Pattern: TypeAlias = re.Pattern[str]

# A time has a word of one of these tables, or a digit.
_TELLING = (
    "month",
    "weekday",
    "unit",
    "season",
    "holiday",
    "today",
    "span",
    "other",
    "lastnight",
    "dual",
    "decadeword",
)
# Parts that a language may lack. A shared form that needs any other missing part is left out.
_OPTIONAL = (
    "article", "last", "behind", "from", "in", "on", "tobehind", "pastfront", "pastmark", "yearmark",
    "yearword", "lead",
)  # fmt: skip
# Parts that are made of the patterns of single periods, by the meanings of their entries.
_OF_PERIODS = {
    "period": frozenset[str](),
    "named": frozenset(["span", "relative", "season", "quarter", "holiday"]),
    "dayname": frozenset(["weekday"]),
}
_NEVER = "(?!)"
# Marks within words that `re` doesn't count as word characters: vowel signs of Indic scripts.
_INSIDE = r"[\w\u0300-\u036f\u064b-\u0652\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963]"
# Letters that writers don't distinguish, and those that the files use; of the same length.
_ALIKE = str.maketrans("أإآى", "اااي")
_DOT_ABOVE = "\u0307"
_NAME = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True)
class PhraseForm:
    """A form of words for time; ``means`` names the function of `meanings.py` that reads its
    groups."""

    means: str
    source: str
    flags: int = re.IGNORECASE

    @cached_property
    def pattern(self) -> Pattern:
        """The compiled pattern."""
        # Compiling all of a language takes half a second: a question without a time shouldn't wait.
        return _compiled(self.source, self.flags)


@dataclass(frozen=True, slots=True, eq=False)
class TimeLanguage:
    """The words of a language. ``words`` gives by table what each folded word stands for; ``made``
    are the patterns made of them; ``periods`` are the forms of a single period, as it stands after
    "since"."""

    words: Mapping[str, Mapping[str, str]]
    made: Mapping[str, Pattern]
    forms: tuple[PhraseForm, ...]
    periods: tuple[PhraseForm, ...]
    no_time: tuple[Pattern, ...]
    report_before: tuple[Pattern, ...]
    report_behind: tuple[Pattern, ...]
    latest: Pattern
    timeless: Pattern
    will_be: Pattern
    has_been: Pattern
    event: Pattern
    # Finds anything in a text that may be a word for time.
    trigger: Pattern

    def meaning(self, table: str, word: str) -> str:
        """Return what a word of a table stands for. Raises ``ValueError`` if it isn't in the
        table."""
        try:
            return self.words[table][folded(word)]
        except KeyError:
            raise ValueError(word) from None


def folded(word: str) -> str:
    """Return a word as the tables have it: in lower case, dotted and dotless i alike."""
    return " ".join(word.lower().split()).replace(_DOT_ABOVE, "").replace("ı", "i")


def written_alike(text: str) -> str:
    """Return a text of the same length with one letter for those that writers don't distinguish."""
    return text if text.isascii() else text.translate(_ALIKE)


@cache
def time_language(code: str) -> TimeLanguage:
    """Return the words for time of a language, by its ISO 639-1 code.

    Raises ``KeyError`` for a language without a file.
    """
    if code not in known_languages():
        raise KeyError(code)
    data = _read(code)
    shared: dict[str, Any] = {} if data.get("own_forms") else _read("_forms")
    tables = data["words"] | _calendar(code, data["words"])
    words = {
        table: {folded(word): meaning for meaning, listed in entries.items() for word in listed}
        for table, entries in tables.items()
    }
    parts = {table: _any_of(entries) for table, entries in tables.items()}
    for name, pattern in data["made"].items():
        parts[name] = f"(?:{_filled(pattern, parts)})"
    made = {name: _compiled(parts[name]) for name in data["made"]}
    for name in _OPTIONAL:
        parts.setdefault(name, _NEVER)
    periods = _entries("period", data, shared, parts)
    for name, kinds in _OF_PERIODS.items():
        any_of = "|".join(pattern for means, pattern, _ in periods if not kinds or means in kinds)
        parts.setdefault(name, re.sub(r"\(\?P<\w+>", "(?:", f"(?:{any_of})"))
    inside = "" if data.get("unspaced") else _INSIDE
    bound = (f"(?<!{inside})", f"(?!{inside})") if inside else ("", "")

    def each_of(patterns: Iterable[str]) -> tuple[Pattern, ...]:
        return tuple(_compiled(_filled(pattern, parts)) for pattern in patterns)

    none, report = data.get("none", {}), data.get("report", {})
    signs = {
        name: _compiled(_filled(data["signs"].get(name, _NEVER), parts))
        for name in ("latest", "timeless", "will_be", "has_been", "event")
    }
    telling = "|".join(parts[name] for name in _TELLING if name in parts)
    return TimeLanguage(
        words,
        made,
        tuple(
            PhraseForm(means, f"{bound[0]}(?:{pattern}){bound[1]}", 0 if case else re.IGNORECASE)
            for means, pattern, case in _entries("form", data, shared, parts)
        ),
        tuple(PhraseForm(means, pattern) for means, pattern, _ in periods),
        each_of([*none.get("names", ()), *shared.get("names", ()), *none.get("durations", ())]),
        each_of(report.get("before", ())),
        each_of(report.get("behind", ())),
        **signs,
        trigger=_compiled(rf"\d|{bound[0]}(?:{telling})" + ("" if shared else bound[1])),
    )


@cache
def known_languages() -> frozenset[str]:
    """Return the codes of the languages that have a file."""
    folder = Path(__file__).parent
    return frozenset(path.stem for path in folder.glob("*.toml") if path.stem[0] != "_")


def _read(name: str) -> dict[str, Any]:
    path = Path(__file__).with_name(f"{name}.toml")
    return tomllib.loads(written_alike(path.read_text(encoding="utf-8")))


def _calendar(code: str, own: Mapping[str, Any]) -> dict[str, dict[str, list[str]]]:
    """Return the tables of months and weekdays: the known names of a language, and the other forms
    in its file; none if no names are known."""
    names = calendar_names(code)
    if names is None:
        return {}
    return {
        table: {
            str(number): [*map(written_alike, forms), *own.get(table, {}).get(str(number), ())]
            for number, forms in enumerate(listed, first)
        }
        for table, listed, first in (("month", names.months, 1), ("weekday", names.weekdays, 0))
    }


def _entries(
    kind: str, data: Mapping[str, Any], shared: Mapping[str, Any], parts: Mapping[str, str]
) -> list[tuple[str, str, bool]]:
    """Return the meaning, the filled pattern and whether case counts, for a language's own entries
    and then for the shared ones for which it has all parts."""
    own = data.get(kind, ())
    fit = [e for e in shared.get(kind, ()) if set(_NAME.findall(e["pattern"])) <= parts.keys()]
    return [
        (entry["means"], _filled(entry["pattern"], parts), bool(entry.get("case")))
        for entry in (*own, *fit)
    ]


def _compiled(pattern: str, flags: int = re.IGNORECASE) -> Pattern:
    return re.compile(pattern, flags)


def _any_of(entries: Mapping[str, Iterable[str]]) -> str:
    """Return the pattern of any of the words, longer ones first, since shorter ones would hide
    them."""
    listed = sorted(
        {word for words in entries.values() for word in words}, key=lambda word: (-len(word), word)
    )
    return f"(?:{'|'.join(re.escape(word) for word in listed)})"


def _filled(pattern: str, parts: Mapping[str, str]) -> str:
    """Replace each ``{name}`` by the part of that name; quantifiers such as ``{2,8}`` stay."""
    return _NAME.sub(lambda match: parts[match.group(1)], pattern)
