"""Why there is no answer: what the nearest articles are about, and what of the question they lack."""

from __future__ import annotations

from bot.answering.models import Reason
from bot.answering.replies.lines import line
from retrieval.indexes.keyword_index import stems
from retrieval.models import SearchResults
from retrieval.search.query import content_words

_READ = 10
_MOST_WORDS = 8


def why_declined(found: SearchResults, reason: Reason, language: str) -> str:
    """The reason in one sentence; empty if the search has told it already."""
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
    missing = [word for word in words if word not in told]
    if not told or len(missing) > len(told):
        return line(language, "decline-nothing-on-it")
    if missing:
        return line(language, "decline-missing", subject=" ".join(told), missing=", ".join(missing))
    return line(language, "decline-not-told", subject=" ".join(told))
