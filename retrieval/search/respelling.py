"""Find replacements for words that a corpus doesn't contain.

A word of the question that occurs nowhere finds nothing. Another spelling, its two halves, or the
nearest word of the corpus may. Known words also match their variants and the long forms of
abbreviations.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from retrieval.indexes.common_words import nearest_common, share_of_passages
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.indexes.keyword_languages import present
from retrieval.models import Respelling
from retrieval.text.places import is_place
from retrieval.text.spelling import nearest_word, parts, spelling
from retrieval.text.stemming import stems

_WORD = re.compile(r"[^\W\d_]+")
_COMMON_LETTERS = 6
# Shorter words have too many neighbours; longer ones may be further away.
_SHORTEST, _LONG = 5, 8
# So many passages with a word like it are read for that word.
_READ = 24

Texts = Callable[[Sequence[int]], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """By stem, the alternatives that count as it, each as stems that must occur together; and what
    to tell the person."""

    forms: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    respellings: list[Respelling] = field(default_factory=list)
    stemming: str = "en"

    def add(self, word: str, instead: Sequence[str], *, say: bool) -> bool:
        """Let ``instead`` count as ``word``. Return whether there was anything to add."""
        [*own] = stems(word, self.stemming)
        if len(own) != 1 or not instead:
            return False
        known = self.forms.setdefault(own[0], [])
        for form in (tuple(stems(one, self.stemming)) for one in instead):
            if form and form != (own[0],) and form not in known:
                known.append(form)
        if say:
            self.respellings.append(Respelling(word, tuple(instead)))
        return True


def alternatives(
    words: Sequence[str],
    keywords: KeywordIndex,
    texts: Texts,
    language: str = "en",
    stemming: str = "en",
    names: Sequence[str] = (),
) -> Alternatives:
    """Return what else to search for, with the spellings of ``language``, stemmed as in
    ``stemming``.

    ``texts`` returns passages by their ids; ``names`` are those of the words that name someone or
    something. Blocks.
    """
    found = Alternatives(stemming=stemming)
    # A word of a language that nothing here is written in is no slip either.
    written = language in present(keywords.languages())
    known_spellings = spelling(language)
    for word in dict.fromkeys(words):
        own = stems(word, stemming)
        if len(own) != 1 or any(letter.isdigit() for letter in word):
            continue
        unknown = not keywords.frequency(own)
        # A first word has a capital anyway.
        name = word in names or (word[0].isupper() and not written)
        variants = [
            v for v in known_spellings.variants(word) if _stands(keywords, v, own, stemming)
        ]
        variants += [
            v for v in known_spellings.long_forms(word) if _stands(keywords, v, own, stemming)
        ]
        if found.add(word, variants, say=unknown) or not unknown:
            continue
        # Short words and those with a capital are more likely names that no article has.
        slip = language == "en" and len(word) >= _COMMON_LETTERS and word.islower()
        common = nearest_common(word) if slip else None
        halves = None if common else _halves(word.lower(), keywords, stemming)
        if halves is not None:
            found.add(word, [halves], say=True)
        elif not (written or name) or share_of_passages(own[0]) or is_place(word):
            continue  # what is a word elsewhere is no slip
        elif nearest := _nearest(word, own[0], keywords, texts, name=name):
            found.add(word, [nearest], say=True)
        elif common is not None:
            found.add(word, [common], say=True)
    for first, second in pairwise(words):
        joined = f"{first}{second}".lower()
        if first.isalpha() and second.isalpha() and keywords.frequency(stems(joined, stemming)):
            # A car maker is a carmaker; each of the two words finds it.
            for part in (first, second):
                found.add(part, [joined], say=False)
    return found


def _stands(keywords: KeywordIndex, words: str, own: Sequence[str], stemming: str) -> bool:
    form = stems(words, stemming)
    return bool(form) and form != list(own) and keywords.frequency(form) > 0


def _halves(word: str, keywords: KeywordIndex, stemming: str) -> str | None:
    """The two known words that most passages have together and that make up ``word``."""
    counted = [
        (keywords.frequency([*one, *other]), f"{first} {second}")
        for first, second in parts(word)
        if (one := stems(first, stemming))
        and (other := stems(second, stemming))
        and keywords.frequency(one)
        and keywords.frequency(other)
    ]
    most = max(counted, default=(0, ""))
    return most[1] if most[0] else None


def _nearest(
    word: str, stem: str, keywords: KeywordIndex, texts: Texts, *, name: bool
) -> str | None:
    """The word of the corpus that is fewest edits away, one for a short word and two for a long one;
    of several the most frequent. A name is taken for nothing but a name."""
    if len(word) < _SHORTEST:
        return None
    most = 2 if len(word) >= _LONG else 1
    passages = keywords.resembling(stem, most, _READ)
    if not passages and most < 2:  # stems may differ more than the words that they are of
        passages = keywords.resembling(stem, 2, _READ)
    if not passages and len(word) >= _LONG - 1:
        # A misspelt ending is no ending: the stem that is meant is shorter.
        passages = keywords.resembling(stem[:-2], 1, _READ)
    counts = Counter(
        found.lower()
        for text in texts(passages)
        for found in _WORD.findall(text)
        if found[0].isupper() or not name
    )
    return nearest_word(word.lower(), counts, most)
