"""What an article is about, small enough to be stored for every article: its words, the days that
it is about, the numbers in its title, and whether it is a roundup of many events."""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from retrieval.stories.event_dates import REACH, Days, event_date_distribution
from retrieval.text.tokens import encoded_words
from retrieval.timestamps import from_micros

# Words are hashed to a number below this. A few collisions do no harm.
BUCKETS = 1 << 18
Buckets: TypeAlias = npt.NDArray[np.uint32]

_READ = 2_500  # characters
_LEAD = 1_000
_MOST = 255
_ENDINGS = ("ing", "ed", "es", "s")
_STEM = 4  # letters that an ending leaves
_REMEMBERED = 1 << 16
_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?|\b(?:first|second|third|fourth|fifth)\b")
_ROUNDUP = re.compile(
    r"\b(?:quiz|podcast|newsletter|round-?up|briefing|headlines|top stories|things (?:you need )?to know)\b"
    r"|['’]s news\b|\bweek in\b|\bthe daily \w+:|\bnews (?:in brief|from (?:around|across))\b",
    re.IGNORECASE,
)
# How roundups begin whose titles name only their first subject.
_GREETING = re.compile(
    r"\b(?:on today['’]s (?:episode|edition)|also in the news|good (?:morning|afternoon|evening),[^.!?]{0,30} readers)\b",
    re.IGNORECASE,
)
_GREETING_IN = 400  # characters
_HEAD = struct.Struct("<HHHH")


@dataclass(frozen=True, slots=True)
class ArticleFeatures:
    """What an article is about. Words are buckets of shape ``(n,)``: ``words`` are those of the
    title and the beginning, sorted and distinct; ``counts``, of the same shape, says how often each
    occurs in the title and the lead (255 at most); ``title`` and ``numbers`` are sorted and
    distinct too."""

    words: Buckets
    counts: npt.NDArray[np.uint8]
    title: Buckets
    numbers: Buckets
    days: Days
    roundup: bool

    def packed(self) -> bytes:
        """Return the features as bytes, for ``unpack_features``."""
        head = _HEAD.pack(len(self.words), len(self.title), len(self.numbers), self.roundup)
        parts = (
            self.words.astype("<u4"),
            self.title.astype("<u4"),
            self.numbers.astype("<u4"),
            self.counts,
            self.days.astype("<f2"),
        )
        return head + b"".join(part.tobytes() for part in parts)


def article_features(title: str, text: str, at: int) -> ArticleFeatures:
    """Return the features of an article published at ``at``, in microseconds since 1970."""
    heading = buckets(title)
    often = np.concatenate([heading, buckets(text[:_LEAD])])
    words = distinct(np.concatenate([often, buckets(text[_LEAD:_READ])]))
    counts = np.bincount(np.searchsorted(words, often), minlength=len(words))
    return ArticleFeatures(
        words,
        np.minimum(counts, _MOST).astype(np.uint8),
        distinct(heading),
        distinct(np.array([_KNOWN[n.encode()] for n in _NUMBER.findall(title.lower())], np.uint32)),
        event_date_distribution(title, text, from_micros(at).date()),
        is_roundup(title) or bool(_GREETING.search(text[:_GREETING_IN])),
    )


def is_roundup(title: str) -> bool:
    """Return whether a title is that of many events at once: a briefing, a quiz, a podcast."""
    return bool(_ROUNDUP.search(title))


def unpack_features(packed: bytes | None) -> ArticleFeatures:
    """Restore what ``ArticleFeatures.packed`` made; for None, as older data folders have it, the
    features of an empty article."""
    if packed is None:
        packed = article_features("", "", 0).packed()
    words, title, numbers, roundup = _HEAD.unpack_from(packed)
    start = _HEAD.size
    buckets = np.frombuffer(packed, "<u4", words + title + numbers, start).astype(np.uint32)
    start += buckets.nbytes
    return ArticleFeatures(
        buckets[:words],
        np.frombuffer(packed, np.uint8, words, start),
        buckets[words : words + title],
        buckets[words + title :],
        np.frombuffer(packed, "<f2", 2 * REACH + 1, start + words).astype(np.float32),
        bool(roundup),
    )


def distinct(numbers: Buckets) -> Buckets:
    """Return numbers sorted and without duplicates, like ``np.unique`` but faster."""
    numbers = np.sort(numbers)
    first = np.ones(len(numbers), dtype=bool)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    kept: Buckets = numbers[first]
    return kept


def buckets(text: str) -> Buckets:
    """Return the buckets of a text's words, in order: shape ``(words,)``."""
    words = encoded_words(text.lower())
    return np.fromiter(map(_KNOWN.__getitem__, words), np.uint32, len(words))


class _EncodedWords(dict[bytes, int]):
    """The bucket of each word, cached for recent articles."""

    def __missing__(self, encoded: bytes) -> int:
        word = encoded.decode("utf-8", "surrogatepass")
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= _STEM:
                word = word[: -len(ending)]
                break
        bucket = zlib.crc32(word.encode("utf-8", "surrogatepass")) % BUCKETS
        if len(self) >= _REMEMBERED:
            self.clear()
        self[encoded] = bucket
        return bucket


_KNOWN = _EncodedWords()
