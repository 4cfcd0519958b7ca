"""Stems of words by language: what the keyword index holds, and how answers compare words.

Latin words are stemmed by Snowball's stemmer (Porter, 2001) of the language given; Cyrillic,
Arabic, Greek and Tamil words by that of their script. Where there is none, the first five letters
stand for a word, which measures as well as Snowball (Hits@5 of Turkish 0.975, of Russian 0.980).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import islice

import tantivy

from retrieval.text.words import words

_LATIN = {
    "da": "danish", "de": "german", "en": "english", "es": "spanish", "fi": "finnish",
    "fr": "french", "hu": "hungarian", "it": "italian", "nb": "norwegian", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "sv": "swedish",
    "tr": "turkish",
}  # fmt: skip
_BY_SCRIPT = ("russian", "arabic", "greek", "tamil")
# Languages in other scripts: their Latin words are names, mostly English ones.
_NOT_LATIN = frozenset(
    "am ar as be bg bn dz el fa gu he hi hy ja ka kk km kn ko ky lo mk ml mn mr my ne or pa ps ru si"
    " sr ta te th ug uk ur yi yue zh".split()
)
_CUT = 5
# The same names and words are stemmed repeatedly; so many of them are cached.
_SHORT, _CACHED = 40, 16_384
_KNOWN_WORDS = 65_536
_DIGIT = re.compile(r"\d")  # a number or a code has no ending
# Codes of an unknown language, and of text without one.
_NONE = frozenset(["und", "zxx"])
# Tones distinguish words there, which have one syllable: nothing is cut or folded.
_WHOLE = frozenset(["vi"])
# At the end of a syllable the tone may be on either of two vowels: "hoà" is "hòa".
_TONES = dict(
    zip(
        "oà oá oả oã oạ oè oé oẻ oẽ oẹ uỳ uý uỷ uỹ uỵ".split(),
        "òa óa ỏa õa ọa òe óe ỏe õe ọe ùy úy ủy ũy ụy".split(),
        strict=True,
    )
)
_NOT_ASCII_LATIN = re.compile("[^\x00-\u02ff\u1e00-\u20ff]")
# Hebrew, the alphabets of India but Tamil's, Armenian, Georgian, Ethiopic.
_CUT_SCRIPTS = re.compile("[\u0530-\u05ff\u0900-\u0b7f\u0c00-\u0dff\u10a0-\u10ff\u1200-\u139f]")


def stems(text: str, language: str | None = None) -> list[str]:
    """Return the stems of a text's words in order, one for each of ``words.placed_words``. Fast for
    a question or a sentence; ``language`` is an ISO 639-1 code."""
    if len(text) <= _SHORT:
        return list(_short_stems(text, language))
    return stems_of(words(text), language)


def stems_of_each(texts: Sequence[str], language: str | None = None) -> list[list[str]]:
    """Return the ``stems`` of each text, faster than one by one."""
    found = [words(text) for text in texts]
    plain = [each for each in found if all(map(str.isascii, each))]
    # Stemming one word takes as long as stemming a hundred.
    stemmed = iter(stems_of([word for each in plain for word in each], language))
    return [
        list(islice(stemmed, len(each)))
        if all(map(str.isascii, each))
        else stems_of(each, language)
        for each in found
    ]


@lru_cache(maxsize=_CACHED)
def _short_stems(text: str, language: str | None) -> tuple[str, ...]:
    return tuple(stems_of(words(text), language))


def stems_of(found: Sequence[str], language: str | None = None) -> list[str]:
    """Return the stems of words that are in their one form."""
    form = form_of(language)
    if not all(map(str.isascii, found)):
        return _stemmed(found, form)
    # Few words of a text haven't occurred in earlier ones.
    known = _known_stems[form]
    stemmed = list(map(known.get, found))
    if None in stemmed:
        new = [word for word, stem in zip(found, stemmed, strict=True) if stem is None]
        new = list(dict.fromkeys(new))
        made = dict(zip(new, _stemmed(new, form), strict=True))
        stemmed = [made[w] if s is None else s for w, s in zip(found, stemmed, strict=True)]
        if len(known) + len(made) > _KNOWN_WORDS:
            known.clear()
        known.update((word, made[word]) for word in new if len(word) <= _SHORT)
    return stemmed  # type: ignore[return-value]


def stem_of(word: str, language: str | None = None) -> str:
    """Return the stem of a word in its one form."""
    return stems_of([word], language)[0] if word else ""


# By form, the stems of words that were stemmed before. Any thread may read and add.
_known_stems: defaultdict[str, dict[str, str]] = defaultdict(dict)


def _stemmed(found: Sequence[str], form: str) -> list[str]:
    line = " ".join(found)
    if not line:
        return []
    other = not line.isascii() and _NOT_ASCII_LATIN.search(line) is not None
    stemmed: list[str] = _analyzer(form, other).analyze(line)
    if form == "cut":
        return [stem if _DIGIT.search(stem) else stem[:_CUT] for stem in stemmed]
    if form == "whole":
        return [stem[:-2] + _TONES.get(stem[-2:], stem[-2:]) for stem in stemmed]
    if other and _CUT_SCRIPTS.search(line):
        return [stem[:_CUT] if _CUT_SCRIPTS.match(stem) else stem for stem in stemmed]
    return stemmed if all(stemmed) else [s or w for s, w in zip(stemmed, found, strict=True)]


@lru_cache(maxsize=256)
def form_of(language: str | None) -> str:
    """Return how Latin words of a language are stemmed; languages with the same form have the same
    stems."""
    if not language or language in _NONE:
        return "english"
    code = language.partition("-")[0].lower()
    if code in _WHOLE:
        return "whole"
    return _LATIN.get(code) or ("english" if code in _NOT_LATIN else "cut")


def stemming_language(language: str, articles: Mapping[str, int]) -> str:
    """Return the language by which a question is stemmed: its own if there are articles with such
    stems, or else that of most articles. ``articles`` says how many are in each language."""
    held = {form_of(code) for code in articles}
    if not articles or form_of(language) in held:
        return language
    return max(articles, key=lambda code: articles[code])


@cache
def _analyzer(form: str, others: bool) -> tantivy.TextAnalyzer:
    """``others`` says whether there are words in other scripts than Latin."""
    fold = tantivy.Filter.ascii_fold()
    filters = [tantivy.Filter.lowercase()]
    if form == "english":
        filters += [fold, tantivy.Filter.stemmer("english")]
    elif form == "whole":
        pass
    elif form == "cut":
        filters.append(fold)
    else:  # umlauts tell endings
        filters += [tantivy.Filter.stemmer(form), fold]
    if others:
        filters += [tantivy.Filter.stemmer(name) for name in _BY_SCRIPT]
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    for each in filters:
        builder = builder.filter(each)
    return builder.build()
