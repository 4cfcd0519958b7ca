"""Estimate how much more a story is reported than its own reports show.

Clustering is careful: reports of one event in other words remain separate stories, and most stories
of a small corpus have one report. So reports of other stories count as far as they resemble it, and
so do the paragraphs of roundups, whose editors chose the main events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bot.answering.summaries.lexrank import Matrix, likeness

# Reports that only share a subject are less alike.
_ALIKE = 0.12
_SAME_PUBLISHER = 0.5
_ROUNDUP = 0.7


@dataclass(frozen=True, slots=True)
class ReportLead:
    """How a report begins, with its title; for a roundup also its other passages."""

    text: str
    story_id: int
    source: str | None
    is_roundup: bool = False


@dataclass(slots=True)
class Prominence:
    """By story id, the coverage ``beside`` its own, in reports."""

    beside: dict[int, float] = field(default_factory=dict)
    _rows: dict[int, int] = field(default_factory=dict)
    _near: Matrix = field(default_factory=lambda: np.zeros((0, 0)))

    def nearest(self, story_id: int) -> dict[int, float]:
        """Return by story id how similar other stories are, from 0 to 1; empty for a story that
        wasn't compared."""
        if story_id not in self._rows:
            return {}
        row = self._near[self._rows[story_id]]
        return {other: float(row[column]) for other, column in self._rows.items()}


def prominence(leads: Sequence[ReportLead]) -> Prominence:
    """Compare the beginnings of a range's reports. Time and memory grow with the square of their
    number: pass some hundreds at most."""
    told = sorted((x for x in leads if not x.is_roundup), key=lambda lead: lead.story_id)
    votes = [lead for lead in leads if lead.is_roundup]
    if not told:
        return Prominence()
    near = likeness([lead.text for lead in (*told, *votes)])[: len(told)]
    near = np.maximum(near - _ALIKE, 0) / (1 - _ALIKE)
    stories = np.array([lead.story_id for lead in told])
    numbers, starts = np.unique(stories, return_index=True)
    # By story: how similar its most similar report is to each report and roundup paragraph.
    closest = np.maximum.reduceat(near, starts, axis=0)
    other = numbers[:, None] != stories[None, :]
    sources = [{told[i].source for i in np.flatnonzero(stories == n)} for n in numbers]
    worth = np.array(
        [[_SAME_PUBLISHER if lead.source in ours else 1.0 for lead in told] for ours in sources]
    )
    beside = (closest[:, : len(told)] * worth * other).sum(axis=1)
    # The most similar paragraph of each roundup.
    for roundup in {lead.story_id for lead in votes}:
        columns = [len(told) + i for i, lead in enumerate(votes) if lead.story_id == roundup]
        beside += _ROUNDUP * closest[:, columns].max(axis=1)
    between = np.maximum.reduceat(closest[:, : len(told)], starts, axis=1)
    np.fill_diagonal(between, 0)
    ids = [int(number) for number in numbers]
    return Prominence(
        dict(zip(ids, beside.tolist(), strict=True)), {n: i for i, n in enumerate(ids)}, between
    )
