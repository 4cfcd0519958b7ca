"""What the catalogue is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from retrieval.articles import Status

# Raise it when what the indexes hold changes: start-up then makes older ones anew.
LAYOUT = 2


@dataclass(frozen=True, slots=True)
class Corpus:
    id: int
    name: str
    generation: int
    layout: int = LAYOUT


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of an article when it was handed in; ``version_id`` if it has to be indexed."""

    status: Status
    article_id: str
    version_id: int | None = None


@dataclass(frozen=True, slots=True)
class PendingVersion:
    """A version on its way into the indexes, with the spans of its passages."""

    id: int
    title: str
    text: str
    source_key: str | None
    host: str | None
    published_from: int | None
    published_to: int | None
    visible_from: int
    passages: tuple[tuple[int, int, int], ...]  # (passage id, start, end)


class Candidate(NamedTuple):
    """What search has to know of a passage to filter and rank it."""

    passage_id: int
    vector: bytes | None  # float16, little-endian
    article_id: str
    content_hash: str
    source_key: str | None
    host: str | None
    published_from: int | None
    published_to: int | None
    visible_from: int


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    name: str
    articles: int
    passages: int
    unfinished: int
    newest_title: str | None
    newest_published_at: str | None
