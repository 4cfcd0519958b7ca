"""Find what is new in stories that somebody was already told about.

A story is told again, as an update, if six hours or more after the last time a report came in that
isn't a near-copy of an earlier one and has a sentence that no earlier one has. In the first hours
other outlets only say the same in other words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.answering.summaries import extractive
from bot.answering.summaries.digest import DigestStory
from bot.answering.summaries.extractive import LoadedReport
from retrieval.catalogue import Catalogue, Corpus
from retrieval.catalogue.coverage import Report, passages_of, reports_of_stories
from retrieval.timestamps import TimeRange, to_micros

_LATER = timedelta(hours=6)
_READ_PASSAGES = 6  # of each report
_READ_REPORTS = 8  # the last ones


@dataclass(frozen=True, slots=True)
class Development:
    """A story with only its new reports, and the sentences of earlier ones."""

    story: DigestStory
    known: tuple[str, ...]


async def developments(
    catalogue: Catalogue,
    corpus: Corpus,
    stories: Sequence[DigestStory],
    told: Mapping[int, datetime],
    as_of: datetime,
) -> dict[int, Development]:
    """Return by id those of ``stories`` that were ``told`` at a time and have changed since. Raises
    ``StorageError``."""
    since = {story: to_micros(moment + _LATER) for story, moment in told.items()}
    late = [s for s in stories if s.story_id in since and s.latest.at >= since[s.story_id]]
    if not late:
        return {}
    every = await reports_of_stories(
        catalogue, corpus, [story.story_id for story in late], TimeRange(as_of)
    )
    found = {}
    for story in late:
        first = since[story.story_id]
        old = [r for r in every if r.story_id == story.story_id and r.at < first]
        copied = {report.copy_id for report in old}
        new = [r for r in story.reports if r.at >= first and r.copy_id not in copied]
        if not new:
            continue
        before = await _read(catalogue, old)
        if await asyncio.to_thread(extractive.dissimilar, await _read(catalogue, new), before):
            known = tuple(extractive.sentences_of(before))
            found[story.story_id] = Development(
                replace(story, reports=tuple(new), is_update=True), known
            )
    return found


async def _read(catalogue: Catalogue, reports: Sequence[Report]) -> list[LoadedReport]:
    last = reports[-_READ_REPORTS:]
    passages = await passages_of(catalogue, [r.version_id for r in last], _READ_PASSAGES)
    return [LoadedReport(report, passages.get(report.version_id, [])) for report in last]
