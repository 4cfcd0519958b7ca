"""What a corpus shows, as arrays that search filters and ranks by without querying the
catalogue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval.catalogue.publishers import SourceFilter
from retrieval.catalogue.records import VersionCandidate
from retrieval.catalogue.schema import ACCEPTED, INDEXED, PASSAGES_PER_VERSION
from retrieval.models import RelatedArticle
from retrieval.timestamps import TimeRange, to_micros

Ints: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

# With so many more hidden versions than shown ones, everything is read anew.
_MOST_DEAD = 1_000
_LEAST, _MOST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


class VersionRow(NamedTuple):
    """A version as it is in the catalogue; times are microseconds since 1970."""

    id: int
    state: str
    passages: int
    article_id: str
    url: str | None
    source: str | None
    source_key: str | None
    host: str | None
    published_from: int | None
    published_to: int | None
    visible_from: int
    story_id: int | None
    copy_id: int | None


class StoryOutlet(NamedTuple):
    """Where an article appeared: the publisher that it names, the same in its comparable form, its
    host."""

    source: str | None
    source_key: str | None
    host: str | None


class StoryLabel(NamedTuple):
    """The id and the URL of an article."""

    article_id: str
    url: str | None


@dataclass(frozen=True, slots=True, eq=False)
class VisibleVersions:
    """The versions of one corpus that may be shown, as of a revision of it.

    It never changes; ``advanced`` makes the next one. Arrays have the shape ``(versions,)``, in the
    order of ``ids``, and times are microseconds since 1970. A mask has this shape too. Lists only
    grow, and are shared with the next one.
    """

    revision: int
    ids: Ints
    live: Mask
    counts: Ints  # of passages
    # Passages are numbered in the order of arrival: the number of each version's first one.
    firsts: Ints
    visible_from: Ints
    published_from: Ints
    published_to: Ints
    stories: Ints
    copies: Ints
    outlets: npt.NDArray[np.int32]
    known_outlets: dict[StoryOutlet, int]
    labels: list[StoryLabel]
    numbered: int = 0  # passages so far, including those of versions no longer shown

    @classmethod
    def of(cls, revision: int, rows: Sequence[VersionRow]) -> VisibleVersions:
        """Return the versions of ``rows``, which are in the order of their ids."""
        nothing = np.zeros(0, dtype=np.int64)
        empty = cls(
            revision,
            nothing,
            nothing.astype(bool),
            nothing,
            nothing,
            nothing,
            nothing,
            nothing,
            nothing,
            nothing,
            nothing.astype(np.int32),
            {},
            [],
        )
        return empty._with(rows) if rows else empty

    def advanced(self, revision: int, rows: Sequence[VersionRow]) -> VisibleVersions | None:
        """Return this snapshot after ``rows``, in the order of their ids, have changed.

        None if it has to be read anew: because a version was cut into other passages, or because
        most versions that it holds are no longer shown.
        """
        places = self._places(_ints(row.id for row in rows)).tolist()
        live, stories, copies = self.live.copy(), self.stories.copy(), self.copies.copy()
        fresh = []
        for row, place in zip(rows, places, strict=True):
            if place < 0:
                if row.state in (ACCEPTED, INDEXED):
                    fresh.append(row)
                continue
            if row.state == INDEXED and self.counts[place] != row.passages:
                return None
            live[place] = row.state == INDEXED
            stories[place], copies[place] = row.story_id or 0, row.copy_id or 0
        if np.count_nonzero(~live) > np.count_nonzero(live) + _MOST_DEAD:
            return None
        changed = replace(self, revision=revision, live=live, stories=stories, copies=copies)
        return changed._with(fresh) if fresh else changed

    def _with(self, fresh: Sequence[VersionRow]) -> VisibleVersions:
        """Return the snapshot with versions that it doesn't hold yet."""
        for row in fresh:
            self.known_outlets.setdefault(_outlet(row), len(self.known_outlets))
        counts = _ints(row.passages for row in fresh)
        more = {
            "ids": _ints(row.id for row in fresh),
            "live": np.array([row.state == INDEXED for row in fresh], dtype=bool),
            "counts": counts,
            "firsts": self.numbered + np.cumsum(counts) - counts,
            "visible_from": _ints(row.visible_from for row in fresh),
            # An article without a date passes no bound.
            "published_from": _ints(_or(row.published_from, _MOST) for row in fresh),
            "published_to": _ints(_or(row.published_to, _LEAST) for row in fresh),
            "stories": _ints(row.story_id or 0 for row in fresh),
            "copies": _ints(row.copy_id or 0 for row in fresh),
            "outlets": np.array([self.known_outlets[_outlet(r)] for r in fresh], dtype=np.int32),
        }
        arrays = {name: np.concatenate([getattr(self, name), new]) for name, new in more.items()}
        labels = self.labels
        ids = arrays["ids"]
        if len(self.ids) and fresh[0].id < self.ids[-1]:
            # Ingested concurrently, or restored: these don't come last.
            order = np.argsort(ids, kind="stable")
            arrays = {name: values[order] for name, values in arrays.items()}
            every = [*labels[: len(self.ids)], *map(_label, fresh)]
            labels = [every[row] for row in order.tolist()]
        else:
            labels.extend(map(_label, fresh))
        numbered = self.numbered + int(counts.sum())
        return replace(self, labels=labels, numbered=numbered, **arrays)  # type: ignore[arg-type]

    def _places(self, version_ids: Ints) -> Ints:
        """Return the place of each version among ``ids``; -1 if it isn't there."""
        if not len(self.ids):
            return np.full(len(version_ids), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self.ids, version_ids), len(self.ids) - 1)
        return np.where(self.ids[places] == version_ids, places, -1)

    def passing(self, within: TimeRange, source: SourceFilter | None) -> Mask:
        """Return the mask of the versions that pass the filters of a search. It is exact."""
        passing = self.live & (self.visible_from <= to_micros(within.as_of))
        if within.since is not None:
            passing &= self.published_to >= to_micros(within.since)
        if within.until is not None:
            passing &= self.published_from <= to_micros(within.until)
        if source is not None:
            # Another thread may be adding outlets; those of this snapshot come first.
            admitted = [source.admits(o.source_key, o.host) for o in list(self.known_outlets)]
            passing &= np.array(admitted, dtype=bool)[self.outlets]
        return passing

    def passages(self, of: Mask) -> int:
        """Return how many passages the versions of a mask have."""
        return int(self.counts[of].sum())

    def version_rows(self, passage_ids: Ints) -> Ints:
        """Return the place of each passage's version among ``ids``; -1 if it isn't there. Shape
        ``(passages,)``."""
        rows = self._places(passage_ids // PASSAGES_PER_VERSION)
        if not len(self.ids):
            return rows
        return np.where(passage_ids % PASSAGES_PER_VERSION < self.counts[rows], rows, -1)

    def only(self, passage_ids: Sequence[int], passing: Mask) -> list[int]:
        """Return those passages whose versions are in the mask ``passing``, in the same order."""
        ids = _ints(passage_ids)
        rows = self.version_rows(ids)
        if not len(self.ids):
            return []
        kept: list[int] = ids[(rows >= 0) & passing[rows]].tolist()
        return kept

    def passage_ids(self, of: Mask) -> Ints:
        """Return the ids of the passages of the versions in a mask. Shape ``(passages,)``."""
        rows = np.flatnonzero(of)
        counts = self.counts[rows]
        starts = np.repeat(
            self.ids[rows] * PASSAGES_PER_VERSION - (np.cumsum(counts) - counts), counts
        )
        return starts + np.arange(len(starts))

    def numbers(self, passage_ids: Ints) -> Ints:
        """Return the numbers of passages that it holds, counted through all versions. Shape
        ``(passages,)``."""
        rows = np.searchsorted(self.ids, passage_ids // PASSAGES_PER_VERSION)
        return self.firsts[rows] + passage_ids % PASSAGES_PER_VERSION

    def candidates(self, passage_ids: Ints) -> list[VersionCandidate]:
        """Return what search needs to know of passages that it holds, in the same order."""
        return self._candidates(passage_ids.tolist(), self.version_rows(passage_ids))

    def reports_of_stories(
        self, story_ids: Sequence[int]
    ) -> dict[int, list[tuple[VersionCandidate, RelatedArticle]]]:
        """Return by story the shown articles that report it, oldest first, unfiltered. Their
        candidates have the passage id 0."""
        known = list(self.known_outlets)
        told = {}
        for story in story_ids:
            rows = np.flatnonzero((self.stories == story) & self.live)
            rows = rows[np.lexsort((self.ids[rows], self.visible_from[rows]))]
            outlets = self.outlets[rows].tolist()
            told[story] = [
                (
                    teller,
                    RelatedArticle(teller.article_id, known[outlet].source, self.labels[row].url),
                )
                for teller, row, outlet in zip(
                    self._candidates([0] * len(rows), rows), rows.tolist(), outlets, strict=True
                )
            ]
        return told

    def sources(self) -> list[tuple[str, int]]:
        """Return pairs of a publisher's name as articles give it, and how many shown articles
        do."""
        counts = np.bincount(self.outlets[self.live], minlength=len(self.known_outlets))
        found: Counter[str] = Counter()
        for outlet, count in zip(list(self.known_outlets), counts.tolist(), strict=False):
            if outlet.source is not None and count:
                found[outlet.source] += count
        return list(found.items())

    def names_by_host(self) -> list[tuple[str, str]]:
        """Return pairs of a host and a publisher's name that articles there give."""
        return [
            (outlet.host, outlet.source)
            for outlet in self.known_outlets
            if outlet.host is not None and outlet.source is not None
        ]

    def _candidates(self, passage_ids: Sequence[int], rows: Ints) -> list[VersionCandidate]:
        outlets = list(self.known_outlets)
        columns = (
            values[rows].tolist()
            for values in (
                self.outlets,
                self.stories,
                self.copies,
                self.published_from,
                self.published_to,
                self.visible_from,
            )
        )
        return [
            VersionCandidate(
                passage_id,
                story or None,
                copy or None,
                self.labels[row].article_id,
                outlets[outlet].source_key,
                outlets[outlet].host,
                None if start == _MOST else start,
                None if end == _LEAST else end,
                visible,
            )
            for passage_id, row, outlet, story, copy, start, end, visible in zip(
                passage_ids, rows.tolist(), *columns, strict=True
            )
        ]


def _outlet(row: VersionRow) -> StoryOutlet:
    return StoryOutlet(row.source, row.source_key, row.host)


def _label(row: VersionRow) -> StoryLabel:
    return StoryLabel(row.article_id, row.url)


def _ints(values: object) -> Ints:
    return np.array(list(values), dtype=np.int64)  # type: ignore[call-overload]


def _or(value: int | None, missing: int) -> int:
    return missing if value is None else value
