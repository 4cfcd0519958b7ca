"""Advise on the search of a corpus: an embedder for its languages, and vectors still to be made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from bot.storage.answers import last_questions
from retrieval.embedders import Embedder
from retrieval.errors import Note
from retrieval.library import Library
from retrieval.text.common_words import likely_language

_QUESTIONS = 200
# A language with a smaller share of the articles or questions may be a detection error.
_SHARE = 0.1


async def search_advice(library: Library, corpus: str) -> list[Note]:
    """Return advice for those who look after a corpus; none if all is well or there is no
    corpus."""
    found = await library.catalogue.corpora.by_name(corpus)
    if found is None:
        return []
    articles = await library.catalogue.articles.languages(found)
    questions = await last_questions(library.database, corpus, _QUESTIONS)
    asked = Counter(code for each in questions if (code := likely_language(each)))
    advice = language_advice(library.embedder, articles, asked)
    lacking = 0
    if library.embedder.deferred:
        lacking = await library.catalogue.vectors.count_lacking(found)
    later = Note("vectors-lacking", count=lacking) if lacking else None
    return [told for told in (advice, later) if told is not None]


def language_advice(
    embedder: Embedder, articles: Mapping[str, int], questions: Mapping[str, int]
) -> Note | None:
    """Return that ``embedder`` doesn't know languages of many articles or questions; None if it
    does. The counts are by language."""
    if embedder.languages is None:
        return None
    present = [*dict.fromkeys([*_many(articles), *_many(questions)])]
    if embedder.languages.issuperset(present):
        return None
    return Note(
        "embedder-languages",
        embedder=embedder.identity.partition("/")[0],
        known=",".join(sorted(embedder.languages)),
        languages=",".join(present),
    )


def _many(counts: Mapping[str, int]) -> list[str]:
    """Return the languages with a relevant share, the most frequent first."""
    total = sum(counts.values())
    common = [code for code, count in counts.items() if count >= _SHARE * total]
    return sorted(common, key=lambda code: (-counts[code], code))
