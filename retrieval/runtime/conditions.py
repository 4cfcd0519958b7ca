"""What is wrong with the running service: each cause as a code, since when, and whether it still
answers.

Whoever notices that a part fails begins a condition, and ends it once the part works again. Remarks
in answers, ``doctor``, readiness, metrics and alerts read them here; the texts of causes and
remedies are the application's (``bot.i18n``: the code, and the code with ``.remedy``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from retrieval.errors import Note
from retrieval.timestamps import Clock, utc_now

# What may fail: the catalogue, both indexes, the model, the data folder.
Part: TypeAlias = Literal["catalogue", "keywords", "vectors", "model", "folder"]
# Answers continue without the part, or there are none.
Severity: TypeAlias = Literal["degraded", "failing"]
Listener: TypeAlias = Callable[["Condition", bool], None]


@dataclass(frozen=True, slots=True)
class Condition:
    """A part that fails; ``corpus`` is set if it is an index of that corpus alone.

    ``mends_itself`` is False if somebody has to follow the remedy.
    """

    part: Part
    note: Note
    since: datetime
    severity: Severity = "degraded"
    mends_itself: bool = True
    corpus: str | None = None

    @property
    def code(self) -> str:
        """The code of the cause."""
        return self.note.code


@dataclass(slots=True)
class Conditions:
    """The conditions of a service. All methods are thread-safe."""

    clock: Clock = utc_now
    _current: dict[tuple[Part, str | None], Condition] = field(default_factory=dict)
    _listeners: list[Listener] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(
        self,
        part: Part,
        note: Note,
        *,
        severity: Severity = "degraded",
        mends_itself: bool = True,
        corpus: str | None = None,
    ) -> None:
        """Record that a part fails. It has one cause at a time; while that stays, so does its
        beginning."""
        with self._lock:
            before = self._current.get((part, corpus))
            if before is not None and (before.note, before.severity) == (note, severity):
                return
            same = before is not None and before.code == note.code
            since = before.since if before is not None and same else self.clock()
            condition = Condition(part, note, since, severity, mends_itself, corpus)
            self._current[part, corpus] = condition
            listeners = [] if same else list(self._listeners)
        for listener in listeners:
            listener(condition, True)

    def end(self, part: Part, *, corpus: str | None = None) -> None:
        """Record that a part works again, or still."""
        with self._lock:
            ended = self._current.pop((part, corpus), None)
            listeners = list(self._listeners) if ended is not None else []
        for listener in listeners:
            if ended is not None:
                listener(ended, False)

    def of(self, part: Part, corpus: str | None = None) -> Condition | None:
        """Return what is wrong with a part, for one corpus or for all of them; None if nothing
        is."""
        with self._lock:
            return self._current.get((part, corpus)) or self._current.get((part, None))

    def current(self) -> list[Condition]:
        """Return all conditions: first those that prevent answers, then the oldest."""
        with self._lock:
            found = list(self._current.values())
        return sorted(found, key=lambda each: (each.severity != "failing", each.since))

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with each condition that begins (True) or ends (False), in the thread
        that noticed it."""
        with self._lock:
            self._listeners.append(listener)
