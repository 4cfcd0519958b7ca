"""What the forms of words for time mean: from a match and a calendar to a period."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from dateutil.relativedelta import relativedelta

from retrieval.text.time_expressions.periods import DAY, TICK, Calendar, Period
from retrieval.text.time_expressions.phrases import TimeLanguage

Match: TypeAlias = "re.Match[str]"


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads periods in a language's words against a calendar. All its methods raise ``ValueError``
    for what is no period."""

    language: TimeLanguage
    calendar: Calendar

    def at(self, calendar: Calendar) -> Reader:
        return Reader(self.language, calendar)

    def period(self, text: str, *, ahead: bool = False) -> Period:
        """Any one period, as it stands behind `since`, `before`, `between` and their like."""
        calendar, words = self.calendar, self.language.words
        text = " ".join(text.lower().split())
        if text in words["today"]:
            return calendar.day(calendar.today - int(words["today"][text]) * DAY)
        if self.language.made["date"].fullmatch(text):
            return self.date(text, ahead=ahead)
        if match := self._whole(r"(last )?({weekday})", text):
            number = int(words["weekday"][match[2]])
            return calendar.weekday(number, before=bool(match[1]))
        if match := self._whole(r"(last|this|the) weekend", text):
            return calendar.weekend(match[1])
        if match := self._whole(r"({which}) ({unit})", text):
            return self.relative(match[1], match[2])
        if match := self._whole(r"({which}) ({season})", text):
            return calendar.season(words["season"][match[2]], words["which"][match[1]])
        if match := self._whole(r"(?:({which}) )?({holiday})(?: (?:of )?({year}))?", text):
            return self.holiday(match[1], match[2], match[3])
        if match := self._whole(r"({month})\.?(?:,? (?:of )?({year}))?", text):
            return calendar.month(int(words["month"][match[1]]), _int(match[2]))
        if match := self._whole(r"({year})", text):
            return calendar.year(int(match[1]))
        raise ValueError(text)

    def date(self, text: str, *, ahead: bool = False) -> Period:
        """A written date, in figures or with the month's name."""
        text = text.lower()
        if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text):
            return self.calendar.date(int(match[3]), int(match[2]), int(match[1]))
        if match := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d\d(?:\d\d)?)", text):
            first, second, written = (int(number) for number in match.groups())
            day_first = self.calendar.day_first if max(first, second) <= 12 else first > 12
            day, month = (first, second) if day_first else (second, first)
            return self.calendar.date(day, month, written + (2000 if written < 100 else 0))
        word = self._search(r"{month}", text)
        rest = f"{text[: word.start()]} {text[word.end() :]}"
        numbers = [int(number) for number in re.findall(r"\d+", rest)]
        year = next((n for n in numbers[1:] if n > 99), None)
        month = int(self.language.words["month"][word[0]])
        return self.calendar.date(numbers[0], month, year, ahead=ahead)

    def relative(self, which: str, unit: str) -> Period:
        offset = 0 if self.language.meaning("which", which) == "this" else -1
        name = self.language.meaning("unit", unit)
        if name in {"minute", "hour"}:
            raise ValueError(unit)
        if name == "week" and not offset:
            return self.calendar.this_week()
        return self.calendar.unit(name, offset)

    def holiday(self, which: str | None, name: str, year: str | None) -> Period:
        rule = self.language.meaning("holiday", name)
        this = bool(which) and self.language.meaning("which", which or "") == "this"
        if this:
            return self.calendar.holiday(rule, self.calendar.today.year)
        return self.calendar.holiday(rule, _int(year))

    def count(self, text: str | None) -> int:
        text = " ".join((text or "a").lower().split())
        return int(text) if text.isdigit() else int(self.language.meaning("number", text))

    def ago(self, count: str | None, unit: str) -> datetime:
        return self.calendar.ago(self.count(count), self.language.meaning("unit", unit))

    def _whole(self, pattern: str, text: str) -> Match | None:
        return _compiled(self.language, pattern).fullmatch(text)

    def _search(self, pattern: str, text: str) -> Match:
        found = _compiled(self.language, pattern).search(text)
        if found is None:
            raise ValueError(text)
        return found


Meaning: TypeAlias = Callable[[Reader, Match], Period | None]
_PATTERNS: dict[tuple[int, str], re.Pattern[str]] = {}


def _compiled(language: TimeLanguage, pattern: str) -> re.Pattern[str]:
    key = (id(language), pattern)
    if key not in _PATTERNS:
        _PATTERNS[key] = language.compile(pattern)
    return _PATTERNS[key]


def _int(text: str | None) -> int | None:
    return int(text) if text else None


def _start(period: Period) -> datetime:
    if period.start is None:
        raise ValueError(period)
    return period.start


def _end(period: Period) -> datetime:
    if period.end is None:
        raise ValueError(period)
    return period.end


def _period(reader: Reader, match: Match) -> Period:
    return reader.period(match["p"])


def _between(reader: Reader, match: Match) -> Period:
    end = _end(reader.period(match["b"]))
    first = _start(reader.period(match["a"]))
    while first > end:  # from November to March
        first -= relativedelta(years=1)
    return Period(first, end)


def _days_of_month(reader: Reader, match: Match) -> Period:
    month = int(reader.language.meaning("month", match["month"]))
    last = reader.calendar.date(_number(match["b"]), month, _int(match["year"]))
    first = reader.calendar.date(_number(match["a"]), month, _start(last).year)
    return Period(first.start, last.end)


def _since(reader: Reader, match: Match) -> Period:
    if match["p2"]:
        return Period(reader.period(match["p2"]).start, None)
    # What it was since can't lie ahead.
    calendar = reader.calendar
    return Period(reader.at(calendar.at(calendar.now)).period(match["p"]).start, None)


def _after(reader: Reader, match: Match) -> Period:
    return Period(_end(reader.period(match["p"])) + TICK, None)


def _before(reader: Reader, match: Match) -> Period:
    return Period(None, _start(reader.period(match["p"], ahead=True)) - TICK)


def _until(reader: Reader, match: Match) -> Period:
    return Period(None, reader.period(match["p"], ahead=True).end)


def _ago(reader: Reader, match: Match) -> Period:
    moment = reader.ago(match["n"], match["unit"])
    unit = reader.language.meaning("unit", match["unit"])
    if unit in {"minute", "hour"}:
        return Period(moment - timedelta(hours=1), moment + timedelta(hours=1))
    return reader.calendar.at(moment).unit(unit, 0)


def _since_ago(reader: Reader, match: Match) -> Period:
    return Period(_ago(reader, match).start, None)


def _past(reader: Reader, match: Match) -> Period:
    found = match.groupdict()
    return Period(reader.ago(found["n"] or found.get("n2"), found["unit"] or found["unit2"]), None)


def _last_night(reader: Reader, match: Match) -> Period:
    # The evening, and the morning in which it is reported.
    today = reader.calendar.today
    return Period(today - timedelta(hours=6), today + timedelta(hours=12) - TICK)


def _part_of_day(reader: Reader, match: Match) -> Period:
    part = "evening" if match["tonight"] else reader.language.meaning("part", match["part"])
    first, last = {"morning": (0, 12), "afternoon": (12, 18), "evening": (17, 24)}[part]
    day = reader.calendar.today
    if not match["tonight"] and match["day"].lower() == "yesterday":
        day -= DAY
    return Period(day + timedelta(hours=first), day + timedelta(hours=last) - TICK)


def _part_of_year(reader: Reader, match: Match) -> Period:
    year = _int(match["year"]) or reader.calendar.today.year
    which = int(reader.language.meaning("ordinal", match["which"]))
    months = 6 if match["part"].lower() == "half" else 3
    return reader.calendar.months(year * 12 + months * (which - 1), months)


def _quarter(reader: Reader, match: Match) -> Period:
    year = _int(match["year"]) or reader.calendar.today.year
    return reader.calendar.months(year * 12 + 3 * (int(match["q"]) - 1), 3)


def _decade(reader: Reader, match: Match) -> Period:
    return reader.calendar.months(int(match["decade"]) * 12, 120)


def _holiday(reader: Reader, match: Match) -> Period:
    return reader.holiday(match["which"], match["holiday"], match.groupdict().get("year"))


def _relative(reader: Reader, match: Match) -> Period:
    which = reader.language.meaning("which", match["which"])
    if match["unit"].lower() == "weekend":
        return reader.calendar.weekend(which)
    return reader.relative(match["which"], match["unit"])


def _season(reader: Reader, match: Match) -> Period:
    if match["year"]:
        return reader.calendar.season_of(
            reader.language.meaning("season", match["of"]), int(match["year"])
        )
    season = reader.language.meaning("season", match["season"])
    return reader.calendar.season(season, match["which"].lower())


def _weekday(reader: Reader, match: Match) -> Period | None:
    behind = match.string[match.end("p") :]
    if re.match(r"(?:['’]s\b|s\b| [A-Z])", behind) and not match["on"]:
        return None  # Tuesday's jackpot, Monday Night Football: a name more than a time
    on = (match["on"] or "").lower()
    number = int(reader.language.meaning("weekday", match["p"]))
    day = reader.calendar.weekday(number, before=on.startswith("last"))
    return Period(day.start, None) if on == "since" else day


def _month(reader: Reader, match: Match) -> Period | None:
    year = reader.language.made["year"].search(match["p"])
    name = match["p"][: year.start()] if year else match["p"]
    name = name.strip().removesuffix(" of").rstrip(" ,")
    if name == "may" and not year:
        return None  # the verb
    known = reader.language.words["month"]
    number = known.get(name.lower()) or known.get(name.lower().rstrip("."))
    return reader.calendar.month(int(number), _int(year and year[0])) if number else None


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


MEANINGS: Mapping[str, Meaning] = {
    "after": _after,
    "ago": _ago,
    "before": _before,
    "between": _between,
    "days_of_month": _days_of_month,
    "decade": _decade,
    "holiday": _holiday,
    "last_night": _last_night,
    "month": _month,
    "part_of_day": _part_of_day,
    "part_of_year": _part_of_year,
    "past": _past,
    "period": _period,
    "quarter": _quarter,
    "relative": _relative,
    "season": _season,
    "since": _since,
    "since_ago": _since_ago,
    "until": _until,
    "weekday": _weekday,
}
