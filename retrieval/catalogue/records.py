"""What the catalogue takes and returns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from retrieval.catalogue.schema import PASSAGES_PER_VERSION
from retrieval.errors import Note
from retrieval.models import Status

# Increase it when the content of the indexes changes: start-up then makes older ones anew.
LAYOUT = 8
# Prefixes of the names of corpora that are being or were deleted; no other name begins like that.
GONE = "\x7f"
DOOMED = f"{GONE}doomed "
ERASED = f"{GONE}erased "
# Prefix of the URL of an article that was erased for good; its id stays.
PURGED = "purged:"
# The property that keeps the highest version id ever given, when versions are deleted.
LAST_VERSION = "last_version"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus. ``generation`` numbers the build of its indexes that is in use, ``layout`` what
    they hold."""

    id: int
    name: str
    generation: int
    layout: int = LAYOUT
    # The address of the Chroma server that has its vectors, where there are several; None if none was
    # chosen yet.
    vector_server: str | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What became of an article that was handed in; ``version_id`` is set if it has to be
    indexed."""

    status: Status
    article_id: str
    version_id: int | None = None
    reason: Note | None = None


@dataclass(frozen=True, slots=True)
class PendingVersion:
    """A version on its way into the indexes, with the spans of its passages. Times are microseconds
    since 1970."""

    id: int
    article_id: str
    title: str
    text: str
    content_hash: str
    source_key: str | None
    host: str | None
    published_from: int | None
    published_to: int | None
    visible_from: int
    language: str | None
    passages: tuple[tuple[int, int, int], ...]  # (passage id, start, end)


def article_id_of(corpus_id: int, canonical_url: str) -> str:
    """Return an article's id, 16 hexadecimal digits that depend on the corpus and the URL alone."""
    return hashlib.sha256(f"{corpus_id}\n{canonical_url}".encode()).hexdigest()[:16]


class VersionCandidate(NamedTuple):
    """What search needs to filter and rank a passage. Times are microseconds since 1970."""

    passage_id: int
    story_id: int | None
    copy_id: int | None
    article_id: str
    source_key: str | None
    host: str | None
    published_from: int | None
    published_to: int | None
    visible_from: int

    @property
    def text_id(self) -> int:
        """An id that near-copies share: that of their group, else of the version."""
        return self.copy_id or self.passage_id // PASSAGES_PER_VERSION


class StoryMember(NamedTuple):
    """A version's place among the stories, with the features that clustering compares."""

    version_id: int
    story_id: int
    copy_id: int
    sketch: bytes  # uint32, little-endian
    names: dict[str, int]
    traits: bytes | None


class KnownStoryMember(NamedTuple):
    """A stored member, with what the catalogue knows of its version; ``visible_from`` is in
    microseconds."""

    member: StoryMember
    content_hash: str
    visible_from: int
    vector: bytes | None  # of its first passage


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    """What a corpus holds: ``unfinished`` versions are on their way into or out of the indexes."""

    name: str
    articles: int
    passages: int
    unfinished: int
    newest_title: str | None
    newest_published_at: str | None
