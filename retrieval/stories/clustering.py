"""Grouping articles as they come in: near-copies of one text, and reports of one event.

Near-copies are told by shared wording: a sample of the hashes of all runs of three words (Broder's
sketches, 1997) estimates how much of the shorter text the longer one contains. Reports of one event
are told by a weighted sum of what pairs of articles have in common (`same_event.py`); an article
joins the story that fits it best, by its nearest report of the last days and by all of them, or
begins one. A roundup of many events joins none of their stories.
"""

from __future__ import annotations

import math
import re
import sys
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval.embedders import Vectors
from retrieval.stories.event_model import (
    Features,
    IdfTable,
    features_of,
    learned_weights,
    log_odds,
)
from retrieval.stories.features import ArticleFeatures, article_features, distinct
from retrieval.text.calendar_names import MONTH, WEEKDAY
from retrieval.text.stop_words import never_names
from retrieval.text.tokens import encoded_words
from retrieval.timestamps import DAY_MICROS

Hashes: TypeAlias = npt.NDArray[np.uint32]

# A capitalised word that does not just begin a sentence.
_NAME = re.compile(r"[A-Z](?<!^[A-Z])(?<!\w[A-Z])(?<!\n[A-Z])(?<![.!?:“”\"\n] [A-Z])[\w’'-]*\w")
_OUTLETS = "CNN AP Reuters AFP BBC".split()
_NAMES_IN = 2_500  # characters
_SAMPLE_FROM = 96  # shingles; fewer are all kept
_SAMPLE_ONE_IN = 4
_MULTIPLIERS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class ClusteringConfig:
    """Where the lines are drawn. Chosen on `tests/benchmarks/stories.py`."""

    copy_days: float = 45.0
    copy_cosine: float = 0.35
    copy_containment: float = 0.35
    # Of texts under a hundred words or so, where one other name or number makes another report.
    short_containment: float = 0.9
    # Reports made to one pattern, of other towns and people, are no copies.
    copy_names: float = 0.25
    candidates: int = 12
    event_days: float = 8.0
    event_cosine: float = 0.4
    event_candidates: int = 32
    # Reports made to one pattern, of other places and people, are of another event.
    event_names: float = 0.1
    # What all reports of a story of the last days count for, beside the one that fits best.
    event_all: float = 1 / 3
    # Of a report of the story that is not even a candidate, the log odds.
    event_stranger: float = -2.0
    # Articles are in one company if they are this near to one another, published from so many days
    # before the earlier of two until the later.
    company_cosine: float = 0.5
    company_days: float = 1.5
    weights: Mapping[str, float] = field(default_factory=learned_weights)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What grouping knows of an article's text. ``sketch`` is of shape ``(samples,)``, sorted."""

    sketch: Hashes
    names: dict[str, int]
    traits: ArticleFeatures


@dataclass(frozen=True, slots=True)
class ClusterDocument:
    """What grouping knows an article by. ``vector`` is of its first passage, ``at`` in microseconds."""

    version_id: int
    digest: str
    at: int
    vector: Vectors
    fingerprint: Fingerprint

    @property
    def sketch(self) -> Hashes:
        return self.fingerprint.sketch

    @property
    def names(self) -> dict[str, int]:
        return self.fingerprint.names

    @property
    def traits(self) -> ArticleFeatures:
        return self.fingerprint.traits


@dataclass(frozen=True, slots=True)
class ClusterAssignment:
    """The story that a version belongs to and, in it, the group of its near-copies; each is known
    by the version that began it."""

    version_id: int
    story_id: int
    copy_id: int


class StoryClusterer:
    """The articles of one corpus that are in, as grouping sees them. Not thread-safe."""

    def __init__(self, dimensions: int, grouping: ClusteringConfig | None = None) -> None:
        self._grouping = grouping or ClusteringConfig()
        self._dimensions = dimensions
        self._size = 0
        self._vectors = np.zeros((1024, dimensions), dtype=np.float32)
        self._at = np.zeros(1024, dtype=np.int64)
        self._stories = np.zeros(1024, dtype=np.int64)
        self._marks: list[ClusterDocument] = []
        self._copies: list[int] = []
        self._by_digest: dict[str, int] = {}
        self._name_counts: Counter[str] = Counter()
        self._rarity = IdfTable()

    def add(self, marks: ClusterDocument, place: ClusterAssignment) -> None:
        """Take in an article whose place is known."""
        if self._size == len(self._at):
            self._vectors = np.concatenate([self._vectors, np.zeros_like(self._vectors)])
            self._at = np.concatenate([self._at, np.zeros_like(self._at)])
            self._stories = np.concatenate([self._stories, np.zeros_like(self._stories)])
        row = self._size
        self._size += 1
        self._vectors[row] = marks.vector
        self._at[row] = marks.at
        self._stories[row] = place.story_id
        self._marks.append(marks)
        self._copies.append(place.copy_id)
        self._by_digest.setdefault(marks.digest, row)
        self._name_counts.update(marks.names.keys())
        self._rarity.add(marks.traits)

    def place(self, marks: ClusterDocument, pinned: int | None = None) -> ClusterAssignment:
        """Find an article's place and take it in. ``pinned`` is the story that a moderator chose."""
        found = self._find(marks)
        if pinned is not None and found.story_id != pinned:
            found = ClusterAssignment(marks.version_id, pinned, marks.version_id)
        self.add(marks, found)
        return found

    def _find(self, marks: ClusterDocument) -> ClusterAssignment:
        rules = self._grouping
        twin = self._by_digest.get(marks.digest)
        if twin is not None:
            return ClusterAssignment(marks.version_id, int(self._stories[twin]), self._copies[twin])
        gaps = (np.abs(self._at[: self._size] - marks.at) / DAY_MICROS).astype(np.float32)
        rows = np.flatnonzero(gaps <= max(rules.copy_days, rules.event_days + rules.company_days))
        if not rows.size:
            return ClusterAssignment(marks.version_id, marks.version_id, marks.version_id)
        gaps = gaps[rows]
        cosines = self._vectors[rows] @ marks.vector
        copy = self._copied(marks, rows, gaps, cosines)
        if copy is not None:
            return ClusterAssignment(marks.version_id, int(self._stories[copy]), self._copies[copy])
        story = self._story(marks, rows, gaps, cosines)
        return ClusterAssignment(marks.version_id, story or marks.version_id, marks.version_id)

    def _copied(
        self, marks: ClusterDocument, rows: npt.NDArray[np.intp], gaps: Vectors, cosines: Vectors
    ) -> int | None:
        """The row of the article that shares most of its wording, if it is enough."""
        rules = self._grouping
        near = np.flatnonzero((gaps <= rules.copy_days) & (cosines >= rules.copy_cosine))
        near = near[np.argsort(-cosines[near], kind="stable")][: rules.candidates]
        mine = self._weighed(marks.names)
        best, most = None, 0.0
        for row in rows[near]:
            other = self._marks[row]
            shared = containment(marks.sketch, other.sketch)
            long = _is_sample(marks.sketch) and _is_sample(other.sketch)
            needed = rules.copy_containment if long else rules.short_containment
            if shared >= max(needed, most) and self._may_be_one(mine, other, rules.copy_names):
                best, most = int(row), shared
        return best

    def compared(self, marks: ClusterDocument) -> tuple[list[ClusterDocument], Features]:
        """The articles that may report the same event as one that is not in yet, and the features of
        the pairs, in the order of ``FEATURES``."""
        gaps = (np.abs(self._at[: self._size] - marks.at) / DAY_MICROS).astype(np.float32)
        rows = np.flatnonzero(gaps <= self._grouping.event_days + self._grouping.company_days)
        near, features = self._compared(marks, rows, gaps[rows], self._vectors[rows] @ marks.vector)
        return [self._marks[row] for row in rows[near]], features

    def _compared(
        self, marks: ClusterDocument, rows: npt.NDArray[np.intp], gaps: Vectors, cosines: Vectors
    ) -> tuple[npt.NDArray[np.intp], Features]:
        """Which of ``rows`` to compare with, the nearest first, and the features of the pairs."""
        rules = self._grouping
        near = np.flatnonzero((gaps <= rules.event_days) & (cosines >= rules.event_cosine))
        near = near[np.argsort(-cosines[near], kind="stable")][: rules.event_candidates]
        near = near[self._may_tell_of_one_event(marks, rows[near])]
        features = features_of(
            marks.traits,
            [self._marks[row].traits for row in rows[near]],
            self._rarity,
            at=marks.at,
            others_at=self._at[rows[near]],
            cosines=cosines[near],
            company=self._company(marks, rows, gaps, cosines, near),
        )
        return near, features

    def _may_tell_of_one_event(
        self, marks: ClusterDocument, rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.bool_]:
        """Which of ``rows`` have names in common with an article; none if an event is but one of
        several in it, nor any in which it is."""
        if marks.traits.roundup:
            return np.zeros(len(rows), dtype=np.bool_)
        mine = self._weighed(marks.names)
        others = [self._marks[row] for row in rows]
        return np.array(
            [
                not other.traits.roundup
                and self._may_be_one(mine, other, self._grouping.event_names)
                for other in others
            ],
            dtype=np.bool_,
        )

    def _may_be_one(self, mine: dict[str, float], other: ClusterDocument, least: float) -> bool:
        """Whether an article shares enough names with another one; without names, nothing says no."""
        return not (mine and other.names) or _alike(mine, self._weighed(other.names)) >= least

    def _company(
        self,
        marks: ClusterDocument,
        rows: npt.NDArray[np.intp],
        gaps: Vectors,
        cosines: Vectors,
        near: npt.NDArray[np.intp],
    ) -> Vectors:
        """For each of ``near``, the share of what is near it or the article that is near both."""
        rules = self._grouping
        around = np.flatnonzero(gaps <= rules.event_days + rules.company_days)
        at = self._at[rows[around]]
        mine = cosines[around] >= rules.company_cosine
        theirs = self._vectors[rows[near]] @ self._vectors[rows[around]].T >= rules.company_cosine
        others_at = self._at[rows[near]][:, None]
        earliest = np.minimum(others_at, marks.at) - int(rules.company_days * DAY_MICROS)
        within = (at >= earliest) & (at <= np.maximum(others_at, marks.at))
        within &= around != near[:, None]
        both = (mine & theirs & within).sum(axis=1)
        either = ((mine | theirs) & within).sum(axis=1)
        # As if half an article of one and a half were near: few articles tell little.
        shares: Vectors = ((both + 0.5) / (either + 1.5)).astype(np.float32)
        return shares

    def _story(
        self, marks: ClusterDocument, rows: npt.NDArray[np.intp], gaps: Vectors, cosines: Vectors
    ) -> int | None:
        rules = self._grouping
        near, features = self._compared(marks, rows, gaps, cosines)
        if not near.size:
            return None
        odds = np.full(len(rows), rules.event_stranger)
        odds[near] = log_odds(features, rules.weights)
        recent = gaps <= rules.event_days
        stories = self._stories[rows]
        best, most = None, 0.0
        for story in dict.fromkeys(stories[near].tolist()):
            members = odds[recent & (stories == story)]
            nearest = float(members.max())
            fit = nearest + rules.event_all * (float(members.mean()) - nearest)
            if fit >= most:
                best, most = story, fit
        return best

    def _weighed(self, names: dict[str, int]) -> dict[str, float]:
        """Names, each with how rare it is and how often it stands in the article."""
        return {
            name: (1 + math.log(count))
            * math.log(1 + (self._size + 100) / (self._name_counts[name] + 0.5))
            for name, count in names.items()
        }


def _alike(a: dict[str, float], b: dict[str, float]) -> float:
    """Cosine of the weighed names of two articles."""
    product = sum(weight * b[name] for name, weight in a.items() if name in b)
    return product / math.sqrt(sum(w * w for w in a.values()) * sum(w * w for w in b.values()))


def fingerprint(title: str, text: str, at: int) -> Fingerprint:
    """Of an article published at a moment in microseconds since 1970."""
    return Fingerprint(sketch(text), names_in(title, text), article_features(title, text, at))


def sketch(text: str) -> Hashes:
    """A sample of the hashes of a text's runs of three words, sorted and distinct."""
    found = encoded_words(text.lower())
    words = np.fromiter(map(zlib.crc32, found), np.uint32, len(found))
    if len(words) < len(_MULTIPLIERS):
        return distinct(words)
    last = len(words) - len(_MULTIPLIERS) + 1
    hashes = np.zeros(last, dtype=np.uint32)
    for offset, multiplier in enumerate(_MULTIPLIERS):
        # Multiplying with wrap-around mixes the bits; rotating keeps the order of words in it.
        mixed = words[offset : offset + last] * multiplier
        hashes ^= (mixed << np.uint32(offset * 7)) | (mixed >> np.uint32(32 - offset * 7 or 31))
    hashes = distinct(hashes)
    kept: Hashes = hashes[hashes % _SAMPLE_ONE_IN == 0]
    return kept if len(hashes) >= _SAMPLE_FROM else hashes


def containment(first: Hashes, second: Hashes) -> float:
    """How much of the smaller sketch's text the other one holds, from 0 to 1.

    A sketch that was too short to be sampled is thinned to compare with one that was.
    """
    first, second = _thinned(first, second), _thinned(second, first)
    smaller = min(len(first), len(second))
    if not smaller:
        return 0.0
    return len(np.intersect1d(first, second, assume_unique=True)) / smaller


def _thinned(one: Hashes, other: Hashes) -> Hashes:
    kept: Hashes = one[one % _SAMPLE_ONE_IN == 0] if _is_sample(other) else one
    return kept


def _is_sample(hashes: Hashes) -> bool:
    return bool((hashes % _SAMPLE_ONE_IN == 0).all())


def names_in(title: str, text: str) -> dict[str, int]:
    """The capitalised words of a title and of the beginning of a text, with how often."""
    words = [*_NAME.findall(text[:_NAMES_IN]), *re.findall(r"\b[A-Z][\w’'-]*\w", title)]
    # Names are kept once, however many articles have them.
    return dict(Counter(sys.intern(word) for word in words if word not in _no_names()))


@cache
def _no_names() -> frozenset[str]:
    common = map(str.capitalize, never_names())
    return frozenset([*common, *WEEKDAY.split("|"), *MONTH.split("|"), *_OUTLETS])


def ordered(marks: Sequence[ClusterDocument]) -> list[ClusterDocument]:
    """In the order in which they were published, so that a batch groups as a stream would."""
    return sorted(marks, key=lambda m: (m.at, m.version_id))
