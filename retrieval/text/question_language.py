"""Detect the language of a question, short as it is: by its script, its question words, the
languages of the articles, and a detector for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from retrieval.text.language import UNKNOWN, ranked_languages
from retrieval.text.question_words import known_languages, plainly, question_words
from retrieval.text.scripts import LATIN, languages_of_other_scripts, languages_of_script
from retrieval.text.words import surface_words

_PRESENT = 0.02
# A question word tells more than a stop word; a language of the articles is likelier.
_ASKS, _STANDS, _OF_CORPUS = 2.0, 1.0, 0.9
# With such a lead a language is clear; otherwise the detector decides, if the text is long enough.
_PLAINLY = 2.5
_READ_CHARS = 24
# How much likelier, in natural logarithms, a language without known words must be than any with
# them: of 4,654 questions in English, German, Spanish and Turkish none exceeds 9.7, while 24 of 27
# questions in sixteen unknown languages do.
_OF_NONE = 12.0
_LIKELIEST = 1.5


def question_language(question: str, articles: Mapping[str, int] | None = None) -> str:
    """Return the ISO 639-1 code of a question's language, even of one whose words aren't known.

    ``articles`` says how many articles (or passages) of the corpus are in each language. If nothing
    in the question tells, the most common of these is returned, or else "en".
    """
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
            ranked = ranked_languages(question)
            likeliest, likelihood = next(
                (each for each in ranked if each[0] in scores), (usual, 0.0)
            )
            if len(question) >= _READ_CHARS and ranked[0][1] - likelihood > _OF_NONE:
                return ranked[0][0]
            scores[likeliest] = scores.get(likeliest, 0.0) + _LIKELIEST
        best = max(scores.values())
    if not best:
        return usual
    found = [code for code, score in scores.items() if score == best]
    return max(found, key=lambda code: articles.get(code, 0))


def _written_in(question: str) -> tuple[str, ...]:
    """Return the languages that may use the script of most letters; none if there are no
    letters."""
    found = languages_of_script(question)
    return found or (_latin_languages() if LATIN.search(question) else ())


@cache
def _telling_words() -> dict[str, list[tuple[str, float]]]:
    """Return by word the languages that it indicates, each with its weight."""
    found: dict[str, list[tuple[str, float]]] = {}
    for code in known_languages():
        listed = question_words(code)
        for word in listed.single if listed else ():
            asks = listed is not None and word in listed.single_asking
            found.setdefault(word, []).append((code, _ASKS if asks else _STANDS))
    return found


@cache
def _latin_languages() -> tuple[str, ...]:
    here = set(known_languages()) - languages_of_other_scripts()
    return ("en", *sorted(here - {"en"}))
