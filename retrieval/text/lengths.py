"""Lengths of texts in any script, measured as if they were English.

The weights come from parallel paragraphs in eight languages: a Chinese character says as much as
three English ones, or half a word.
"""

from __future__ import annotations

import re

_SIGNS = re.compile("[\u3400-\u9fff\uf900-\ufaff]")
# Syllables of Japanese and Korean; letters of scripts without spaces.
_SYLLABLES = re.compile("[\u3040-\u30ff\uac00-\ud7af]")
_LETTERS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_SIGN_CHARS, _SYLLABLE_CHARS = 3.0, 2.0
_SIGN_WORDS, _SYLLABLE_WORDS, _LETTER_WORDS = 0.5, 0.4, 0.2


def english_length(text: str) -> float:
    """Return about how many characters the same text would have in English."""
    if text.isascii():
        return len(text)
    signs, syllables = len(_SIGNS.findall(text)), len(_SYLLABLES.findall(text))
    return len(text) + (_SIGN_CHARS - 1) * signs + (_SYLLABLE_CHARS - 1) * syllables


def count_words(text: str) -> int:
    """Return the number of words; for scripts without spaces, about how many would say as much."""
    words = len(text.split())
    if text.isascii():
        return words
    unspaced = (
        _SIGN_WORDS * len(_SIGNS.findall(text))
        + _SYLLABLE_WORDS * len(_SYLLABLES.findall(text))
        + _LETTER_WORDS * len(_LETTERS.findall(text))
    )
    return max(words, round(unspaced))
