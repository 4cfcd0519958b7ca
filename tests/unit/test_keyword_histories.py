"""Two keyword indexes of the same articles give the same answers, whatever was deleted from them."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from retrieval.catalogue import PASSAGES_PER_VERSION, PendingVersion
from retrieval.indexes.keyword_index import KeywordIndex, KeywordQuery
from retrieval.indexes.keyword_schema import PADDING, padded
from retrieval.timestamps import TimeRange

_WORDS = [f"word{letter}" for letter in "abcdefghijklmnopqrst"]
_ASKED = ["wordc", "wordk", "wordr"]
_WITHIN = TimeRange(datetime(2026, 3, 5, tzinfo=UTC))


def _version(number: int, chance: random.Random, *, length: int = 40) -> PendingVersion:
    # Every fourth says what the one before it says: their scores are the same.
    words = chance.choices(_WORDS, range(1, len(_WORDS) + 1), k=chance.randrange(5, length))
    text = " ".join(words)
    half = len(text) // 2
    first = number * PASSAGES_PER_VERSION
    return PendingVersion(
        number, f"a{number}", "A title", text, str(number), "herald", None, None, None, 0, "en",
        ((first, 0, half), (first + 1, half, len(text))),
    )  # fmt: skip


def _own() -> list[PendingVersion]:
    return [_version(number, random.Random(number // 4)) for number in range(1, 121)]


async def _straight(folder: Path) -> KeywordIndex:
    index = KeywordIndex(folder)
    await index.write(_own(), ())
    return index


async def _with_removals(folder: Path) -> KeywordIndex:
    """Among longer articles, which leave again; in another order; every tenth written twice."""
    index, own = KeywordIndex(folder), _own()
    strangers = [_version(n, random.Random(n), length=150) for n in range(1_000, 1_090)]
    for first in range(0, 120, 30):
        part = own[first : first + 30]
        await index.write([*reversed(part), *strangers[first // 2 : first // 2 + 15]], ())
    await index.write((), [each.id for each in strangers])
    await index.write((), [each.id for each in own[::10]])
    await index.write(own[::10], ())
    return index


async def _asked(index: KeywordIndex) -> tuple[KeywordQuery, list[tuple[int, float]]]:
    query = index.weigh(_ASKED, language="en")
    found = index.search(query, 25, None, ())
    return query, [(passage_id, round(score, 3)) for passage_id, score in found.items()]


async def test_deletions_change_no_score_and_no_order(tmp_path: Path) -> None:
    indexes = [await _straight(tmp_path / "one"), await _with_removals(tmp_path / "two")]
    (query, found), (other_query, others_found) = [await _asked(index) for index in indexes]
    assert query.weights == other_query.weights
    assert found == others_found
    assert indexes[0].languages() == indexes[1].languages()
    ids = np.array(sorted(passage_id for passage_id, _ in found), dtype=np.int64)
    one, two = (index.measure(query, ids, {}) for index in indexes)
    np.testing.assert_allclose(one.bm25, two.bm25, rtol=1e-5)
    for index in indexes:
        await index.close()


async def test_the_same_passages_are_cut_off_among_equal_ones(tmp_path: Path) -> None:
    found = []
    for index in (await _straight(tmp_path / "one"), await _with_removals(tmp_path / "two")):
        query = index.weigh(_ASKED, language="en")
        found.append([list(index.search(query, limit, None, ())) for limit in range(1, 12)])
        found[-1].append(index.resembling("wordcx", 1, 7))
        found[-1].append(list(index.search(query, 9, _WITHIN, ["herald"])))
        await index.close()
    assert found[0] == found[1]


@pytest.mark.parametrize(("words", "length"), [(0, 20), (19, 20), (20, 40), (1_000, 1_001)])
def test_there_is_padding_in_every_field(words: int, length: int) -> None:
    filled = padded(["stem"] * words, (20, 40)).split()
    assert len(filled) == length
    assert filled.count(PADDING) == length - words
