"""Days, months and years: they must stand in the passage, or follow from when it was published."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.answering.verification.legacy.alignment import Line
from bot.answering.verification.legacy.lexicon import MONTHS, WEEKDAYS, word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.numbers import year_of
from bot.answering.verification.legacy.words import Token, is_month, is_weekday
from retrieval.text.time_expressions import MONTH_NAMES

_DAYS_FROM = {"today": 0, "tonight": 0, "yesterday": -1, "tomorrow": 1}
_AHEAD = word_set("will would to next scheduled expected planned due upcoming set plans")


@dataclass(slots=True)
class Mentions:
    """The dates of some text: weekdays (0 is Monday), (month, day) pairs, months, years, whole dates."""

    weekdays: set[int] = field(default_factory=set)
    days: set[tuple[int, int]] = field(default_factory=set)
    months: set[int] = field(default_factory=set)
    years: set[int] = field(default_factory=set)

    def add(self, other: Mentions) -> None:
        self.weekdays |= other.weekdays
        self.days |= other.days
        self.months |= other.months
        self.years |= other.years


def mentions(line: Line) -> Mentions:
    """The dates that stand in a sentence."""
    found = Mentions()
    for at, token in enumerate(line):
        if is_weekday(token):
            found.weekdays.add(WEEKDAYS[token.text.lower()])
        elif is_month(token):
            month = MONTHS[token.text.lower()]
            found.months.add(month)
            found.days.update((month, day) for day in _days_beside(line, at))
        elif (year := year_of(token)) is not None:
            found.years.add(year)
    return found


def _days_beside(line: Line, at: int) -> Iterator[int]:
    places = [at + 1, at - 1]
    if at + 1 < len(line) and line[at + 1].text == ".":
        places.append(at + 2)
    if at >= 2 and line[at - 1].text.lower() == "of":
        places.append(at - 2)
    for place in places:
        if 0 <= place < len(line):
            value = line[place].value
            if value is not None and 1 <= value <= 31 and line[place].unit in ("", "th"):
                yield int(value)


def meant(passage: Sequence[Line], published: dt.date | None) -> Mentions:
    """The dates of a passage, with those that follow from its day of publication."""
    found = Mentions()
    for line in passage:
        found.add(mentions(line))
    if published is None:
        return found
    stated_days, stated_weekdays = set(found.days), set(found.weekdays)
    lows = [[token.text.lower() for token in line] for line in passage]
    near = {
        published + dt.timedelta(_DAYS_FROM[low])
        for line in lows
        for low in line
        if low in _DAYS_FROM
    }
    for line, words in zip(passage, lows, strict=True):
        week = range(-7, 8 if _AHEAD.intersection(words) else 1)
        days = mentions(line).weekdays
        near |= {day for n in week if (day := published + dt.timedelta(n)).weekday() in days}
    for day in near:
        found.weekdays.add(day.weekday())
        found.days.add((day.month, day.day))
        found.months.add(day.month)
        found.years.add(day.year)
    for month, day_of_month in stated_days:
        nearest = _nearest(month, day_of_month, published)
        if nearest is not None:
            found.years.add(nearest.year)
            if not stated_weekdays:
                found.weekdays.add(nearest.weekday())
    for said in lows:
        for word, following in itertools.pairwise(said):
            shift = {"last": -1, "this": 0, "next": 1}.get(word)
            if shift is not None and following == "year":
                found.years.add(published.year + shift)
            elif shift is not None and following == "month":
                found.months.add((published.month - 1 + shift) % 12 + 1)
    return found


def _nearest(month: int, day: int, published: dt.date) -> dt.date | None:
    """The date with this month and day that is nearest to the day of publication."""
    found = []
    for year in (published.year - 1, published.year, published.year + 1):
        try:
            found.append(dt.date(year, month, day))
        except ValueError:  # 29 February
            continue
    return min(found, key=lambda date: abs(date - published), default=None)


def _all_meant(material: Material) -> Mentions:
    stated = Mentions()
    for passage, day in zip(material.passages, material.published, strict=True):
        stated.add(meant(passage, day))
    return stated


def without_equal(claim: Line, material: Material) -> Line:
    """The claim without the dates that follow from the passages but do not stand there so."""
    if not any(token.stem not in material.stems and _dated(token) for token in claim):
        return claim
    stated = _all_meant(material)
    gone: set[int] = set()
    for at, token in enumerate(claim):
        if token.stem in material.stems:
            continue
        if is_weekday(token) and WEEKDAYS[token.text.lower()] in stated.weekdays:
            gone.add(at)
        elif is_month(token) and MONTHS[token.text.lower()] in stated.months:
            gone |= {
                at,
                *(
                    place
                    for place in (at - 1, at + 1)
                    if 0 <= place < len(claim) and claim[place].value
                ),
            }
        elif year_of(token) in stated.years:
            gone.add(at)
    return tuple(token for at, token in enumerate(claim) if at not in gone)


def _dated(token: Token) -> bool:
    return is_weekday(token) or is_month(token) or year_of(token) is not None


def unstated(claim: Line, material: Material) -> Iterator[str]:
    """The dates of a claim that the passages do not give."""
    stated = _all_meant(material)
    claimed = mentions(claim)
    for number in claimed.weekdays - stated.weekdays:
        name = next(name for name, n in WEEKDAYS.items() if n == number)
        yield f"the day {name.capitalize()} is not in the passage"
    for month, day_of_month in claimed.days - stated.days:
        yield f"the date {MONTH_NAMES[month - 1].title()} {day_of_month} is not in the passage"
    for month in claimed.months - stated.months - {month for month, _ in claimed.days}:
        yield f"the month {MONTH_NAMES[month - 1].title()} is not in the passage"
    figures = {year for year in claimed.years if f"#{year}" in material.stems}
    for year in claimed.years - stated.years - figures:
        yield f"the year {year} is not in the passage"
