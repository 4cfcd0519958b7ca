"""The catalogue: what is kept, in SQLite. It is the truth; the indexes can be rebuilt from it."""

from retrieval.catalogue.catalogue import Catalogue
from retrieval.catalogue.records import (
    LAYOUT,
    Acceptance,
    Corpus,
    CorpusCounts,
    KnownStoryMember,
    PendingVersion,
    StoryMember,
    VersionCandidate,
)
from retrieval.catalogue.schema import PASSAGES_PER_VERSION

__all__ = [
    "LAYOUT",
    "PASSAGES_PER_VERSION",
    "Acceptance",
    "Catalogue",
    "Corpus",
    "CorpusCounts",
    "KnownStoryMember",
    "PendingVersion",
    "StoryMember",
    "VersionCandidate",
]
