"""The catalogue: what is kept, in SQLite. It is the truth; the indexes can be rebuilt from it."""

from retrieval.catalogue.catalogue import Catalogue
from retrieval.catalogue.records import Acceptance, Candidate, Corpus, CorpusCounts, PendingVersion

__all__ = [
    "Acceptance",
    "Candidate",
    "Catalogue",
    "Corpus",
    "CorpusCounts",
    "PendingVersion",
]
