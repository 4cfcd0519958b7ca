"""The words of a text in any script, in one form for all the ways in which they are written.

Letters keep their vowel signs and marks. Composed and decomposed letters, presentation forms,
full-width letters, digits of any script, soft hyphens, tatweel, dotted and dotless i, and optional
vowel points are made alike. Scripts without spaces are cut into overlapping pairs of characters, or
into triples where a character is less than a syllable.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import NamedTuple

# Longer runs of letters are cut.
_LONGEST = 60
# Where Unicode has its marks; searching all of it takes a second.
_WITH_MARKS = range(0x300, 0x20000), range(0xE0100, 0xE0200)
# Common marks, which are replaced faster one by one.
_MARKS = "’“”—–‘…\xa0"
_ASCII_WORD = re.compile("[A-Za-z0-9]+")
# Invisible characters inside words: a soft hyphen, joiners.
_UNSEEN = (0xAD, 0x200C, 0x200D, 0x2060, 0xFEFF)
# Japanese writes foreign words, mostly names, in letters of their own: a run of these is a word.
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff"
_THREES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_PAIRED = (
    "\u3005\u3040-\u309f\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(
    f"[{_KATAKANA}]+|[\u3040-\u309f]+|[\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
    f"|[\uac00-\ud7af]+|[{_THREES}]+"
)
_ANY_UNSPACED = re.compile(f"[{_KATAKANA}{_PAIRED}{_THREES}]")
_FOREIGN = re.compile(f"[{_KATAKANA}]+")
_OF_THREES = re.compile(f"[{_THREES}]")


class Word(NamedTuple):
    """A word in its one form, and the span of its characters in the text."""

    text: str
    start: int
    end: int


def words(text: str) -> list[str]:
    """Return the words of ``text`` in their one form, case kept; for scripts without spaces,
    overlapping pairs or triples of characters."""
    text = without_marks(text)
    if text.isascii():
        return _ASCII_WORD.findall(text)
    text = folded(text)
    if _ANY_UNSPACED.search(text):
        text = _UNSPACED.sub(lambda found: f" {' '.join(_parts(found[0]))} ", text)
    return [word[:_LONGEST] for word in _run().findall(text)]


def placed_words(text: str) -> list[Word]:
    """Return the same words, each with its span in ``text``."""
    text = without_marks(text)
    if text.isascii():
        return [Word(match[0], *match.span()) for match in _ASCII_WORD.finditer(text)]
    return [
        Word(word, found.start() + start, found.start() + end)
        for found in _run().finditer(text)
        for word, start, end in _words_of(found[0])
    ]


def without_marks(text: str) -> str:
    """Return ``text`` with a space for each of the most common marks beyond ASCII; its length
    stays."""
    if not text.isascii():
        for mark in _MARKS:
            text = text.replace(mark, " ")
    return text


def surface_words(text: str) -> list[str]:
    """Return the words of ``text`` as written; a run of a script without spaces is one word."""
    return (_ASCII_WORD if text.isascii() else _run()).findall(text)


def has_unspaced(text: str) -> bool:
    """Return whether part of ``text`` is in a script without spaces between words."""
    return not text.isascii() and _ANY_UNSPACED.search(text) is not None


def folded(text: str) -> str:
    """Return ``text`` with equivalent characters made alike; case and spaces stay."""
    return text if text.isascii() else unicodedata.normalize("NFC", text).translate(_folds())


def _words_of(run: str) -> Iterator[tuple[str, int, int]]:
    """Yield the words of a run of letters, with their offsets in it."""
    at = 0
    for found in _UNSPACED.finditer(run):
        if found.start() > at:
            yield from _whole(run, at, found.start())
        size = _size(found[0])
        last = max(1, len(found[0]) - size + 1) if size else 1
        for start in range(found.start(), found.start() + last):
            yield from _whole(run, start, start + size if size and last > 1 else found.end())
        at = found.end()
    if at < len(run):
        yield from _whole(run, at, len(run))


def _whole(run: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    if word := folded(run[start:end])[:_LONGEST]:
        yield word, start, end


def _size(run: str) -> int:
    """Return how many neighbouring characters of a run form a word; 0 for all of them."""
    if _FOREIGN.fullmatch(run):
        return 0
    return 3 if _OF_THREES.match(run) else 2


def _parts(run: str) -> Sequence[str]:
    size = _size(run)
    if not size or len(run) <= size:
        return [run]
    return [run[at : at + size] for at in range(len(run) - size + 1)]


@cache
def _run() -> re.Pattern[str]:
    """Return the pattern of a run of letters, digits and their marks."""
    marks = [c for c in chain(*_WITH_MARKS) if unicodedata.category(chr(c))[0] == "M"]
    return re.compile(f"[^\\W_](?:[^\\W_]|[{_ranges([*_UNSEEN, *marks])}])*")


def _ranges(codes: Sequence[int]) -> str:
    parts = []
    ordered = sorted(codes)
    first = last = ordered[0]
    for code in [*ordered[1:], -1]:
        if code != last + 1:
            parts.append(f"{re.escape(chr(first))}-{re.escape(chr(last))}")
            first = code
        last = code
    return "".join(parts)


@cache
def _folds() -> dict[int, str]:
    """Return the replacements of single characters, after composition."""
    table: dict[int, str] = {}
    for low, high in ((0xFB00, 0xFDFF), (0xFE70, 0xFEFC), (0xFF01, 0xFFEF)):
        for code in range(low, high + 1):
            plain = unicodedata.normalize("NFKC", chr(code))
            if plain != chr(code):
                table[code] = plain
    for code in range(0x80, 0x20000, 10):  # the ten digits of a script stand together
        digit = unicodedata.decimal(chr(code), None)
        if digit is not None:
            table |= {code - digit + n: str(n) for n in range(10)}
    # Tatweel; accents that are left after composition, such as stress in Cyrillic; vowel points of
    # Hebrew and Arabic; the dot of loaned consonants in Hindi.
    gone = [*_UNSEEN, 0x640, 0x670, 0x93C, *range(0x300, 0x370), *range(0x591, 0x5BE)]
    table |= dict.fromkeys([*gone, *range(0x64B, 0x660)], "")
    # Dotted and dotless i, Cyrillic yo, letters of Persian keyboards, nasal signs of Hindi, commas
    # for the cedillas that Romanian had in older keyboards.
    alike = ("İıёЁکیँșțȘȚ", "iiеЕكيंşţŞŢ"), ("άέήίόύώϊϋΐΰςΆΈΉΊΌΎΏ", "αεηιουωιυιυσΑΕΗΙΟΥΩ")
    for letters, plain in alike:
        table |= {ord(a): b for a, b in zip(letters, plain, strict=True)}
    return table
