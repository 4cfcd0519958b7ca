"""The line that tells how far long work has come."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from bot.cli import progress
from bot.cli.progress import telling

_BAR = "\N{BOX DRAWINGS HEAVY HORIZONTAL}"


def _drawn(done: int, total: int | None, *, terminal: bool = True, hidden: bool = False) -> str:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100, color_system=None)
    with telling("beginning", hidden=hidden, console=console) as tell:
        tell("copying [b]articles[/b]", done, total)
    return file.getvalue()


def test_a_known_total_has_a_bar_and_what_is_done_of_it() -> None:
    drawn = _drawn(1_200, 4_800)
    assert _BAR in drawn
    assert "copying [b]articles[/b]" in drawn, "names are no markup"
    assert "1,200 of 4,800" in drawn


@pytest.mark.parametrize(("done", "count"), [(0, False), (17, True)])
def test_what_nobody_knows_the_end_of_has_no_bar(done: int, count: bool) -> None:
    drawn = _drawn(done, None)
    assert _BAR not in drawn
    assert ("17" in drawn) == count


def test_more_than_was_thought_is_the_new_total() -> None:
    assert "12 of 12" in _drawn(12, 10)


def test_spinner_and_clock_go_on_when_a_step_has_reached_its_total(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[Progress] = []

    class Kept(Progress):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            made.append(self)

    monkeypatch.setattr(progress, "Progress", Kept)
    with telling("beginning", console=Console(file=io.StringIO(), force_terminal=True)) as tell:
        tell("copying", 4, 4)
        assert not made[0].finished
        tell("comparing", 5, 20)
        assert not made[0].finished
        assert (made[0].tasks[0].completed, made[0].tasks[0].total) == (5, 20)
        tell("closing", 0, None)
        assert made[0].tasks[0].total is None


def test_nothing_is_drawn_where_nobody_watches() -> None:
    assert _drawn(1, 2, terminal=False) == ""
    assert _drawn(1, 2, hidden=True) == ""
