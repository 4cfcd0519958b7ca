"""Group articles as they come in: near-copies of one text, and reports of one event.

Near-copies share wording: a sample of the hashes of all runs of three words (Broder's sketches,
1997) estimates how much of the shorter text the longer one contains. Reports of one event are told
by a weighted sum of what pairs of articles have in common (`event_model.py`); an article joins the
story that fits it best, by its nearest report of the last days and by all of them, or begins a new
one. A roundup of many events joins no story.
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

# A capitalized word that isn't the first of a sentence.
_NAME = re.compile(r"[A-Z](?<!^[A-Z])(?<!\w[A-Z])(?<!\n[A-Z])(?<![.!?:“”\"\n] [A-Z])[\w’'-]*\w")
_OUTLETS = "CNN AP Reuters AFP BBC".split()
_NAMES_IN = 2_500  # characters
_SAMPLE_FROM = 96  # shingles; of fewer, all are kept
_SAMPLE_ONE_IN = 4
_MULTIPLIERS = np.array([0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D], dtype=np.uint32)


@dataclass(frozen=True, slots=True)
class ClusteringConfig:
    """The thresholds, chosen with `tests/benchmarks/stories.py`. Times are in days."""

    copy_days: float = 45.0
    copy_cosine: float = 0.35
    copy_containment: float = 0.35
    # For texts below about a hundred words, where one other name or number makes another report.
    short_containment: float = 0.9
    # Reports of one pattern about other towns and people aren't copies.
    copy_names: float = 0.25
    candidates: int = 12
    event_days: float = 8.0
    event_cosine: float = 0.4
    event_candidates: int = 32
    # Reports of one pattern about other places and people are about another event.
    event_names: float = 0.1
    # The weight of all recent reports of a story, compared with the one that fits best.
    event_all: float = 1 / 3
    # The log odds of a report in the story that isn't even a candidate.
    event_stranger: float = -2.0
    # A third article is company of two if it is this near to both, and published between so many
    # days before the earlier and the day of the later.
    company_cosine: float = 0.5
    company_days: float = 1.5
    weights: Mapping[str, float] = field(default_factory=learned_weights)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What clustering knows of an article's text. ``sketch`` has the shape ``(samples,)`` and is
    sorted."""

    sketch: Hashes
    names: dict[str, int]
    traits: ArticleFeatures


@dataclass(frozen=True, slots=True)
class ClusterDocument:
    """An article as clustering sees it. ``vector`` is that of its first passage, shape
    ``(dimensions,)``; ``at`` is in microseconds since 1970."""

    version_id: int
    digest: str
    at: int
    vector: Vectors
    fingerprint: Fingerprint

    @property
    def sketch(self) -> Hashes:
        """The sketch of the fingerprint."""
        return self.fingerprint.sketch

    @property
    def names(self) -> dict[str, int]:
        """The names of the fingerprint, with their counts."""
        return self.fingerprint.names

    @property
    def traits(self) -> ArticleFeatures:
        """The features of the fingerprint."""
        return self.fingerprint.traits


@dataclass(frozen=True, slots=True)
class ClusterAssignment:
    """The story of a version and its group of near-copies, each numbered by the version that began
    it."""

    version_id: int
    story_id: int
    copy_id: int


class StoryClusterer:
    """The articles of one corpus, as clustering sees them. Not thread-safe."""

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
        """Add an article whose story is known."""
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
        """Assign an article to a story and add it. ``pinned`` is the story that a moderator
        chose."""
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
        """Return the row of the article that shares most wording, if it is enough; None
        otherwise."""
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
        """Return the articles that may report the same event as one that isn't added yet, and the
        features of the pairs: shape ``(articles, features)``, in the order of ``FEATURES``."""
        gaps = (np.abs(self._at[: self._size] - marks.at) / DAY_MICROS).astype(np.float32)
        rows = np.flatnonzero(gaps <= self._grouping.event_days + self._grouping.company_days)
        near, features = self._compared(marks, rows, gaps[rows], self._vectors[rows] @ marks.vector)
        return [self._marks[row] for row in rows[near]], features

    def _compared(
        self, marks: ClusterDocument, rows: npt.NDArray[np.intp], gaps: Vectors, cosines: Vectors
    ) -> tuple[npt.NDArray[np.intp], Features]:
        """Return which of ``rows`` to compare with, the nearest first, and the features of the
        pairs."""
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
        """Return the mask of the ``rows`` that share names with an article; roundups match
        nothing."""
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
        """Return whether an article shares enough names with another one; articles without names
        may match."""
        return not (mine and other.names) or _alike(mine, self._weighed(other.names)) >= least

    def _company(
        self,
        marks: ClusterDocument,
        rows: npt.NDArray[np.intp],
        gaps: Vectors,
        cosines: Vectors,
        near: npt.NDArray[np.intp],
    ) -> Vectors:
        """Return for each of ``near`` the share of articles near to either of the pair that are
        near to both."""
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
        # Smoothed by half an article out of one and a half, since few articles tell little.
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
        """Return names, each weighted by its rarity and by how often it occurs in the article."""
        return {
            name: (1 + math.log(count))
            * math.log(1 + (self._size + 100) / (self._name_counts[name] + 0.5))
            for name, count in names.items()
        }


def _alike(a: dict[str, float], b: dict[str, float]) -> float:
    """Return the cosine of the weighted names of two articles."""
    product = sum(weight * b[name] for name, weight in a.items() if name in b)
    return product / math.sqrt(sum(w * w for w in a.values()) * sum(w * w for w in b.values()))


def fingerprint(title: str, text: str, at: int) -> Fingerprint:
    """Return the fingerprint of an article published at ``at``, in microseconds since 1970."""
    return Fingerprint(sketch(text), names_in(title, text), article_features(title, text, at))


def sketch(text: str) -> Hashes:
    """Return a sample of the hashes of a text's runs of three words, sorted and distinct; all of
    them for short texts. Shape ``(samples,)``."""
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
    """Return how much of the smaller sketch's text the other one contains, from 0 to 1.

    A sketch that was too short to be sampled is thinned before it is compared with a sampled one.
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
    """Return the capitalized words of a title and of the beginning of a text, with their counts."""
    words = [*_NAME.findall(text[:_NAMES_IN]), *re.findall(r"\b[A-Z][\w’'-]*\w", title)]
    # Interned: many articles share a name.
    return dict(Counter(sys.intern(word) for word in words if word not in _no_names()))


@cache
def _no_names() -> frozenset[str]:
    common = map(str.capitalize, never_names())
    return frozenset([*common, *WEEKDAY.split("|"), *MONTH.split("|"), *_OUTLETS])


def ordered(marks: Sequence[ClusterDocument]) -> list[ClusterDocument]:
    """Return documents in the order of publication, so that a batch is clustered like a stream."""
    return sorted(marks, key=lambda m: (m.at, m.version_id))
