"""The most common words of a few languages, by which the language of a short text is told.

A detector of many languages compares characters and may take a question of five words for any of
them, while its small words are clear. A script that only one of the languages uses is clear without
words.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import chain
from pathlib import Path

from retrieval.text.calendar_names import MONTH_NAMES, WEEKDAY_NAMES, calendar_names
from retrieval.text.question_words import known_languages, question_words
from retrieval.text.scripts import languages_of_script
from retrieval.text.stop_words import stop_words

_SAMPLE_CHARS = 300
# Nearly every English text has it, and no other language does.
_ENGLISH_WORD = " the "
_WORD = re.compile(r"[^\W\d_]+")
# Letters of no other language in the file; one counts as much as the weight below.
_LETTERS = {
    "de": "ßäö",
    "es": "ñ¿¡",
    "fr": "œçèêëîïûù",
    "pt": "ãõ",
    "tr": "ğışİ",
    "it": "ìò",
}
_LETTER_WEIGHT = 1.0


@cache
def common_words() -> Mapping[str, frozenset[str]]:
    """Return by ISO 639-1 code the most common words, in lower case, of languages that have
    capitals, among them question words."""
    path = Path(__file__).with_name("common_words.toml")
    listed: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
    found = {language: frozenset(words.split()) for language, words in listed.items()}
    found["en"] |= stop_words()
    for language in known_languages():
        asking = question_words(language)
        # Only capitals show whether a sentence begins with one of them.
        if asking is not None and any(word != word.upper() for word in asking.single):
            found[language] = found.get(language, frozenset()) | asking.single
    return {language: words | _calendar_words(language) for language, words in found.items()}


def _calendar_words(language: str) -> frozenset[str]:
    """Return the names of months and weekdays that differ from the English ones; none for English,
    which capitalizes them."""
    names = calendar_names(language)
    if names is None or language == "en":
        return frozenset()
    english = {*MONTH_NAMES, *WEEKDAY_NAMES}
    return frozenset(chain(*names.months, *names.weekdays)) - english


def likely_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language that a text, however short, is most likely in.

    Returns None if nothing in the text tells.
    """
    text = text[:_SAMPLE_CHARS]
    if script := languages_of_script(text):
        return script[0]
    if _ENGLISH_WORD in text:
        return "en"
    words = _WORD.findall(text.lower())
    scores: dict[str, float] = {}
    weights = _weights()
    for word in words:
        for language, weight in weights.get(word, ()):
            scores[language] = scores.get(language, 0.0) + weight
    if not text.isascii():
        for language, letters in _LETTERS.items():
            found = sum(letter in text for letter in letters)
            if found:
                scores[language] = scores.get(language, 0.0) + _LETTER_WEIGHT * found
    if not scores:
        return None
    return max(scores, key=lambda language: scores[language])


@cache
def _weights() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Return by word the languages that have it, each with the word's weight."""
    known = common_words()
    having: dict[str, list[str]] = {}
    for language, words in known.items():
        for word in words:
            having.setdefault(word, []).append(language)
    return {
        word: tuple((language, 1 / len(languages)) for language in languages)
        for word, languages in having.items()
    }
