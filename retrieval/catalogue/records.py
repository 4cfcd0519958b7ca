"""What the catalogue is given and gives back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from retrieval.catalogue.schema import PASSAGES_PER_VERSION
from retrieval.errors import Note
from retrieval.models import Status

# Raise it when what the indexes hold changes: start-up then makes older ones anew.
LAYOUT = 8
# Names of corpora that are being deleted and that were; no corpus that can be asked for begins so.
GONE = "\x7f"
DOOMED = f"{GONE}doomed "
ERASED = f"{GONE}erased "
# The address of an article that was erased for good begins so; its id stays.
PURGED = "purged:"
# The property that remembers the highest version that ever was, when versions are deleted.
LAST_VERSION = "last_version"


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
    reason: Note | None = None


@dataclass(frozen=True, slots=True)
class PendingVersion:
    """A version on its way into the indexes, with the spans of its passages."""

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
    """An article's id: the same for the same URL in the same corpus, and only there."""
    return hashlib.sha256(f"{corpus_id}\n{canonical_url}".encode()).hexdigest()[:16]


class VersionCandidate(NamedTuple):
    """What search has to know of a passage to filter and rank it."""

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
        """The same for near-copies."""
        return self.copy_id or self.passage_id // PASSAGES_PER_VERSION


class StoryMember(NamedTuple):
    """A version's place among the stories, with what grouping compares it by."""

    version_id: int
    story_id: int
    copy_id: int
    sketch: bytes  # uint32, little-endian
    names: dict[str, int]
    traits: bytes | None


class KnownStoryMember(NamedTuple):
    """A member as it is read back, with what the catalogue knows of its version."""

    member: StoryMember
    content_hash: str
    visible_from: int
    vector: bytes | None  # of its first passage


@dataclass(frozen=True, slots=True)
class CorpusCounts:
    name: str
    articles: int
    passages: int
    unfinished: int
    newest_title: str | None
    newest_published_at: str | None
