"""Sixty messages as people type them, over forty invented articles, without a model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.evaluation.questions import read_records
from bot.i18n import reply_text
from tests.benchmarks import people
from tests.benchmarks.message_judge import wrong
from tests.benchmarks.weekly_news import ingest_once

FOLDER = Path(people.__file__).parent
ARTICLES = FOLDER / "people_invented_articles.jsonl"
MESSAGES = FOLDER / "people_invented_messages.jsonl"
# Of sixty. Lower it only for a reason that docs/messages.md tells.
FLOOR = 40


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, Any, str | None]]:
    folder = tmp_path_factory.mktemp("newsdesk")
    asyncio.run(ingest_once(folder, read_records(ARTICLES)))
    answered = asyncio.run(people.answers(folder, MESSAGES))
    records = read_records(MESSAGES)
    answers = [json.loads(line) for line in answered.lines]
    assert [each["id"] for each in answers] == [each["id"] for each in records]
    return [
        (record, answer, wrong(record["expect"], answer))
        for record, answer in zip(records, answers, strict=True)
    ]


def test_most_messages_get_what_they_ask_for(
    judged: list[tuple[Any, Any, str | None]],
) -> None:
    failed = {record["question"]: why for record, _, why in judged if why is not None}
    assert len(judged) - len(failed) >= FLOOR, failed


def test_small_talk_chores_and_summaries_all_get_theirs(
    judged: list[tuple[Any, Any, str | None]],
) -> None:
    sure = ("smalltalk", "offtopic", "summarise")
    assert not [record["question"] for record, _, why in judged if why and record["kind"] in sure]


def test_no_decline_misses_an_everyday_word(
    judged: list[tuple[Any, Any, str | None]],
) -> None:
    everyday = ("anything", "new", "run", "guy", "got", "late", "how", "much", "total")
    told = reply_text("en", "decline-missing", subject="|", missing="|").split("|")[1]
    missing: list[str] = []
    for _, answer, _ in judged:
        if answer["form"] == "declined" and told in answer["answer"]:
            missing += answer["answer"].rsplit(told, 1)[1].strip(" .").split(", ")
    assert missing
    assert not set(missing) & set(everyday)


def test_what_the_judge_is_given_can_be_wrong(
    judged: list[tuple[Any, Any, str | None]],
) -> None:
    """With the answers shifted by one message nearly nothing is right."""
    answers = [answer for _, answer, _ in judged]
    shifted = zip((record for record, _, _ in judged), answers[1:] + answers[:1], strict=True)
    right = [record for record, answer in shifted if _right(record, answer)]
    assert len(right) < FLOOR / 2


def _right(record: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    return wrong(record["expect"], answer) is None
