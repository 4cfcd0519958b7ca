"""How often terms occur in the live documents of an index, whatever was deleted from it before.

tantivy's statistics count deleted documents until their segment is merged, so two indexes of the
same articles would score them differently. BM25 scores depend on how many documents there are, how
many of them have a term, and how long they are on average. The first two are corrected here, the
third is the same for all documents (``keyword_schema.padded``).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from typing import Any

import tantivy

from retrieval.indexes.common_words import idf
from retrieval.indexes.keyword_schema import PADDING

# Beyond so many documents with several terms, more make no difference.
_COUNTED = 50


class TermStatistics:
    """The statistics of an index as of its last commit."""

    def __init__(self, index: tantivy.Index) -> None:
        self.searcher = index.searcher()
        self._schema = index.schema
        self.count = int(self.searcher.num_docs)
        # Every document has this term, the deleted ones too; in an older layout none has it.
        self._with_deleted = max(self.count, int(self.searcher.doc_freq("title", PADDING)))
        # A commit adds a segment, a deletion removes a document, a merge does both.
        self.state = (self.count, self._with_deleted, int(self.searcher.num_segments))
        self._known: dict[tuple[str, str], int] = {}

    @functools.cached_property
    def languages(self) -> dict[str, int]:
        """By language, how many documents are in it."""
        found: dict[str, int] = {}
        with contextlib.suppress(ValueError):  # made before languages were stored
            for code, _ in self.searcher.terms_with_prefix("language", ""):
                if frequency := self.frequency("language", code):
                    found[code] = frequency
        return found

    def frequency(self, field: str, term: str) -> int:
        """Return how many documents have a term in a field."""
        if self.count == self._with_deleted:
            return int(self.searcher.doc_freq(field, term))
        known = self._known.get((field, term))
        if known is None:
            query = tantivy.Query.term_query(self._schema, field, term, "basic")
            found: Any = self.searcher.search(query, 1, count=True)  # its stub knows no count
            known = self._known[(field, term)] = int(found.count)
        return known

    def together(self, terms: Sequence[str]) -> int:
        """Return how many documents have all of these terms in their text; for several terms at
        most ``_COUNTED``."""
        if not terms:
            return 0
        if len(terms) == 1:
            return self.frequency("text", terms[0])
        single = [tantivy.Query.term_query(self._schema, "text", term, "basic") for term in terms]
        all_of_them = tantivy.Query.boolean_query([(tantivy.Occur.Must, each) for each in single])
        return len(self.searcher.search(all_of_them, _COUNTED, count=False).hits)

    def correction(self, field: str, term: str) -> float:
        """Return the factor that corrects a term's score for the deleted documents that tantivy
        counts."""
        if self.count == self._with_deleted:
            return 1.0
        counted = int(self.searcher.doc_freq(field, term))
        if not counted:
            return 1.0
        return idf(self.count, self.frequency(field, term)) / idf(self._with_deleted, counted)
