"""What an answer is."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.articles import Reference


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source; ``quote`` stands in its article just so."""

    n: int
    article: Reference
    quote: str


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    citations: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer made of cited sentences, or the refusal with the nearest coverage."""

    question: str
    text: str
    abstained: bool
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    nearest: tuple[Reference, ...] = ()
    model: str = "quotations"
    notes: tuple[str, ...] = ()
