"""Say why there is no answer: what the nearest articles are about, and what of the question they
lack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bot.answering.extractive.selection import Quotation, Selection, select
from bot.answering.models import Answer, Reason
from bot.i18n import describe, language_of, reply_text
from retrieval.indexes.common_words import is_common
from retrieval.models import SearchResult, SearchResults
from retrieval.search.query import content_words
from retrieval.text.stemming import stems

_READ = 10
# The texts of quoted articles are searched several times for one question.
_CACHED_TEXTS = 256
# A word that articles capitalize in this share of at least so many cases is a name.
_CAPITAL = 0.8
_TIMES = 2
_MOST_UNSAID = 3
_WORD = re.compile(r"[^\W_]+")
_BEGINS = re.compile(r"(?:^|[.!?:\n“\"]\s*)$")
_MOST_WORDS = 8


def why_declined(
    found: SearchResults, reason: Reason, language: str, unsaid: Sequence[str] = ()
) -> str:
    """Return the reason in one sentence; empty if the search's notes say it already.

    ``unsaid`` are words known to be missing. Without them, the words counted are those that the
    nearest passage lacks and an article on the subject would have: names, numbers and rare words.
    An article may well answer "anything new" in other words.
    """
    if found.notes and reason == "nothing-in-range":
        return ""
    texts = [f"{hit.passage.article.title} {hit.passage.text}" for hit in found.hits[:_READ]]
    known = [_stems_in(text, found.stemming) for text in texts]
    words = [
        (word, set(stems(word, found.stemming)))
        for word in content_words(found.question, found.language)[:_MOST_WORDS]
    ]
    # The passage with most of the question: others may have its words by chance.
    best = max(
        known,
        key=lambda stand: sum(bool(stand & own) for _, own in words),
        default=frozenset[str](),
    )
    told = [word for word, own in words if not own or best & own]
    lacking = [word for word, _ in words if word not in told]
    missing = list(unsaid) or [word for word in lacking if not is_common(word)]
    told = [word for word in told if word not in missing]
    if not told or len(lacking) > len(told):
        return reply_text(language, "decline-nothing-on-it")
    if missing:
        return reply_text(
            language, "decline-missing", subject=" ".join(told), missing=", ".join(missing)
        )
    return reply_text(language, "decline-not-told", subject=" ".join(told))


def told_by_limits(declined: Answer, language: str) -> Answer:
    """Return a decline that says first that the question's limits left nothing, if they did."""
    if (limit := declined.left_nothing) is None:
        return declined
    notes = declined.notes
    if declined.nearest:  # they are listed with their dates
        notes = tuple(note for note in notes if note.code != "nearest-date")
    return replace(declined, text=describe(limit, language_of(language)), notes=notes)


def with_names(
    question: str, found: SearchResults, selection: Selection
) -> tuple[Selection, list[str]]:
    """Return the selection from passages that have the names of the question, and the names that
    are missing from it; none if all is well."""
    missing = missing_names(question, found, selection.quotations)
    if not missing:
        return selection, []
    wanted = [set(stems(word, found.stemming)) for word in missing]
    named = [hit for hit in found.hits if all(map(_told(hit, found).intersection, wanted))]
    if named:
        again = select(replace(found, hits=tuple(named)))
        if again.reason is None and not missing_names(question, found, again.quotations):
            return again, []
    return selection, missing


def missing_names(
    question: str, found: SearchResults, quotations: Sequence[Quotation]
) -> list[str]:
    """Return the names in a question that no quoted article has together with the others: an
    article without somebody's name doesn't answer what is asked about them.

    The results' passages show by their spelling whether a word is a name: people may write
    questions all in lower case.
    """
    unsaid = _unsaid(question, found, quotations)
    return [word for word in unsaid if _is_written_large(word, found)]


def doubtful_names(
    question: str, found: SearchResults, quotations: Sequence[Quotation]
) -> list[str]:
    """Return words of a question that no quoted passage has and that are too rare in the results to
    show by their spelling whether they are names."""
    unsaid = _unsaid(question, found, quotations)
    return [word for word in unsaid if sum(_written(word, found)) < _TIMES]


def is_name(word: str, elsewhere: SearchResults) -> bool:
    """Return whether a word is a name, by the spelling in the results of a search for it alone."""
    return _is_written_large(word, elsewhere)


def _unsaid(question: str, found: SearchResults, quotations: Sequence[Quotation]) -> list[str]:
    """Return the words of a question, known in the corpus, that the quoted article with most of
    them lacks: statements of different articles about different names answer nothing together."""
    words = [
        (word, own)
        for word in dict.fromkeys(content_words(question, found.language))
        if (own := set(stems(word, found.stemming))) and own & found.weights.keys()
    ]
    told = (_told(quotation.hit, found) for quotation in quotations)
    unsaid = ([word for word, own in words if not own & stand] for stand in told)
    return min(unsaid, key=len, default=[])[:_MOST_UNSAID]


def _told(hit: SearchResult, found: SearchResults) -> frozenset[str]:
    """Return the stems of all results from the article of a result, with its title."""
    article = hit.passage.article
    texts = [article.title, hit.passage.text]
    texts += (
        each.passage.text
        for each in found.hits
        if each.passage.article.article_id == article.article_id
    )
    return _stems_in(" ".join(texts), found.stemming)


@lru_cache(maxsize=_CACHED_TEXTS)
def _stems_in(text: str, stemming: str) -> frozenset[str]:
    return frozenset(stems(text, stemming))


def _is_written_large(word: str, found: SearchResults) -> bool:
    large, small = _written(word, found)
    return large >= _TIMES and large >= _CAPITAL * (large + small)


def _written(word: str, found: SearchResults) -> tuple[int, int]:
    """Return how often a word is capitalized within sentences of the passages, and how often it
    isn't."""
    wanted = word.casefold().removesuffix("'s").removesuffix("’s")
    large = small = 0
    for hit in found.hits:
        text = hit.passage.text
        if wanted not in text.casefold():
            continue
        for match in _WORD.finditer(text):
            if match[0].casefold() != wanted or _BEGINS.search(text[: match.start()][-4:]):
                continue
            large += match[0][0].isupper()
            small += not match[0][0].isupper()
    return large, small
