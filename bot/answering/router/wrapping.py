"""Find the part of a message with its meaning, without greetings, thanks, mentions, emoji and
padding."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path

# Languages without spaces between words.
UNSPACED = ("zh", "ja")

_FOLDER = Path(__file__).parent
_MENTION = re.compile(r"<(?:[@#][!&]?\d+|a?:\w+:\d+)>|(?<!\w)@\w+")
_EMOJI = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0f\u200d\u20e3]|(?<!\\w)(?::[-']?[()DPp/|]|;-?\\)|<3|xd|XD)(?!\\w)"
)
_PAUSE = re.compile(r"\s*(?:[,;:!.…–—-]|\.\.+)+(?:\s+|$)|\s*\n+\s*|[，。！；]")
# A letter three times or more, but not in a Roman numeral.
_STRETCHED = re.compile(r"\b(?![IVXLCDMivxlcdm]+\b)\w*?([^\W\d_])\1{2,}\w*")
_DOTTED = re.compile(r"\.[^\W_]")
_PART = re.compile(r"\w+")
_EDGE = " \t\n,;:.!…-–—·~*_，。！"
_MOST_ROUNDS = 8


class _Phrases:
    """The phrases of one language. Those of ``asking`` are removed if one of ``words`` follows.

    Their patterns take long to compile, and hardly a message has a phrase in most languages.
    """

    def __init__(self, listed: Mapping[str, str], *, spaced: bool) -> None:
        self._listed, self._spaced = listed, spaced
        phrases = ";".join(listed[name] for name in ("before", "after", "asking"))
        self._begin = {_first(phrase) for phrase in phrases.split(";")}

    def may_be_in(self, text: str) -> bool:
        """Return whether a text has what one of the phrases begins with; ``text`` as ``_alike``
        returns it."""
        if self._spaced:
            return not self._begin.isdisjoint(_PART.findall(text))
        return any(part in text for part in self._begin)

    @cached_property
    def before(self) -> re.Pattern[str]:
        """The pattern of a phrase at the beginning."""
        one, end = self._listed, r"(?![\w'’])" if self._spaced else ""
        words = "|".join(map(re.escape, sorted(one["words"].split(), key=len, reverse=True)))
        return re.compile(
            rf"(?:(?:{_any(one['before'])}){end}[\s,;:.!…–—-]*(?=\S)"
            rf"|(?:{_any(one['asking'])}){end}[\s,;:]*(?=(?:{words}){end}))",
            re.I,
        )

    @cached_property
    def after(self) -> re.Pattern[str]:
        """The pattern of a phrase at the end."""
        start = r"(?<![\w'’])" if self._spaced else ""
        phrases = _any(self._listed["after"])
        return re.compile(
            rf"[\s,;:.!?？…–—-]*{start}(?:{phrases})(?=[\s,;:.!…–—-]*[?？؟]?[\s.!]*$)", re.I
        )


def unwrapped(message: str) -> str:
    """Return the question in a message; the message itself if it is only wrapping.

    "hey can anyone tell me who won the cup? thx 😅" becomes "who won the cup?".
    """
    bare = _EMOJI.sub(" ", _MENTION.sub(" ", message))
    bare = _STRETCHED.sub(_unstretched, " ".join(bare.split()))
    text = _unsigned(bare)
    for _ in range(_MOST_ROUNDS):
        shorter = _cut_once(text)
        if shorter == text or not _says_something(shorter):
            break
        text = shorter
    text = _from_a_question(text)
    return text if _says_something(text) else bare or message.strip()


def spelt_out(text: str) -> str:
    """Return the text with short forms written as in articles: "ppl" becomes "people"."""
    known = _abbreviations()

    def full(match: re.Match[str]) -> str:
        word = match[0]
        if len(word) == 1 and _DOTTED.match(text, match.end()):
            return word  # the "U" of "U.S. Open" isn't "you"
        plain = word.lower().replace("'", "").replace("’", "")
        if plain not in known or (word[0].isupper() and not word.isupper() and match.start() > 0):
            return word
        # "US", "LA": as a name is written. In lower case "la" or "us" are other words.
        if plain in {"la", "dc", "sf", "wc", "sb"} and word.islower() and not _alone(text, match):
            return word
        return known[plain]

    return re.sub(r"\bw/o\b|[^\W_]+(?:['’][^\W_]+)*", full, text)


def is_short_form(word: str) -> bool:
    """Return whether a lower-case word is a short form: "whats", "ppl"."""
    return word.replace("'", "") in _abbreviations()


def _alone(text: str, match: re.Match[str]) -> bool:
    """Return whether a short word is where a name would be: after a preposition or an article."""
    return bool(
        re.search(r"\b(?:the|in|at|of|from|2\d{3}|next|last)\s+$", text[: match.start()], re.I)
    )


def asks_something(text: str) -> bool:
    """Return whether a text begins with a word that questions begin with."""
    return bool(_words_of("words").match(text))


def _unstretched(match: re.Match[str]) -> str:
    return re.sub(r"([^\W\d_])\1{2,}", r"\1\1", match[0])


def _unsigned(text: str) -> str:
    """Remove a letter's closing and the name below it."""
    signed = _signature().search(text)
    shorter = text[: signed.start()].rstrip(_EDGE) if signed else ""
    return shorter if _says_something(shorter) else text


def _cut_once(text: str) -> str:
    alike = _alike(text)
    for phrases in _phrases():
        if not phrases.may_be_in(alike):
            continue
        if found := phrases.before.match(text):
            return text[found.end() :].lstrip(_EDGE)
        if found := phrases.after.search(text):
            mark = text[found.end() :].strip()[:1]
            rest = text[: found.start()].rstrip(_EDGE)
            return rest + mark if mark in "?؟？" and mark and rest[-1:] != mark else rest
    return text


def _from_a_question(text: str) -> str:
    """Remove what people first say about themselves: "my son has a project, what did she
    invent"."""
    for pause in list(_PAUSE.finditer(text))[:3]:
        head, rest = text[: pause.start()], text[pause.end() :]
        about_oneself = _words_of("own").search(head) and not _words_of("words").match(head)
        if about_oneself and len(rest.split()) >= 3 and _words_of("words").match(rest):
            return rest
    return text


def _says_something(text: str) -> bool:
    return any(c.isalnum() for c in text)


@cache
def _words_of(name: str) -> re.Pattern[str]:
    """Return the pattern of all words in a list of this name, in any language."""
    words = {word for one in _read("wrapping.toml").values() for word in one[name].split()}
    ordered = sorted(map(re.escape, words), key=len, reverse=True)
    return re.compile(rf"(?<![\w'’])(?:{'|'.join(ordered)})(?![\w'’])", re.I)


@cache
def _signature() -> re.Pattern[str]:
    signed = "; ".join(one["signed"] for one in _read("wrapping.toml").values() if "signed" in one)
    return re.compile(
        rf"(?<![\w'’])(?:{_any(signed)})[\s,;:.!–—-]*(?:[^\W\d_]+\.?\s*){{0,2}}$", re.I
    )


@cache
def _phrases() -> list[_Phrases]:
    listed = _read("wrapping.toml")
    return [_Phrases(one, spaced=language not in UNSPACED) for language, one in listed.items()]


def _first(phrase: str) -> str:
    """Return what a phrase begins with: its first word up to any apostrophe."""
    first: str = _PART.findall(_alike(phrase))[0]
    return first


def _alike(text: str) -> str:
    """Return a text with letters that patterns take for the same, whatever their case, made the
    same: dotted and dotless i too."""
    return text.replace("İ", "i").replace("ı", "i").casefold()


def _any(phrases: str) -> str:
    """Return a pattern for any of these phrases, the longest first, with any space between
    words."""
    ordered = sorted((p.strip() for p in phrases.split(";")), key=len, reverse=True)
    return "|".join(r"\s+".join(map(re.escape, phrase.split())) for phrase in ordered)


@cache
def _abbreviations() -> dict[str, str]:
    return {str(word): str(full) for word, full in _read("abbreviations.toml").items()}


def _read(name: str) -> dict:  # type: ignore[type-arg]
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))
