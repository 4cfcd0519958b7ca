"""How often terms stand in the living documents of an index, whatever was deleted from it before.

tantivy's statistics count deleted documents until their segment is merged, so that two indexes of the
same articles would score them differently. Scores of BM25 depend on how many documents there are, how
many of them have a term, and how long they are on average. The first two are set right here, the third
is the same for all documents (``keyword_schema.padded``).
"""

from __future__ import annotations

from typing import Any

import tantivy

from retrieval.indexes.common_words import idf
from retrieval.indexes.keyword_schema import PADDING


class TermStatistics:
    """The statistics of an index as it stood when it was last committed."""

    def __init__(self, index: tantivy.Index) -> None:
        self.searcher = index.searcher()
        self._schema = index.schema
        self.count = int(self.searcher.num_docs)
        # Every document has the term, the deleted ones too; none of an older layout has it.
        self._with_deleted = max(self.count, int(self.searcher.doc_freq("title", PADDING)))
        # A commit adds a segment, a deletion takes a document, a merge both.
        self.state = (self.count, self._with_deleted, int(self.searcher.num_segments))
        self._known: dict[tuple[str, str], int] = {}

    def frequency(self, field: str, term: str) -> int:
        """How many documents have a term in a field."""
        if self.count == self._with_deleted:
            return int(self.searcher.doc_freq(field, term))
        known = self._known.get((field, term))
        if known is None:
            query = tantivy.Query.term_query(self._schema, field, term, "basic")
            found: Any = self.searcher.search(query, 1, count=True)  # its stub knows no count
            known = self._known[(field, term)] = int(found.count)
        return known

    def correction(self, field: str, term: str) -> float:
        """What a term's score is to be multiplied with, in which tantivy counts the deleted too."""
        if self.count == self._with_deleted:
            return 1.0
        counted = int(self.searcher.doc_freq(field, term))
        if not counted:
            return 1.0
        return idf(self.count, self.frequency(field, term)) / idf(self._with_deleted, counted)
