"""When a subscription is due. Pure: the moment of now is handed in.

A local time that the clocks skip in spring comes as much later as they are put forward; one that
they pass twice in autumn counts the first time. What fell into an outage is due once, however much it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
# Further than any two occurrences lie apart, with clocks changed in between.
_LONGEST = 9


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every day at ``at`` in ``zone``, or on one ``weekday`` (0 is Monday)."""

    zone: ZoneInfo
    at: time
    weekday: int | None = None

    @property
    def period(self) -> timedelta:
        return _DAY if self.weekday is None else 7 * _DAY

    def last(self, now: datetime) -> datetime:
        """The last occurrence that is not after ``now``, in UTC."""
        today = now.astimezone(self.zone).date() + _DAY  # the day may be another one in UTC
        found = (self._on(today - n * _DAY) for n in range(_LONGEST + 1))
        return next(moment for moment in found if moment is not None and moment <= now)

    def next(self, now: datetime) -> datetime:
        """The first occurrence after ``now``, in UTC."""
        today = now.astimezone(self.zone).date() - _DAY
        found = (self._on(today + n * _DAY) for n in range(_LONGEST + 2))
        return next(moment for moment in found if moment is not None and moment > now)

    def due(self, now: datetime, done: datetime) -> datetime | None:
        """The occurrence that is to be delivered now, if ``done`` is the last one that was (or the
        moment of subscribing); None if there is none. Of several that were missed, the last."""
        last = self.last(now)
        return last if last > done else None

    def _on(self, day: date) -> datetime | None:
        if self.weekday is not None and day.weekday() != self.weekday:
            return None
        # What the clocks skip is read by the time before the change, which puts it behind the gap.
        return datetime.combine(day, self.at, tzinfo=self.zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` until before ``end``, in local time; over midnight if it ends earlier than it
    starts. None if both are the same."""

    zone: ZoneInfo
    start: time
    end: time

    def hold(self, now: datetime) -> bool:
        local = now.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end


def quiet_hours(zone: str, first: int | None, last: int | None) -> QuietHours | None:
    """From minutes of the local day; None unless both are set."""
    if first is None or last is None:
        return None
    start, end = (time(minute // 60, minute % 60) for minute in (first, last))
    return QuietHours(ZoneInfo(zone), start, end)


def local_day(now: datetime, zone: ZoneInfo) -> datetime:
    """When the day of ``now`` began there, in UTC."""
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)
