"""Calendar periods around a moment: what "last quarter" or "Christmas" is, in the asker's own days.

All times here are naive local time; ``Calendar.aware`` adds the time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from dateutil.easter import easter
from dateutil.relativedelta import relativedelta

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
# A date or month without a year may lie this far ahead and still be the nearest.
HALF_A_YEAR = timedelta(days=183)
# The length of a unit in months, and in days where it is counted in days.
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120, "century": 1200}
_DAYS = {"day": 1, "week": 7, "fortnight": 14, "quarter": 91, "decade": 3652, "century": 36_525}
# The first month of each meteorological season of the northern hemisphere.
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}


@dataclass(frozen=True, slots=True)
class Period:
    """A period from ``start`` to ``end``, both inclusive; None is open."""

    start: datetime | None
    end: datetime | None


class Calendar:
    """Periods as they are named at the moment ``now``, in naive local time.

    ``ahead`` reads dates without a year, months and weekdays as future ones, ``nearest`` as the
    closest ones in either direction; ``past`` reads "this weekend" as one that has begun.
    """

    def __init__(
        self,
        now: datetime,
        zone: tzinfo,
        *,
        ahead: bool = False,
        nearest: bool = False,
        past: bool = False,
        day_first: bool = True,
    ) -> None:
        self.now = now
        self.zone = zone
        self.ahead = ahead
        self.nearest = nearest
        self.past = past
        self.day_first = day_first
        self.today = datetime.combine(now.date(), time())

    def at(self, moment: datetime) -> Calendar:
        """Return the calendar of another moment."""
        return Calendar(moment, self.zone, day_first=self.day_first)

    def aware(self, moment: datetime | None) -> datetime | None:
        """Return a moment with the time zone; None stays None."""
        return None if moment is None else moment.replace(tzinfo=self.zone)

    def day(self, start: datetime) -> Period:
        """Return the day that begins at ``start``."""
        return Period(start, start + DAY - TICK)

    def days(self, first: datetime, last: datetime) -> Period:
        """Return the whole days from ``first`` to ``last``, which are midnights."""
        return Period(first, last + DAY - TICK)

    def unit(self, name: str, offset: int) -> Period:
        """Return the calendar unit that is ``offset`` units away from the current one; weeks begin
        on Monday."""
        if name == "day":
            return self.day(self.today + offset * DAY)
        if name in {"week", "fortnight"}:
            monday = self.today - self.today.weekday() * DAY
            weeks = 2 if name == "fortnight" else 1
            start = monday + 7 * weeks * offset * DAY
            return Period(start, start + 7 * weeks * DAY - TICK)
        months = _MONTHS[name]
        begin = ((self.today.year * 12 + self.today.month - 1) // months + offset) * months
        return self.months(begin, months)

    def this_week(self) -> Period:
        """Return the calendar week together with the last seven days: people mean one or the
        other."""
        return Period(self.today - 7 * DAY, self.unit("week", 0).end)

    def months(self, begin: int, count: int) -> Period:
        """Return ``count`` months from month number ``begin``, counted from January of the year 0.
        Raises ``ValueError`` outside the years 1 to 9999."""
        start = datetime(begin // 12, begin % 12 + 1, 1)
        after = begin + count
        return Period(start, datetime(after // 12, after % 12 + 1, 1) - TICK)

    def year(self, number: int) -> Period:
        """Return a calendar year. Raises ``ValueError``."""
        return self.months(number * 12, 12)

    def month(self, number: int, year: int | None = None) -> Period:
        """Return a month; without a year the last that has begun, or a future one where that is
        meant."""
        if year is not None:
            return self.months(year * 12 + number - 1, 1)
        on = (number - self.today.month) % 12
        if not ((self.ahead or self.nearest) and on <= 6):
            on -= 12 if on else 0
        return self.months(self.today.year * 12 + self.today.month - 1 + on, 1)

    def date(self, day: int, month: int, year: int | None = None, *, ahead: bool = False) -> Period:
        """Return a date; without a year the last that has come, or a future one where that is
        meant.

        Raises ``ValueError`` for a date that doesn't exist.
        """
        if year is not None:
            return self.day(datetime(year, month, day))
        found = _in_year(self.today.year, month, day)
        if found > self.today:
            if not ((ahead or self.ahead or self.nearest) and found - self.today < HALF_A_YEAR):
                found = _in_year(found.year - 1, month, day)
        elif self.today - found > HALF_A_YEAR and (ahead or self.ahead or self.nearest):
            found = _in_year(found.year + 1, month, day)
        return self.day(found)

    def weekday(self, number: int, *, before: bool = False) -> Period:
        """Return the last or, with ``ahead``, the next day of that name (0 is Monday), today
        included unless ``before``."""
        if self.ahead and not before:
            return self.day(self.today + ((number - self.today.weekday()) % 7) * DAY)
        back = (self.today.weekday() - number) % 7
        return self.day(self.today - (back or (7 if before else 0)) * DAY)

    def weekend(self, which: str) -> Period:
        """Return ``this``, ``last`` or ``the`` weekend, Saturday and Sunday; ``the`` weekend is the
        last one that has begun."""
        start = self.today + (5 - self.today.weekday()) * DAY
        if which == "last" or ((which == "the" or self.past) and start > self.now):
            start -= 7 * DAY
        return Period(start, start + 2 * DAY - TICK)

    def season(self, name: str, which: str = "last") -> Period:
        """Return ``this`` year's season, or the last one that is over."""
        this = self.season_of(name, self.today.year)
        if which == "this" or (this.end is not None and this.end < self.now):
            return this
        return self.season_of(name, self.today.year - 1)

    def season_of(self, name: str, year: int) -> Period:
        """Return the season that begins in a year."""
        return self.months(year * 12 + _SEASONS[name] - 1, 3)

    def holiday(self, name: str, year: int | None = None, *, offset: int = 0) -> Period:
        """Return a holiday by its rule; without a year the last that has begun, or that of this
        year plus ``offset``."""
        if year is None:
            year = self.today.year + offset
            first = holiday(name, year)[0]
            if not offset and first > self.today.date():
                near = datetime.combine(first, time()) - self.today < HALF_A_YEAR
                year -= 0 if (self.ahead or self.nearest) and near else 1
        first, last = holiday(name, year)
        return self.days(datetime.combine(first, time()), datetime.combine(last, time()))

    def ago(self, count: int, unit: str) -> datetime:
        """Return the moment ``count`` units before now; ``unit`` is one of "minute" to
        "century"."""
        if unit in {"month", "year"}:
            return self.now - relativedelta(**{f"{unit}s": count})  # type: ignore[arg-type]
        if unit in _DAYS:
            return self.now - timedelta(days=_DAYS[unit] * count)
        return self.now - timedelta(**{f"{unit}s": count})


def _in_year(year: int, month: int, day: int) -> datetime:
    if (month, day) == (2, 29):
        while True:
            try:
                return datetime(year, 2, 29)
            except ValueError:
                year -= 1
    return datetime(year, month, day)


def holiday(rule: str, year: int) -> tuple[date, date]:
    """Return the first and last day of a holiday in a year.

    ``rule`` is ``12-25`` (a fixed day), ``12-24/12-26`` (several), ``easter-2`` (days from Easter
    Sunday), ``11-thu-4`` (the fourth Thursday of November) or ``5-mon-last``; ``+1`` after a
    weekday rule adds days to it.
    """
    first, _, last = rule.partition("/")
    begin = _holiday(first, year)
    return begin, _holiday(last, year) if last else begin


def _holiday(rule: str, year: int) -> date:
    if rule.startswith("easter"):
        return easter(year) + timedelta(days=int(rule.removeprefix("easter") or 0))
    rule, _, more = rule.partition("+")
    month, day, *which = rule.split("-")
    if not which:
        return date(year, int(month), int(day))
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day)
    if which[0] == "last":
        end = date(year + int(month) // 12, int(month) % 12 + 1, 1) - DAY
        found = end - timedelta(days=(end.weekday() - weekday) % 7)
    else:
        start = date(year, int(month), 1)
        found = start + timedelta(days=(weekday - start.weekday()) % 7 + 7 * (int(which[0]) - 1))
    return found + timedelta(days=int(more or 0))
