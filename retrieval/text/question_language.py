"""Which language a question is in, short as it is: by its script, its words that ask, the languages
of the articles, and the detector for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from retrieval.text.language import UNKNOWN, ranked_languages
from retrieval.text.question_words import known_languages, plainly, question_words
from retrieval.text.words import surface_words

# Scripts, and the languages that are written in them, the most common one first.
_SCRIPTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("\u3040-\u30ff", ("ja",)),
    ("\uac00-\ud7af\u1100-\u11ff", ("ko",)),
    ("\u3400-\u4dbf\u4e00-\u9fff", ("zh", "ja")),
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
)
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_PRESENT = 0.02
# A word that asks tells more than one that stands in any text; a language of the articles is likelier.
_ASKS, _STANDS, _OF_CORPUS = 2.0, 1.0, 0.9
# So far ahead, a language is told; else the detector is asked, where it has so much to read.
_PLAINLY = 2.5
_SIGNS = 3
_READ_CHARS = 24
_LIKELIEST = 1.5


def question_language(question: str, articles: Mapping[str, int] | None = None) -> str:
    """The ISO 639-1 code of a question's language. Where nothing tells, it is that of most articles,
    else "en". ``articles`` says how many articles (or passages) each language has where it is asked."""
    articles = articles or {}
    total = sum(articles.values())
    here = {c for c, count in articles.items() if c != UNKNOWN and count >= _PRESENT * total}
    usual = max(here, key=lambda code: articles[code], default="en")
    possible = _written_in(question)
    if len(possible) <= 1:
        return possible[0] if possible else usual
    scores = {code: _OF_CORPUS * (code in here) for code in possible}
    for word in {plainly(word) for word in surface_words(question)}:
        for code, weight in _telling_words().get(word, ()):
            if code in scores:
                scores[code] += weight
    best, second = sorted(scores.values())[:-3:-1]
    if best - second < _PLAINLY:
        if len(question) >= _READ_CHARS or best == second:
            likeliest = next((c for c in ranked_languages(question) if c in scores), usual)
            scores[likeliest] = scores.get(likeliest, 0.0) + _LIKELIEST
        best = max(scores.values())
    if not best:
        return usual
    found = [code for code, score in scores.items() if score == best]
    return max(found, key=lambda code: articles.get(code, 0))


def _written_in(question: str) -> tuple[str, ...]:
    """The languages that the script with the most letters may be, none without a letter. Signs count
    more: names are often written in Latin letters."""
    latin = len(_LATIN.findall(question))
    if question.isascii():
        return _latin_languages() if latin else ()
    most, place = max(
        (len(pattern.findall(question)), -n) for n, (pattern, _) in enumerate(_scripts())
    )
    if most and _SIGNS * most >= latin:
        return _scripts()[-place][1]
    return _latin_languages() if latin else ()


@cache
def _telling_words() -> dict[str, list[tuple[str, float]]]:
    """By word, the languages that it tells of, and how much."""
    found: dict[str, list[tuple[str, float]]] = {}
    for code in known_languages():
        listed = question_words(code)
        for word in listed.single if listed else ():
            asks = bool(listed and listed.question.fullmatch(word))
            found.setdefault(word, []).append((code, _ASKS if asks else _STANDS))
    return found


@cache
def _scripts() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    return tuple((re.compile(f"[{letters}]"), codes) for letters, codes in _SCRIPTS)


@cache
def _latin_languages() -> tuple[str, ...]:
    other = {code for _, codes in _SCRIPTS for code in codes}
    return ("en", *sorted(set(known_languages()) - other - {"en"}))
