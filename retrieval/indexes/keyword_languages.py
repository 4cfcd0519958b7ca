"""Find a question's word in every language of an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrieval.text.stemming import form_of, stems

# A language with a smaller share of the passages is probably an error of the detector.
_PRESENT = 0.02


def present(held: Mapping[str, int]) -> list[str]:
    """Return the languages of ``held``, which says how many passages each has, that are really
    there."""
    enough = _PRESENT * sum(held.values())
    return [code for code, count in held.items() if count >= enough]


def with_other_stems(
    alternatives: Mapping[str, Sequence[tuple[str, ...]]],
    words: Sequence[str],
    language: str | None,
    held: Mapping[str, int],
) -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Return ``alternatives`` and, by stem of each word of ``language``, its stems in the other
    languages of ``held``, which says how many passages each has."""
    others = {form_of(code): code for code in present(held)}
    others.pop(form_of(language), None)
    if not others:
        return alternatives
    found = {stem: list(forms) for stem, forms in alternatives.items()}
    for word in words:
        own = tuple(stems(word, language))
        for code in others.values():
            other = tuple(stems(word, code))
            if len(own) == 1 and other != own and other not in found.get(own[0], ()):
                found.setdefault(own[0], []).append(other)
    return found
