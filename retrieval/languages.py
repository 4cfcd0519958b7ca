"""Which language a text is in."""

from __future__ import annotations

_SAMPLE_CHARS = 600
_MIN_CHARS = 40


def detect_language(text: str) -> str | None:
    """The ISO 639-1 code of ``text``'s language, None if there is too little of it to tell."""
    if len(text) < _MIN_CHARS:
        return None
    import py3langid

    code: str = py3langid.classify(text[:_SAMPLE_CHARS])[0]
    return code
