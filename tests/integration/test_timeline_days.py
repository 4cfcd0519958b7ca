"""Events read by hand in real articles stand under their day."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.benchmarks import timelines, weekly_news


@pytest.mark.skipif(
    not weekly_news.ARTICLES.exists(),
    reason="the articles of the dev set are not beside the project",
)
async def test_timelines_put_events_under_the_day_that_their_text_names(tmp_path: Path) -> None:
    read = await timelines.read_timelines(tmp_path)
    told = Counter(timelines.verdict(event, line) for event, line in read)
    assert told.total() == 60
    assert told["right"] >= 57
    assert told["wrong"] <= 3
