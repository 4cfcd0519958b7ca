"""Detect the language of a text."""

from __future__ import annotations

# The code of an unknown language.
UNKNOWN = "und"
_SAMPLE_CHARS = 600
_MIN_CHARS = 40
# Nearly every English text has these words, and no other language has three of them.
_ENGLISH = frozenset(["the", "and", "to", "that", "with", "from"])
_SHARE = 0.06
_DIFFERENT = 3
_ENGLISH_SAMPLE_CHARS = 1_200


def detect_language(text: str) -> str | None:
    """Return the ISO 639-1 code of a text's language; None for texts of fewer than 40
    characters."""
    if len(text) < _MIN_CHARS:
        return None
    # Most articles here are in English, which this recognizes many times faster than the detector.
    words = text[:_ENGLISH_SAMPLE_CHARS].lower().split()
    english = [word for word in words if word in _ENGLISH]
    if len(english) >= _SHARE * len(words) and len(set(english)) >= _DIFFERENT:
        return "en"
    import py3langid

    code: str = py3langid.classify(text[:_SAMPLE_CHARS])[0]
    return code


def ranked_languages(text: str) -> list[tuple[str, float]]:
    """Return the codes of all languages that the detector knows, most likely first, each with the
    logarithm of its likelihood."""
    import py3langid

    return [(code, float(score)) for code, score in py3langid.rank(text[:_SAMPLE_CHARS])]
