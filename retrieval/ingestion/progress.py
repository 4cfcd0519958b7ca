"""The progress of an ingestion, for display."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from retrieval.errors import Note
from retrieval.models import IngestItem, IngestResult

_TITLES = 5
_REASONS = 50


@dataclass(slots=True)
class IngestProgress:
    """Counts of articles: ``found`` in the sources so far, ``fetched``, ``extracted``, ``indexed``
    (including updated and duplicate ones) and ``unchanged``; the number skipped by reason; the
    first titles."""

    found: int = 0
    fetched: int = 0
    extracted: int = 0
    indexed: int = 0
    unchanged: int = 0
    skipped: Counter[Note] = field(default_factory=Counter)
    titles: list[str] = field(default_factory=list)

    @property
    def finished(self) -> int:
        """Return how many articles have a final result."""
        return self.indexed + self.unchanged + sum(self.skipped.values())

    def came(self, incoming: IngestItem) -> None:
        """Count an item that was read or fetched, with or without an article."""
        self.fetched += 1
        self.extracted += incoming.article is not None

    def done(self, results: Iterable[IngestResult]) -> None:
        """Count the results of a batch."""
        for result in results:
            if result.status == "rejected":
                self.skip(result.reason or Note("no-reason-given"))
            elif result.status == "unchanged":
                self.unchanged += 1
            else:
                self.indexed += 1
                if result.title and len(self.titles) < _TITLES:
                    self.titles.append(result.title)

    def skip(self, reason: Note, count: int = 1) -> None:
        """Count skipped articles under their reason."""
        if reason not in self.skipped and len(self.skipped) >= _REASONS:
            reason = Note("other-reasons")
        self.skipped[reason] += count


Report = Callable[[IngestProgress], None]
