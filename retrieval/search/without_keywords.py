"""Search without a keyword index: read the passages that the vectors found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from retrieval.indexes.common_words import idf, share_of_passages
from retrieval.indexes.keyword_index import KeywordIndex, KeywordQuery, TermMeasures
from retrieval.indexes.keyword_scores import Ints
from retrieval.models import Passage
from retrieval.text.answer_counts import Kind
from retrieval.text.stemming import stems

# As many as a corpus is filled up with, of news at large: how rare a word is here, nobody knows.
_PASSAGES = 1_000


class NoKeywords(KeywordIndex):
    """Replaces an index that can't be read: it finds nothing, and measures passages by their words.

    ``passages`` returns the visible passages by their ids.
    """

    def __init__(self, passages: Callable[[Sequence[int]], Mapping[int, Passage]]) -> None:
        super().__init__(Path())
        self._passages = passages
        self._language: str | None = None

    def check(self, expected: int) -> None:
        """Do nothing: this index can't be damaged."""

    def weigh(
        self,
        words: Sequence[str],
        kind: Kind | None = None,
        names: Iterable[str] = (),
        alternatives: Mapping[str, Sequence[tuple[str, ...]]] | None = None,
        language: str | None = None,
    ) -> KeywordQuery:
        self._language = language
        terms = dict.fromkeys(stem for word in words for stem in stems(word, language))
        weights = {stem: idf(_PASSAGES, _PASSAGES * share_of_passages(stem)) for stem in terms}
        of_names = {stem for name in names for stem in stems(name, language)}
        return KeywordQuery(weights, kind, frozenset(of_names & weights.keys()))

    def measure(
        self, query: KeywordQuery, passage_ids: Ints, known: Mapping[int, float]
    ) -> TermMeasures:
        passages = self._passages(passage_ids.tolist())
        total = sum(query.weights.values()) or 1.0
        held = np.zeros(len(passage_ids), dtype=np.float32)
        named = np.zeros(len(passage_ids), dtype=np.float32)
        for row, passage_id in enumerate(passage_ids.tolist()):
            if (passage := passages.get(passage_id)) is None:
                continue
            own = set(stems(f"{passage.article.title}\n{passage.text}", self._language))
            held[row] = sum(w for stem, w in query.weights.items() if stem in own)
            named[row] = sum(w for stem, w in query.weights.items() if stem in own & query.names)
        held, named = held / total, named / total
        return TermMeasures(held, held, named, held, np.zeros_like(held))

    def _opened(self, *, create: bool = False) -> None:
        """There is nothing to open."""
