"""Words and lengths of text in any script, and what pages say about themselves in many
languages."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

from retrieval.text.lengths import english_length

# Scripts that put no spaces between words.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
_WORD = re.compile(
    rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+(?:[\u0300-\u036f\u0900-\u0dff][^\W{_UNSPACED}]*)*"
)
_NO_LETTER = re.compile("[\u0300-\u036f\u064b-\u0652\u0640\u200b-\u200f\ufeff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Presentation forms of letters: Arabic ones, Latin ligatures.
_PRESENTED = re.compile("[\ufb00-\ufdff\ufe70-\ufefc]+")
_DRAWN = re.compile("(?<!\\S)[\u064b-\u0652]")
_STRETCHED = re.compile("(?<=[\u0620-\u06ff])\u0640+|\u0640+(?=[\u0620-\u06ff])")
_ALEF = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "’": "'", "ё": "е"})
# What may follow a label: a colon, a bar, a dash.
_AFTER_LABEL = re.compile(r"\s*[:：|｜»›>–—‒・-]+\s*|\s*$")


def words(text: str) -> list[str]:
    """Return the words of a text in lower case; for scripts without spaces, overlapping pairs of
    characters."""
    found: list[str] = []
    for match in _WORD.finditer(text.lower()):
        run = match[0]
        if len(run) > 2 and (run[0] >= "\u0e00" and re.match(rf"[{_UNSPACED}]", run[0])):
            found += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
    return found


def size(text: str) -> int:
    """Return about how many characters the text would have in English."""
    return int(english_length(text))


def tidy(text: str) -> str:
    """Return text as people type it: composed letters, no soft hyphens or invisible spaces, Arabic
    letters in their usual form without tatweel."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFC", _INVISIBLE.sub("", text))
    if _PRESENTED.search(plain):
        plain = "\n".join(map(_unpresented, plain.split("\n")))
    return _STRETCHED.sub("", plain)


def _unpresented(line: str) -> str:
    """Replace presentation forms by plain letters, except in a line drawn from right to left: there
    marks come before their letters, and final forms at the beginning of words."""
    finals = (unicodedata.name(word[0], "").endswith("FINAL FORM") for word in line.split())
    if _DRAWN.search(line) or any(finals):
        return line
    return _PRESENTED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), line)


def fold(text: str) -> str:
    """Return the form in which phrases are compared: lower case, without optional marks."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFC", text.casefold())
    return " ".join(_NO_LETTER.sub("", plain).translate(_ALEF).split())


def holds(kind: str, folded: str) -> set[str]:
    """Return the phrases of a kind that occur in a folded text."""
    plain, patterns = _phrases(kind)
    found = {phrase for phrase in plain if phrase in folded and _stands_in(phrase, folded)}
    return found | {
        pattern.pattern for first, pattern in patterns if first in folded and pattern.search(folded)
    }


def begins(kind: str, line: str) -> str | None:
    """Return what follows the phrase of a kind at the beginning of a line, folded; None if there is
    none.

    The phrase must end at a colon, a dash, a bar, its own full stop or the end of the line.
    """
    folded = fold(line)
    for phrase in _by_beginning(kind).get(folded[:2], ()):
        if not folded.startswith(phrase):
            continue
        if after := _AFTER_LABEL.match(folded, len(phrase)):
            return folded[after.end() :]
        if phrase.endswith(".") and folded[len(phrase) :].startswith(" "):
            return folded[len(phrase) :].strip()
    return None


def starts(kind: str, line: str) -> bool:
    """Return whether a line begins with a phrase of a kind, whatever follows."""
    folded = fold(line)
    return any(
        (folded.startswith(phrase) and not folded[len(phrase) : len(phrase) + 1].isalpha())
        or (phrase[-1:] in ": " and folded.startswith(phrase))
        for phrase in _by_beginning(kind).get(folded[:2], ())
    )


def _stands_in(phrase: str, folded: str) -> bool:
    """Return whether a phrase of a script with spaces begins at the beginning of a word."""
    if not phrase.isascii() or not phrase[0].isalpha():
        return True
    return re.search(rf"(?<![a-z]){re.escape(phrase)}", folded) is not None


@cache
def _phrases(kind: str) -> tuple[tuple[str, ...], tuple[tuple[str, re.Pattern[str]], ...]]:
    """Return the phrases of a kind in all languages, and those with a gap as patterns with their
    first words."""
    every = {fold(phrase) for phrases in _tables()[kind].values() for phrase in phrases}
    plain = tuple(sorted(phrase for phrase in every if "*" not in phrase))
    patterns = tuple(
        (phrase.split("*", 1)[0], re.compile(".{0,40}".join(map(re.escape, phrase.split("*")))))
        for phrase in sorted(every)
        if "*" in phrase
    )
    return plain, patterns


@cache
def phrases_of(kind: str) -> tuple[str, ...]:
    """Return the folded phrases of a kind in all languages, the longest first."""
    return tuple(sorted(_phrases(kind)[0], key=lambda phrase: (-len(phrase), phrase)))


@cache
def _by_beginning(kind: str) -> dict[str, list[str]]:
    """Return the phrases of a kind by their first two characters, the longest first."""
    found: dict[str, list[str]] = {}
    for phrase in sorted(_phrases(kind)[0], key=len, reverse=True):
        found.setdefault(phrase[:2], []).append(phrase)
    return found


@lru_cache(1)
def _tables() -> dict[str, dict[str, list[str]]]:
    """Return the phrases by kind and language."""
    tables: dict[str, dict[str, list[str]]] = {}
    for name in ("phrases", "refusals", "bylines"):
        text = files("retrieval.extraction").joinpath(f"data/{name}.toml").read_text("utf-8")
        tables |= tomllib.loads(text)
    return tables
