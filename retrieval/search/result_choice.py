"""Choose results from ranked candidates: one article per text, few passages per article."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from retrieval.catalogue import VersionCandidate
from retrieval.models import RelatedArticle
from retrieval.search.candidates import ScoredCandidate

_AT_THE_TOP = 5
_NO_RIVAL = 0.8
_MOST_COPIES = 10
_MOST_ALSO = 30


class ChosenCandidates(NamedTuple):
    """The candidates that become results, and the best passages of their near-copies."""

    results: list[ScoredCandidate]
    copies: list[ScoredCandidate]


def choose(
    scored: Sequence[ScoredCandidate], limit: int, passages_per_article: int
) -> ChosenCandidates:
    """Choose the best ``limit`` candidates: of near-copies only the best, and few passages per
    article among the first.

    The article of the best candidate has no such limit if no other article comes close to it.
    """
    chosen: list[ScoredCandidate] = []
    put_back: list[ScoredCandidate] = []
    copies: list[ScoredCandidate] = []
    speakers: dict[int, str] = {}
    taken: Counter[int] = Counter()
    others = (e.score for e in scored if e.candidate.text_id != scored[0].candidate.text_id)
    about = scored[0].candidate.text_id if scored and next(others, 0.0) <= _NO_RIVAL else None
    for entry in scored:
        text = entry.candidate.text_id
        article = entry.candidate.article_id
        if speakers.setdefault(text, article) != article:
            copies.append(entry)
            continue
        if len(chosen) == limit:
            continue
        taken[text] += 1
        crowded = taken[text] > passages_per_article and text != about
        (put_back if crowded and len(chosen) < _AT_THE_TOP else chosen).append(entry)
    rest = sorted(put_back + chosen[_AT_THE_TOP:], key=lambda e: -e.score)
    results = (chosen[:_AT_THE_TOP] + rest)[:limit]
    texts = {entry.candidate.text_id for entry in results}
    told = [entry for entry in copies if entry.candidate.text_id in texts]
    return ChosenCandidates(results, told[:_MOST_COPIES])


def also_told(
    own: VersionCandidate, tellers: Sequence[tuple[VersionCandidate, RelatedArticle]]
) -> tuple[RelatedArticle, ...]:
    """Return the other publishers of a result's story: those of the same text first, then others."""
    others = [(teller, also) for teller, also in tellers if teller.article_id != own.article_id]
    others.sort(key=lambda entry: entry[0].copy_id != own.copy_id)
    return tuple(also for _, also in others[:_MOST_ALSO])
