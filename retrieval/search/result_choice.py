"""Which of the ranked candidates become results: one speaker for each text, few passages of each."""

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
    """The candidates that become results, and the best passages of near-copies of them."""

    results: list[ScoredCandidate]
    copies: list[ScoredCandidate]


def choose(
    scored: Sequence[ScoredCandidate], limit: int, passages_per_article: int
) -> ChosenCandidates:
    """The best ``limit``: of near-copies the best one speaks, and few of each among the first.

    There is no such limit for the article that the question is about: the one of the best
    candidate, if no other comes near it.
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
    """Who else tells a hit's story: outlets of the same text first, then other reports."""
    others = [(teller, also) for teller, also in tellers if teller.article_id != own.article_id]
    others.sort(key=lambda entry: entry[0].copy_id != own.copy_id)
    return tuple(also for _, also in others[:_MOST_ALSO])
