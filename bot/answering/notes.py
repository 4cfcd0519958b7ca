"""Remarks for readers: English in the terminal, in a reader's own language where that is known."""

from __future__ import annotations

from typing import Any

from bot.i18n import DEFAULT, Say, TextError, text


class Note(str):
    """A text of ``bot.i18n`` by its key, with its variables: as a string it is the English one."""

    parts: tuple[tuple[str, dict[str, Any]], ...]

    def __new__(cls, key: str, /, **values: Any) -> Note:
        note = super().__new__(cls, text(DEFAULT, key, **values))
        note.parts = ((key, values),)
        return note

    def then(self, other: Note) -> Note:
        """Both, one after the other."""
        both = super().__new__(Note, f"{self} {other}")
        both.parts = (*self.parts, *other.parts)
        return both

    def as_record(self) -> dict[str, Any]:
        return {"text": str(self), "parts": [[key, values] for key, values in self.parts]}


def localize(note: str, say: Say) -> str:
    """A remark in the language of ``say``; one that is no ``Note`` as it is."""
    if not isinstance(note, Note):
        return note
    return " ".join(say(key, **values) for key, values in note.parts)


def note_from_record(kept: str | dict[str, Any]) -> str:
    """A remark from its record; its text where its words have changed since."""
    if isinstance(kept, str):
        return kept
    try:
        first, *others = (Note(key, **values) for key, values in kept["parts"])
    except TextError:
        return str(kept["text"])
    for other in others:
        first = first.then(other)
    return first
