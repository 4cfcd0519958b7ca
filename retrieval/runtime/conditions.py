"""What is wrong with the running service: each cause by a code, since when, and whether it answers.

Whoever notices that a part fails begins a condition and ends it once the part works again. Remarks
in answers, ``doctor``, readiness, metrics and alerts read them here; the words for a cause and for
what mends it are the application's (``bot.i18n``: the code and the code with ``.remedy``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from retrieval.errors import Note
from retrieval.timestamps import Clock, utc_now

# What may fail: the catalogue, both indexes, the model, the processes that read documents, the disk.
Part: TypeAlias = Literal["catalogue", "keywords", "vectors", "model", "folder"]
# Answers go on without the part, or there are none.
Severity: TypeAlias = Literal["degraded", "failing"]
Listener: TypeAlias = Callable[["Condition", bool], None]


@dataclass(frozen=True, slots=True)
class Condition:
    """A part that fails, ``corpus`` alone where it is an index of one.

    ``mends_itself`` is False where somebody has to do what the remedy says.
    """

    part: Part
    note: Note
    since: datetime
    severity: Severity = "degraded"
    mends_itself: bool = True
    corpus: str | None = None

    @property
    def code(self) -> str:
        return self.note.code


@dataclass(slots=True)
class Conditions:
    """The conditions of a service. Any thread may call any of it."""

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
        """Note that a part fails; it has one cause at a time, whose beginning stays while it does."""
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
        """Note that a part works again, or still."""
        with self._lock:
            ended = self._current.pop((part, corpus), None)
            listeners = list(self._listeners) if ended is not None else []
        for listener in listeners:
            if ended is not None:
                listener(ended, False)

    def of(self, part: Part, corpus: str | None = None) -> Condition | None:
        """What is wrong with a part: for one corpus, or for all of them."""
        with self._lock:
            return self._current.get((part, corpus)) or self._current.get((part, None))

    def current(self) -> list[Condition]:
        """All of them, what keeps answers from coming first, then the oldest."""
        with self._lock:
            found = list(self._current.values())
        return sorted(found, key=lambda each: (each.severity != "failing", each.since))

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with each condition that begins (True) or ends (False), in the thread
        that noticed it."""
        with self._lock:
            self._listeners.append(listener)
