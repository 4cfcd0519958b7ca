"""Find the script of most of a text, and the languages written in it."""

from __future__ import annotations

import re
from functools import cache

# All scripts but Latin, with the languages written in them, the most common one first.
_SCRIPTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("\u3040-\u30ff\uff66-\uff9f", ("ja",)),
    ("\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff", ("zh", "ja")),
    ("\uac00-\ud7af\u1100-\u11ff", ("ko",)),
    ("\u0e00-\u0e7f", ("th",)),
    ("\u0e80-\u0eff", ("lo",)),
    ("\u1000-\u109f", ("my",)),
    ("\u1780-\u17ff", ("km",)),
    ("\u0370-\u03ff\u1f00-\u1fff", ("el",)),
    ("\u0400-\u052f", ("ru", "uk", "bg", "sr", "mk", "be", "kk")),
    ("\u0590-\u05ff", ("he",)),
    ("\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff", ("ar", "fa", "ur")),
    ("\u0900-\u097f", ("hi", "mr", "ne")),
    ("\u0980-\u09ff", ("bn",)),
    ("\u0a00-\u0a7f", ("pa",)),
    ("\u0a80-\u0aff", ("gu",)),
    ("\u0b80-\u0bff", ("ta",)),
    ("\u0c00-\u0c7f", ("te",)),
    ("\u0c80-\u0cff", ("kn",)),
    ("\u0d00-\u0d7f", ("ml",)),
    ("\u0530-\u058f", ("hy",)),
    ("\u10a0-\u10ff", ("ka",)),
    ("\u1200-\u137f", ("am",)),
)
_KANA, _HAN = 0, 1
# Han is Japanese if it has at least one kana per so many characters.
_HAN_BESIDE_KANA = 20
LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_NOT_LATIN = re.compile("[^\x00-\u024f\u1e00-\u1eff\u2000-\u206f]+")
# Other scripts count more than Latin, in which names are often written.
_SIGNS = 3


def languages_of_script(text: str) -> tuple[str, ...]:
    """Return the ISO 639-1 codes of the languages written in the script of most of ``text``, the
    most common one first; none if the script is Latin, or there are no letters."""
    if text.isascii() or not (foreign := "".join(_NOT_LATIN.findall(text))):
        return ()
    counts = [len(pattern.findall(foreign)) for pattern in _patterns()]
    if counts[_KANA] * _HAN_BESIDE_KANA >= counts[_HAN] and counts[_KANA]:
        counts[_KANA] += counts[_HAN]
        counts[_HAN] = 0
    most = max(counts)
    if not most or _SIGNS * most < len(LATIN.findall(text)):
        return ()
    return _SCRIPTS[counts.index(most)][1]


@cache
def languages_of_other_scripts() -> frozenset[str]:
    """Return the codes of all languages here that aren't written in Latin letters."""
    return frozenset(code for _, codes in _SCRIPTS for code in codes)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(f"[{letters}]") for letters, _ in _SCRIPTS)
