"""Whether an answer is in the language of its question.

Short texts look like several languages. So every language that a question may be in is expected,
and only a text that is hardly any of these counts as being in another. How much likelier the other
language has to be is measured (`python -m tests.benchmarks.answer_language`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from babel import Locale, UnknownLocaleError

PLAINLY, PERHAPS = 13.0, 12.0  # in natural logarithms of the likelihood of a whole text
_LEAST = 16  # letters that show a language; a syllabic or ideographic sign counts as several
_LETTER, _SIGN = re.compile(r"[^\W\d_]"), re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SIGN_LETTERS = 3
_MOST = 600  # characters that are read
# Languages that the detector separates, but people write alike or take for one.
_TAKEN_FOR = {"pcm": "en", "sco": "en", "wuu": "zh", "yue": "zh", "nn": "no", "nb": "no", "lb": "de", "ext": "es", "ast": "es", "wa": "fr", "arz": "ar", "acm": "ar"}  # fmt: skip


def possible_languages(
    texts: Iterable[str], *, named: str | None = None, perhaps: float = PERHAPS
) -> frozenset[str]:
    """Return the ISO codes of the languages that ``texts`` may be in, or the one ``named`` in
    English ("German"); none if that can't be told. Takes 0.3 ms: call it in a worker thread."""
    if named is not None and (code := _code_of(named)):
        return frozenset([code])
    found: set[str] = set()
    for text in texts:
        if not _is_enough(text):
            return frozenset()
        ranked = _ranked(text)
        best = ranked[0][1]
        found |= {code for code, score in ranked if best - score < perhaps}
    return frozenset(found)


def is_in_another_language(text: str, expected: frozenset[str]) -> bool:
    """Return whether ``text`` is plainly in none of the ``expected`` languages. Takes 0.3 ms."""
    return likelier_elsewhere(text, expected) > PLAINLY


def any_in_another_language(texts: Iterable[str], expected: frozenset[str]) -> bool:
    """Return whether any of the texts is plainly in none of the ``expected`` languages."""
    return any(is_in_another_language(text, expected) for text in texts)


def likelier_elsewhere(text: str, expected: frozenset[str]) -> float:
    """Return how much likelier another language is for ``text`` than the likeliest ``expected``
    one, in natural logarithms; 0 if nothing is expected or the text is too short."""
    if not expected or not _is_enough(text):
        return 0.0
    ranked = _ranked(text)
    wanted = [score for code, score in ranked if code in expected]
    return ranked[0][1] - max(wanted) if wanted else 0.0


def name_of(codes: frozenset[str]) -> str | None:
    """Return the English name of the one expected language; None if there may be several."""
    if len(codes) != 1:
        return None
    try:
        return Locale(next(iter(codes))).english_name
    except UnknownLocaleError:
        return None


def warm_up() -> None:
    """Load the detector's tables, which the first answer would otherwise wait for."""
    _ranked("Which language is this written in?")


def _is_enough(text: str) -> bool:
    letters = len(_LETTER.findall(text)) + (_SIGN_LETTERS - 1) * len(_SIGN.findall(text))
    return letters >= _LEAST


def _ranked(text: str) -> list[tuple[str, float]]:
    import py3langid

    found: dict[str, float] = {}
    for code, score in py3langid.rank(text[:_MOST]):
        found.setdefault(_TAKEN_FOR.get(code, code), float(score))
    return list(found.items())


@lru_cache(maxsize=64)
def _code_of(name: str) -> str | None:
    for code, english in Locale("en").languages.items():
        if english == name and len(code) == 2:
            return str(code)
    return None
