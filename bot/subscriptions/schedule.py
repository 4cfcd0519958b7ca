"""When a subscription is due. Pure: the present moment is passed in.

A local time that the clocks skip in spring comes as much later as they go forward; one that occurs
twice in autumn counts the first time. What fell into an outage is due once, however much it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
# In days; more than between any two occurrences, even across a clock change.
_LONGEST = 9


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every day at ``at`` in ``zone``, or on one ``weekday`` only (0 is Monday)."""

    zone: ZoneInfo
    at: time
    weekday: int | None = None

    @property
    def period(self) -> timedelta:
        """The time between two occurrences: a day or a week."""
        return _DAY if self.weekday is None else 7 * _DAY

    def last(self, now: datetime) -> datetime:
        """Return the last occurrence not after ``now``, in UTC."""
        today = now.astimezone(self.zone).date() + _DAY  # the day may be another one in UTC
        found = (self._on(today - n * _DAY) for n in range(_LONGEST + 1))
        return next(moment for moment in found if moment is not None and moment <= now)

    def next(self, now: datetime) -> datetime:
        """Return the first occurrence after ``now``, in UTC."""
        today = now.astimezone(self.zone).date() - _DAY
        found = (self._on(today + n * _DAY) for n in range(_LONGEST + 2))
        return next(moment for moment in found if moment is not None and moment > now)

    def due(self, now: datetime, done: datetime) -> datetime | None:
        """Return the occurrence to be delivered now, the last one of several missed; None if there
        is none.

        ``done`` is the last one delivered, or the moment of subscribing.
        """
        last = self.last(now)
        return last if last > done else None

    def _on(self, day: date) -> datetime | None:
        if self.weekday is not None and day.weekday() != self.weekday:
            return None
        # A skipped time is read with the offset before the change, which puts it behind the gap.
        return datetime.combine(day, self.at, tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` until just before ``end``, in local time; over midnight if it ends earlier
    than it starts, and empty if both are the same."""

    zone: ZoneInfo
    start: time
    end: time

    def hold(self, now: datetime) -> bool:
        """Return whether ``now`` falls within them."""
        local = now.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


def quiet_hours(zone: str, first: int | None, last: int | None) -> QuietHours | None:
    """Return the quiet hours between two minutes of the local day; None unless both are set."""
    if first is None or last is None:
        return None
    start, end = (time(minute // 60, minute % 60) for minute in (first, last))
    return QuietHours(ZoneInfo(zone), start, end)


def local_day(now: datetime, zone: ZoneInfo) -> datetime:
    """Return when the local day of ``now`` began, in UTC."""
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)
