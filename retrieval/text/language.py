"""Which language a text is in."""

from __future__ import annotations

# What stands for the language of a text of which none is known.
UNKNOWN = "und"
_SAMPLE_CHARS = 600
_MIN_CHARS = 40
# Hardly an English text is without these words, and no other language has three of them.
_ENGLISH = frozenset(["the", "and", "to", "that", "with", "from"])
_SHARE = 0.06
_DIFFERENT = 3
_ENGLISH_SAMPLE_CHARS = 1_200


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of ``text``'s language, None if there is too little of it to tell."""
    if len(text) < _MIN_CHARS:
        return None
    # What most articles here are in is told many times faster than the detector does.
    words = text[:_ENGLISH_SAMPLE_CHARS].lower().split()
    english = [word for word in words if word in _ENGLISH]
    if len(english) >= _SHARE * len(words) and len(set(english)) >= _DIFFERENT:
        return "en"
    import py3langid

    code: str = py3langid.classify(text[:_SAMPLE_CHARS])[0]
    return code


def ranked_languages(text: str) -> list[tuple[str, float]]:
    """The codes of all languages that the detector knows, the likeliest for ``text`` first, each with
    the logarithm of its likelihood."""
    import py3langid

    return [(code, float(score)) for code, score in py3langid.rank(text[:_SAMPLE_CHARS])]
