"""What the keyword index holds of a passage and of a whole article, and how words become its
terms."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any

import tantivy

from retrieval.catalogue import PendingVersion
from retrieval.text.answer_counts import KINDS, counts
from retrieval.text.language import UNKNOWN
from retrieval.text.stemming import stems_of_each
from retrieval.timestamps import TimeRange, to_micros

# The indexed terms are stems already, made by the language of each article.
ANALYZER = "stems"
# In every title, and in no article.
PADDING = "\ue000"
# The padded lengths of a text and of a title: a passage that doesn't fit gets the next length.
# tantivy stores these numbers exactly, which it does with few.
_TEXT_LENGTHS = (200, 408, 856, 1_816, 4_120)
_TITLE_LENGTHS = (20, 40, 88, 184, 408)


def make_analyzer() -> tantivy.TextAnalyzer:
    """Return the analyzer that splits stems at spaces."""
    return tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()


def make_schema() -> tantivy.Schema:
    """Return the fields of the index."""
    builder = tantivy.SchemaBuilder()
    # There are no phrase queries; indexes made with positions work as well.
    builder.add_text_field("text", tokenizer_name=ANALYZER, index_option="freq")
    builder.add_text_field("title", tokenizer_name=ANALYZER, index_option="freq")
    builder.add_text_field("source", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    # Only in the document of a whole article, which has no passage.
    builder.add_text_field("article", tokenizer_name=ANALYZER, index_option="basic")
    builder.add_integer_field("passage", indexed=True, fast=True)
    builder.add_integer_field("version", indexed=True, fast=True)
    builder.add_integer_field("visible_from", fast=True)
    builder.add_integer_field("published_from", fast=True)
    builder.add_integer_field("published_to", fast=True)
    for kind in KINDS:
        builder.add_integer_field(kind, fast=True)
    return builder.build()


def documents_of(version: PendingVersion) -> list[tantivy.Document]:
    """Return the documents of a version: one for the whole article, and one for each passage."""
    language = version.language
    shared: dict[str, Any] = {
        "version": version.id,
        "language": language or UNKNOWN,
        "visible_from": version.visible_from,
        "source": [name for name in (version.source_key, version.host) if name],
    }
    if version.published_from is not None and version.published_to is not None:
        shared["published_from"] = version.published_from
        shared["published_to"] = version.published_to
    texts = [version.text[start:end] for _, start, end in version.passages]
    heading, *words = stems_of_each([version.title, *texts], language)
    title = padded(heading, _TITLE_LENGTHS)
    whole = tantivy.Document(
        article=" ".join([*heading, *chain.from_iterable(words)]),
        version=version.id,
        text=padded((), _TEXT_LENGTHS),
        title=padded((), _TITLE_LENGTHS),
    )
    documents = [whole]
    for (passage_id, _, _), text, own in zip(version.passages, texts, words, strict=True):
        documents.append(
            tantivy.Document(
                passage=passage_id,
                title=title,
                text=padded(own, _TEXT_LENGTHS),
                **counts(text),
                **shared,
            )
        )
    return documents


def padded(stems: Sequence[str], lengths: Sequence[int]) -> str:
    """Return the stems with padding up to the next of ``lengths``.

    With it the average length stays the same whatever was deleted, and BM25 doesn't prefer shorter
    passages: they are cut to about the same length anyway.
    """
    length = next((each for each in lengths if len(stems) < each), len(stems) + 1)
    return " ".join([*stems, *repeat(PADDING, length - len(stems))])


def filters_of(
    schema: tantivy.Schema, within: TimeRange, sources: Sequence[str]
) -> list[tantivy.Query]:
    """Return the queries that limit a search to a time range and, if there are any, to
    ``sources``."""

    def between(field: str, low: int | None, high: int | None) -> tantivy.Query:
        return tantivy.Query.range_query(schema, field, tantivy.FieldType.Integer, low, high)

    filters = [between("visible_from", None, to_micros(within.as_of))]
    if within.since is not None:
        filters.append(between("published_to", to_micros(within.since), None))
    if within.until is not None:
        filters.append(between("published_from", None, to_micros(within.until)))
    if sources:
        filters.append(tantivy.Query.term_set_query(schema, "source", list(sources)))
    return filters
