"""Why there is no answer: what the nearest articles are about, and what of the question they lack."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from bot.answering.extractive.selection import Quotation, Selection, select
from bot.answering.models import Reason
from bot.answering.replies.lines import line
from retrieval.indexes.keyword_schema import stems
from retrieval.models import SearchResults
from retrieval.search.query import content_words

_READ = 10
# A word that articles write with a capital letter so often, of so many times, is a name.
_CAPITAL = 0.8
_TIMES = 2
_MOST_UNSAID = 3
_WORD = re.compile(r"[^\W_]+")
_BEGINS = re.compile(r"(?:^|[.!?:\n“\"]\s*)$")
_MOST_WORDS = 8


def why_declined(
    found: SearchResults, reason: Reason, language: str, unsaid: Sequence[str] = ()
) -> str:
    """The reason in one sentence; empty if the search has told it already.

    ``unsaid`` are the words that are known to be missing; else those of the nearest passage are.
    """
    if found.notes and reason == "nothing-in-range":
        return ""
    texts = [f"{hit.passage.article.title} {hit.passage.text}" for hit in found.hits[:_READ]]
    known = [set(stems(text)) for text in texts]
    words = content_words(found.question)[:_MOST_WORDS]
    # Of the passage that has most of the question: others may have its words by chance.
    best = max(
        known, key=lambda stand: sum(bool(stand & set(stems(w))) for w in words), default=set()
    )
    told = [word for word in words if not stems(word) or best & set(stems(word))]
    missing = list(unsaid) or [word for word in words if word not in told]
    told = [word for word in told if word not in missing]
    if not told or len(missing) > len(told):
        return line(language, "decline-nothing-on-it")
    if missing:
        return line(language, "decline-missing", subject=" ".join(told), missing=", ".join(missing))
    return line(language, "decline-not-told", subject=" ".join(told))


def with_names(
    question: str, found: SearchResults, selection: Selection
) -> tuple[Selection, list[str]]:
    """The selection from articles that have the names of the question, and the names that no
    article has that it could be made from; none if all is well."""
    missing = missing_names(question, found, selection.quotations)
    if not missing:
        return selection, []
    told = _stems_by_article(found)
    named = [
        hit
        for hit in found.hits
        if all(told[hit.passage.article.article_id] & set(stems(word)) for word in missing)
    ]
    if named:
        again = select(replace(found, hits=tuple(named)))
        if again.reason is None and not missing_names(question, found, again.quotations):
            return again, []
    return selection, missing


def _stems_by_article(found: SearchResults) -> dict[str, set[str]]:
    """By article, the stems of its title and of those of its passages that were found."""
    told: dict[str, set[str]] = defaultdict(set)
    for hit in found.hits:
        article = hit.passage.article
        told[article.article_id].update(stems(f"{article.title} {hit.passage.text}"))
    return told


def missing_names(
    question: str, found: SearchResults, quotations: Sequence[Quotation]
) -> list[str]:
    """The names in a question that no quoted article has, as far as the passages of these
    were found: what is asked of somebody is not answered by an article without them.

    Whether a word is a name, the passages that were found say by how they write it: people who ask
    may write all small.
    """
    unsaid = _unsaid(question, found, quotations)
    return [word for word in unsaid if _is_written_large(word, found)]


def _unsaid(question: str, found: SearchResults, quotations: Sequence[Quotation]) -> list[str]:
    """The words of a question, known in the corpus, that no quoted article has."""
    quoted = {quotation.hit.passage.article.article_id for quotation in quotations}
    by_article = _stems_by_article(found)
    told = set().union(*(by_article[each] for each in quoted if each in by_article))
    unsaid = [
        word
        for word in dict.fromkeys(content_words(question))
        if (own := set(stems(word))) and own & found.weights.keys() and not own & told
    ]
    return unsaid[:_MOST_UNSAID]


def _is_written_large(word: str, found: SearchResults) -> bool:
    wanted = word.casefold().removesuffix("'s").removesuffix("’s")
    large = small = 0
    for hit in found.hits:
        text = hit.passage.text
        for match in _WORD.finditer(text):
            if match[0].casefold() != wanted or _BEGINS.search(text[: match.start()][-4:]):
                continue
            large += match[0][0].isupper()
            small += not match[0][0].isupper()
    return large >= _TIMES and large >= _CAPITAL * (large + small)
