"""The conditions of the service: one cause for each part, since it began, until it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from retrieval.errors import Note
from retrieval.runtime.conditions import Condition, Conditions

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class _Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def test_a_cause_keeps_its_beginning_until_it_ends() -> None:
    clock = _Clock()
    conditions = Conditions(clock)
    conditions.begin("vectors", Note("vector-index-slow"))
    clock.now += timedelta(minutes=5)
    conditions.begin("vectors", Note("vector-index-slow"))
    assert [(each.code, each.since) for each in conditions.current()] == [
        ("vector-index-slow", NOON)
    ]
    conditions.begin("vectors", Note("vector-index-damaged", detail="x"))
    assert conditions.current()[0].since == clock.now
    conditions.end("vectors")
    assert conditions.current() == []


def test_what_keeps_answers_from_coming_stands_first() -> None:
    clock = _Clock()
    conditions = Conditions(clock)
    conditions.begin("model", Note("model-slow"))
    clock.now += timedelta(minutes=1)
    conditions.begin("catalogue", Note("catalogue-damaged"), severity="failing", mends_itself=False)
    assert [each.part for each in conditions.current()] == ["catalogue", "model"]


def test_a_corpus_has_its_own_causes_and_those_of_all() -> None:
    conditions = Conditions()
    conditions.begin("keywords", Note("keyword-index-damaged"), corpus="a")
    assert conditions.of("keywords", "a") is not None
    assert conditions.of("keywords", "b") is None
    conditions.begin("keywords", Note("keyword-index-missing"))
    found = conditions.of("keywords", "b")
    assert found is not None
    assert found.code == "keyword-index-missing"
    conditions.end("keywords", corpus="a")
    found = conditions.of("keywords", "a")
    assert found is not None
    assert found.corpus is None


def test_listeners_hear_of_beginnings_and_ends_once() -> None:
    conditions = Conditions()
    heard: list[tuple[str, bool]] = []

    def listen(condition: Condition, begun: bool) -> None:
        heard.append((condition.code, begun))

    conditions.listen(listen)
    conditions.end("vectors")
    for detail in ("a", "b"):
        conditions.begin("vectors", Note("vector-index-damaged", detail=detail))
    conditions.end("vectors")
    conditions.end("vectors")
    assert heard == [("vector-index-damaged", True), ("vector-index-damaged", False)]
