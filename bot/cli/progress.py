"""Progress of long work: a moving line on standard error, on a terminal only.

A bar is drawn if the total is known, otherwise a count and the time passed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Task as Shown
from rich.text import Text

from retrieval.runtime.observer import Tell, tell_nobody


class _KnownBar(BarColumn):
    def render(self, task: Shown) -> Any:
        return Text() if task.total is None else super().render(task)


class _Count(ProgressColumn):
    def render(self, task: Shown) -> Text:
        if task.total is not None:
            return Text(f"{task.completed:,.0f} of {task.total:,.0f}")
        return Text(f"{task.completed:,.0f}" if task.completed else "")


@contextlib.contextmanager
def telling(first: str, *, hidden: bool = False, console: Console | None = None) -> Iterator[Tell]:
    """Yield a function that shows progress, beginning with ``first``; it shows nothing if
    ``hidden`` or without a terminal. The line disappears afterwards."""
    console = console or Console(stderr=True)
    if hidden or not console.is_terminal:
        yield tell_nobody
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        _KnownBar(),
        _Count(),
    )
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        progress.add_task(first, total=None)
        shown = progress.tasks[0]

        def tell(step: str, done: int, total: int | None) -> None:
            # `Progress.update` would stop the spinner and the clock at the first step's total.
            shown.description, shown.completed = step, done
            # More may have turned up meanwhile; the bar mustn't exceed its end.
            shown.total = None if total is None else max(total, done)

        yield tell
