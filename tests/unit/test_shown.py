"""What is shown stays right however versions come, change and go."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from retrieval.catalogue.publishers import SourceFilter
from retrieval.catalogue.snapshot import VersionRow, VisibleVersions
from retrieval.timestamps import TimeRange, from_micros

_STATES = ("accepted", "indexed", "retired", "archived")
_ROWS = st.builds(
    VersionRow,
    id=st.integers(1, 12),
    state=st.sampled_from(_STATES),
    passages=st.integers(0, 3),
    article_id=st.sampled_from("abc"),
    url=st.none(),
    source=st.none() | st.sampled_from(["BBC", "Reuters"]),
    source_key=st.none() | st.sampled_from(["bbc", "reuters"]),
    host=st.none(),
    published_from=st.none() | st.integers(0, 9),
    published_to=st.none() | st.integers(0, 9),
    visible_from=st.integers(0, 9),
    story_id=st.none() | st.integers(-2, 3).filter(bool),
    copy_id=st.none() | st.integers(1, 3),
)
_MOMENTS = st.integers(0, 9).map(from_micros)


@given(
    batches=st.lists(st.lists(_ROWS, max_size=6), max_size=8),
    as_of=_MOMENTS,
    since=st.none() | _MOMENTS,
    until=st.none() | _MOMENTS,
    source=st.none() | st.sampled_from(["bbc", "reuters"]),
)
def test_following_changes_ends_where_reading_anew_does(
    batches: list[list[VersionRow]],
    as_of: datetime,
    since: datetime | None,
    until: datetime | None,
    source: str | None,
) -> None:
    catalogue: dict[int, VersionRow] = {}
    followed = VisibleVersions.of(0, [])
    numbers: dict[int, int] = {}
    for revision, batch in enumerate(batches, 1):
        for row in batch:
            # All but its state and its story is given once.
            known = catalogue.get(row.id, row)
            catalogue[row.id] = known._replace(
                state=row.state, story_id=row.story_id, copy_id=row.copy_id
            )
        changed = [catalogue[version_id] for version_id in sorted({row.id for row in batch})]
        advanced = followed.advanced(revision, changed)
        assert advanced is not None
        followed = advanced
        for passage_id in followed.passage_ids(followed.live).tolist():
            number = int(followed.numbers(np.array([passage_id]))[0])
            # A passage keeps its number, and no two have the same.
            assert numbers.setdefault(passage_id, number) == number
    assert len(set(numbers.values())) == len(numbers)
    anew = VisibleVersions.of(
        len(batches), [row for _, row in sorted(catalogue.items()) if row.state == "indexed"]
    )
    only = SourceFilter(source, frozenset({source})) if source else None
    within = TimeRange(as_of, since, until)
    found, wanted = (
        shown.candidates(shown.passage_ids(shown.passing(within, only)))
        for shown in (followed, anew)
    )
    assert found == wanted
    assert followed.reports_of_stories([-2, 1, 2]) == anew.reports_of_stories([-2, 1, 2])
    assert sorted(followed.sources()) == sorted(anew.sources())
