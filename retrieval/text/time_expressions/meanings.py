"""What the forms of words for time mean: from a match and a calendar to a period."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from dateutil.relativedelta import relativedelta

from retrieval.text.time_expressions.periods import DAY, TICK, Calendar, Period
from retrieval.text.time_expressions.phrases import TimeLanguage, folded

Match: TypeAlias = "re.Match[str]"
_FEW = 3


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads periods in a language's words against a calendar. Its methods raise ``ValueError`` for
    anything else."""

    language: TimeLanguage
    calendar: Calendar

    def at(self, calendar: Calendar) -> Reader:
        """Return a reader of the same language at another moment."""
        return Reader(self.language, calendar)

    def period(self, text: str, *, ahead: bool = False) -> Period:
        """Return the period that the whole text means, as it stands after `since` or `before`."""
        text = " ".join(text.split())
        for form in self.language.periods:
            match = form.pattern.fullmatch(text)
            if match and (found := _PERIODS[form.means](self, match, ahead)):
                return found
        raise ValueError(text)

    def date(self, text: str, *, ahead: bool = False) -> Period:
        """Return the day of a written date, in digits or with the month's name."""
        if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text):
            return self.calendar.date(int(match[3]), int(match[2]), int(match[1]))
        if match := re.fullmatch(
            r"(\d{1,2})([/.-])(\d{1,2})(?:\2(\d\d(?:\d\d)?)?)?(?!\d)\D*", text
        ):
            first, second, written = int(match[1]), int(match[3]), _int(match[4])
            day_first = self.calendar.day_first if max(first, second) <= 12 else first > 12
            day, month = (first, second) if day_first else (second, first)
            year = written + 2000 if written is not None and written < 100 else written
            return self.calendar.date(day, month, year, ahead=ahead)
        if (parts := self.language.made.get("ymd")) and (match := parts.fullmatch(text)):
            return self.calendar.date(
                self.count(match["d"]), self.count(match["m"]), _int(match["y"]), ahead=ahead
            )
        word = self.language.made["monthname"].search(text)
        if word is None:
            raise ValueError(text)
        month = int(self.language.meaning("month", word[0]))
        rest = f"{text[: word.start()]} {text[word.end() :]}"
        numbers = [int(number) for number in re.findall(r"\d+", rest)]
        if numbers and (numbers[0] <= 31 or "daynumber" not in self.language.words):
            day, numbers = numbers[0], numbers[1:]
        else:
            day = self._day_in_words(rest)
        year = next((n for n in numbers if n > 99), None)
        return self.calendar.date(day, month, year, ahead=ahead)

    def _day_in_words(self, text: str) -> int:
        for word in text.split():
            if (number := self.language.words["daynumber"].get(folded(word))) is not None:
                return int(number)
        raise ValueError(text)

    def which(self, word: str) -> str:
        """Return ``this`` or ``last`` for a word before or after the unit that it describes."""
        table = "which" if folded(word) in self.language.words["which"] else "behind"
        return self.language.meaning(table, word)

    def relative(self, which: str, unit: str) -> Period:
        """Return this or the last unit, by the words for both."""
        return self.unit(
            self.language.meaning("unit", unit), 0 if self.which(which) == "this" else -1
        )

    def unit(self, name: str, offset: int) -> Period:
        """Return the unit with this name that is ``offset`` units from now, as people mean it."""
        if name in {"minute", "hour"}:
            raise ValueError(name)
        if name == "weekend":
            return self.calendar.weekend("last" if offset else "this")
        if name == "week" and not offset:
            return self.calendar.this_week()
        return self.calendar.unit(name, offset)

    def holiday(self, which: str | None, name: str, year: str | None) -> Period:
        """Return a holiday by its words; ``which`` is the word for "this" or "last", if any."""
        rule = self.language.meaning("holiday", name)
        this = bool(which) and self.language.meaning("which", which or "") == "this"
        if this:
            return self.calendar.holiday(rule, self.calendar.today.year)
        return self.calendar.holiday(rule, _int(year))

    def count(self, text: str | None) -> int:
        """Return the number that a text means; 1 if it is empty."""
        if not text:
            return 1
        return int(text) if text.isdecimal() else int(self.language.meaning("number", text))

    def ago(self, count: str | None, unit: str) -> datetime:
        """Return the moment ``count`` units before now: a word or digits, None for one."""
        return self.calendar.ago(self.count(count), self.language.meaning("unit", unit))


Meaning: TypeAlias = Callable[[Reader, Match], Period | None]
# A period from a match and whether it lies ahead; None if it isn't one after all.
PeriodMeaning: TypeAlias = Callable[[Reader, Match, bool], Period | None]


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


def _today(reader: Reader, match: Match, ahead: bool) -> Period:
    calendar = reader.calendar
    back = int(reader.language.meaning("today", match["today"]))
    return calendar.day(calendar.today - back * DAY)


def _date(reader: Reader, match: Match, ahead: bool) -> Period:
    return reader.date(match["date"], ahead=ahead)


def _named_weekday(reader: Reader, match: Match, ahead: bool) -> Period:
    found = match.groupdict()
    before = bool(found["last"])
    if behind := found.get("last2"):
        before = reader.language.meaning("behind", behind) == "last"
    number = int(reader.language.meaning("weekday", match["weekday"]))
    return reader.calendar.weekday(number, before=before)


def _weekday_of_week(reader: Reader, match: Match, ahead: bool) -> Period:
    offset = int(reader.language.meaning("weekword", match["week"]))
    number = int(reader.language.meaning("weekday", match["weekday"]))
    monday = _start(reader.calendar.unit("week", offset))
    return reader.calendar.day(monday + number * DAY)


def _weekend(reader: Reader, match: Match, ahead: bool) -> Period:
    return reader.calendar.weekend(match["which"].lower())


def _span(reader: Reader, match: Match, ahead: bool) -> Period:
    unit, offset = reader.language.meaning("span", match["span"]).split()
    if unit == "weekend":
        return reader.calendar.weekend({"-1": "last", "0": "this"}.get(offset, "the"))
    return reader.unit(unit, int(offset))


def _relative_unit(reader: Reader, match: Match, ahead: bool) -> Period:
    return reader.relative(match["which"], match["unit"])


def _relative_season(reader: Reader, match: Match, ahead: bool) -> Period:
    name = reader.language.meaning("season", match["season"])
    if year := match.groupdict().get("year"):
        return reader.calendar.season_of(name, int(year))
    return reader.calendar.season(name, reader.which(match["which"]))


def _named_holiday(reader: Reader, match: Match, ahead: bool) -> Period:
    found = match.groupdict()
    return reader.holiday(found.get("which"), match["holiday"], found.get("year"))


def _numbered_quarter(reader: Reader, match: Match, ahead: bool) -> Period:
    said = match["q"]
    number = int(said if said.isdecimal() else reader.language.meaning("ordinal", said))
    today = reader.calendar.today
    year = _int(match.groupdict().get("year"))
    if year is None:  # the last one that has begun
        year = today.year - (3 * (number - 1) >= today.month)
    return reader.calendar.months(year * 12 + 3 * (number - 1), 3)


def _named_month(reader: Reader, match: Match, ahead: bool) -> Period:
    number = int(reader.language.meaning("month", match["month"]))
    return reader.calendar.month(number, _int(match["year"]))


def _named_year(reader: Reader, match: Match, ahead: bool) -> Period:
    return reader.calendar.year(int(match["year"]))


_PERIODS: Mapping[str, PeriodMeaning] = {
    "date": _date,
    "holiday": _named_holiday,
    "month": _named_month,
    "quarter": _numbered_quarter,
    "relative": _relative_unit,
    "season": _relative_season,
    "span": _span,
    "today": _today,
    "weekday": _named_weekday,
    "weekday_of_week": _weekday_of_week,
    "weekend": _weekend,
    "year": _named_year,
}


def _period(reader: Reader, match: Match) -> Period:
    return reader.period(match["p"])


def _between(reader: Reader, match: Match) -> Period:
    end = _end(reader.period(match["b"]))
    first = _start(reader.period(match["a"]))
    year = reader.language.made["year"]
    if year.search(match["a"]) and not year.search(match["b"]):
        while end - relativedelta(years=1) >= first:  # from March 2022 to May
            end -= relativedelta(years=1)
    while first > end:  # from November to March
        first -= relativedelta(years=1)
    return Period(first, end)


def _days_of_month(reader: Reader, match: Match) -> Period:
    month = int(reader.language.meaning("month", match["month"]))
    last = reader.calendar.date(_number(match["b"]), month, _int(match["year"]))
    first = reader.calendar.date(_number(match["a"]), month, _start(last).year)
    return Period(first.start, last.end)


def _since(reader: Reader, match: Match) -> Period:
    if from_on := match.groupdict().get("p2"):
        return Period(reader.period(from_on).start, None)
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


def _past_few(reader: Reader, match: Match) -> Period:
    # "In the last days", without a number.
    name = reader.language.meaning("unit", match["unit"])
    return Period(reader.calendar.ago(_FEW, name), None)


def _past_two(reader: Reader, match: Match) -> Period:
    # Languages with a dual say it in one word.
    name = reader.language.meaning("dual", match["unit"])
    return Period(reader.calendar.ago(2, name), None)


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
    said = match["decade"]
    decade = int(said if said.isdecimal() else reader.language.meaning("decadeword", said))
    if decade < 100:  # the seventies
        decade += 1900 if decade > 20 else 2000
    return reader.calendar.months(decade * 12, 120)


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
    "past_few": _past_few,
    "past_two": _past_two,
    "period": _period,
    "quarter": _quarter,
    "relative": _relative,
    "season": _season,
    "since": _since,
    "since_ago": _since_ago,
    "until": _until,
    "weekday": _weekday,
}
