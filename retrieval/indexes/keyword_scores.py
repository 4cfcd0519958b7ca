"""Run tantivy's queries: the values of a field that they find, with their scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import tantivy

from retrieval.text.answer_counts import Kind

# How many more documents are fetched, for those with the same score as the last one.
_TIES = 32
# Scores that differ only after this many decimals are equal.
_DIGITS = 3

Floats: TypeAlias = npt.NDArray[np.float32]
Ints: TypeAlias = npt.NDArray[np.int64]


def run(
    index: tantivy.Index,
    wanted: tantivy.Query,
    filters: Sequence[tantivy.Query],
    limit: int,
    field: str,
) -> list[tuple[int, float]]:
    """Return ``(value of the field, score)`` for the ``limit`` best documents, of equal ones those
    with the lowest value. ``filters`` don't change scores."""
    passing = [(tantivy.Occur.Must, tantivy.Query.const_score_query(f, 0.0)) for f in filters]
    searcher = index.searcher()
    found = searcher.search(
        tantivy.Query.boolean_query([(tantivy.Occur.Must, wanted), *passing]),
        limit + _TIES,
        count=False,
    ).hits
    values = searcher.fast_field_values(field, [address for _, address in found])
    scored = [(int(v), float(s)) for v, (s, _) in zip(values, found, strict=True) if v]
    scored.sort(key=lambda entry: (-round(entry[1], _DIGITS), entry[0]))
    return scored[:limit]


def lowest(index: tantivy.Index, wanted: tantivy.Query, limit: int, field: str) -> list[int]:
    """Return the ``limit`` lowest values of the field among the documents found, regardless of
    scores."""
    found = index.searcher().search(
        wanted, limit, count=False, order_by_field=field, order=tantivy.Order.Asc
    )
    return [int(value) for value, _ in found.hits if value is not None]


def run_among(
    index: tantivy.Index, wanted: tantivy.Query, field: str, values: Sequence[int]
) -> list[tuple[int, float]]:
    """Return the same for the documents with one of these values of the field."""
    schema, should = index.schema, tantivy.Occur.Should
    # Faster than a set of terms for hundreds of values.
    terms = [tantivy.Query.term_query(schema, field, value, "basic") for value in values]
    among = tantivy.Query.boolean_query([(should, term) for term in terms])
    return run(index, wanted, [among], len(values), field)


def enter(scores: Floats, ids: Ints, found: Sequence[tuple[int, float]]) -> None:
    """Write scores into ``scores``, which is aligned with the ascending ``ids``: ``found`` has
    pairs (id, score)."""
    if found:
        values, entries = zip(*found, strict=True)
        places = np.minimum(np.searchsorted(ids, values), len(ids) - 1)
        here = ids[places] == values
        scores[places[here]] = np.array(entries, dtype=np.float32)[here]


def counted(
    index: tantivy.Index, kind: Kind, passage_ids: Sequence[int]
) -> list[tuple[int, float]]:
    """Return pairs of a passage id and how many things of a kind the passage holds."""
    searcher = index.searcher()
    should = tantivy.Occur.Should
    terms = [tantivy.Query.term_query(index.schema, "passage", i, "basic") for i in passage_ids]
    among = tantivy.Query.boolean_query([(should, term) for term in terms])
    hits = searcher.search(
        tantivy.Query.const_score_query(among, 0.0), len(passage_ids), count=False
    ).hits
    addresses = [address for _, address in hits]
    ids = searcher.fast_field_values("passage", addresses)
    counts = searcher.fast_field_values(kind, addresses)
    return [(int(i), float(n or 0)) for i, n in zip(ids, counts, strict=True) if i is not None]
