"""Events read by hand in real articles stand under their day."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import timelines, weekly_news


@pytest.mark.skipif(
    not weekly_news.ARTICLES.exists(),
    reason="the articles of the dev set are not beside the project",
)
async def test_timelines_put_events_under_the_day_that_their_text_names(tmp_path: Path) -> None:
    read = await timelines.read_timelines(tmp_path)
    right = [timelines.verdict(event, line) == "right" for event, line in read]
    assert len(right) == 60
    assert sum(right) >= 57
