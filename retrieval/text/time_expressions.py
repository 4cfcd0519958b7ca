"""What a question says about time: the words for it, read against the moment of the question.

Periods are calendar periods in the asker's time zone, weeks begin on Monday, and a date without a
year is the last one that has come, or the next in a question about what will be. What lies ahead of
the moment (`next week`, `in 2030`) limits nothing: no report of it can be found by its date.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from dateutil.parser import ParserError
from dateutil.parser import parse as parse_date
from dateutil.relativedelta import relativedelta

from retrieval.text.tokens import remove_span

_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)

_MONTH = (
    r"(?:jan(?:uary|\.)?|feb(?:ruary|\.)?|mar(?:ch|\.)?|apr(?:il|\.)?|may|june?|july?|aug(?:ust|\.)?"
    r"|sept?(?:ember|\.)?|oct(?:ober|\.)?|nov(?:ember|\.)?|dec(?:ember|\.)?)"
)
WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_WEEKDAY = rf"(?:{'|'.join(WEEKDAY_NAMES)})"
_YEAR = r"(?:19|20)\d\d"
_DAYNUM = r"[0-3]?\d(?:st|nd|rd|th)?"
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_COUNT = rf"(?:\d{{1,3}}|(?:a )?couple(?: of)?|(?:a )?few|{'|'.join(_NUMBERS)}|several)"
_UNIT = r"(?:minute|hour|day|night|week|fortnight|month|quarter|year|decade)"
_SEASON = r"(?:spring|summer|autumn|fall|winter)"
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_ORDINAL = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
}
_DATE = (
    rf"(?:{_YEAR}-\d\d-\d\d|(?:the )?{_DAYNUM}(?: of)? {_MONTH}\b\.?(?:,? {_YEAR})?"
    rf"|{_MONTH} {_DAYNUM}\b(?:,? {_YEAR})?)"
)


@dataclass(frozen=True, slots=True)
class TimePeriod:
    """From ``start`` to ``end``, both included."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class TimeExpression:
    """What was read. ``since`` and ``until`` limit the publication, ``rest`` is the question
    without the words for it, ``phrase`` is these words. ``asked`` says that the newest is wanted,
    ``timeless`` that age does not matter."""

    rest: str
    since: datetime | None = None
    until: datetime | None = None
    phrase: str | None = None
    asked: bool = False
    timeless: bool = False


_LATEST = re.compile(
    r"\b(?:latest|newest|most recent|recent|recently|lately|just now|right now|now|currently|current|new|newly"
    r"|breaking|so far|today|tonight|yesterday|last night|this (?:morning|afternoon|evening|week|weekend|month)"
    rf"|last (?:week|weekend)|(?:past|last) (?:{_COUNT} )?(?:hours?|days?|week)|{_WEEKDAY}(?:['’]s)?)\b",
    re.IGNORECASE,
)  # fmt: skip
_TIMELESS = re.compile(
    r"\b(?:ever|in history|of all time|all[- ]time|historically|originally)\b", re.IGNORECASE
)
_WILL_BE = re.compile(
    r"\b(?:will|won['’]t|going to|(?:is|are) (?:set|due|expected|scheduled|planned|slated|to))\b",
    re.IGNORECASE,
)
_HAS_BEEN = re.compile(r"\b(?:did|was|were|had|has|have|said|says)\b", re.IGNORECASE)
_NAMES = re.compile(
    r"\b(?:black|super|good|cyber|ash|bloody|palm|easter|shrove|fat|giving|holy) $", re.IGNORECASE
)


def read_time(question: str, now: datetime, zone: tzinfo) -> TimeExpression:
    """Find the words for time in ``question`` and the range that they mean at the moment ``now``."""
    ahead = bool(_WILL_BE.search(question)) and not _HAS_BEEN.search(question)
    reader = _TimeExpressionReader(now.astimezone(zone).replace(tzinfo=None), zone, ahead=ahead)
    asked = bool(_LATEST.search(question))
    timeless = bool(_TIMELESS.search(question))
    for pattern, read in _FORMS:
        for match in pattern.finditer(question):
            try:
                found = read(reader, match, question)
            except (ValueError, OverflowError, ParserError):
                continue  # 31 February, the year 0
            if found is None:
                continue
            since, until = found
            if since is not None and since > reader.now:
                continue
            if since is None and (until is None or until > reader.now):
                continue
            if until is not None and since is not None and until < since:
                continue
            rest = remove_span(question, match.start(), match.end())
            old = until is not None and until < reader.now - timedelta(days=45)
            return TimeExpression(
                rest, reader.aware(since), reader.aware(until), match.group().strip(), asked and not old,
                timeless or old,
            )  # fmt: skip
    return TimeExpression(question, asked=asked and not timeless, timeless=timeless)


Limits = tuple[datetime | None, datetime | None]


class _TimeExpressionReader:
    """Periods in the asker's local time, which is naive here; ``aware`` gives it its zone back.

    ``ahead`` reads dates without a year, months and weekdays as those to come.
    """

    def __init__(self, now: datetime, zone: tzinfo, *, ahead: bool = False) -> None:
        self.now = now
        self.today = datetime.combine(now.date(), time())
        self._zone = zone
        self._ahead = ahead

    def aware(self, moment: datetime | None) -> datetime | None:
        return None if moment is None else moment.replace(tzinfo=self._zone)

    def day(self, start: datetime) -> TimePeriod:
        return TimePeriod(start, start + _DAY - _TICK)

    def unit(self, name: str, offset: int) -> TimePeriod:
        """The calendar unit ``offset`` units away from the current one."""
        name = name.lower()
        if name in {"day", "night"}:
            return self.day(self.today + offset * _DAY)
        if name in {"week", "fortnight"}:
            monday = self.today - self.today.weekday() * _DAY
            weeks = 2 if name == "fortnight" else 1
            start = monday + 7 * weeks * offset * _DAY
            return TimePeriod(start, start + 7 * weeks * _DAY - _TICK)
        months = {"month": 1, "quarter": 3, "year": 12, "decade": 120}[name]
        first = self.today.replace(day=1)
        count = first.year * 12 + first.month - 1
        begin = (count // months + offset) * months
        return self.months(begin, months)

    def months(self, begin: int, count: int) -> TimePeriod:
        """``count`` months from the ``begin``-th since the year 0."""
        start = datetime(begin // 12, begin % 12 + 1, 1)
        after = begin + count
        return TimePeriod(start, datetime(after // 12, after % 12 + 1, 1) - _TICK)

    def weekday(self, name: str, *, before: bool = False) -> TimePeriod:
        """The last day of that name, or the next, today included unless ``before``."""
        if self._ahead and not before:
            on = (WEEKDAY_NAMES.index(name.lower()) - self.today.weekday()) % 7
            return self.day(self.today + on * _DAY)
        back = (self.today.weekday() - WEEKDAY_NAMES.index(name.lower())) % 7
        return self.day(self.today - (back or (7 if before else 0)) * _DAY)

    def weekend(self, offset: int) -> TimePeriod:
        """This week's (0) or last week's (-1) Saturday and Sunday."""
        start = self.today + (5 - self.today.weekday() + 7 * offset) * _DAY
        return TimePeriod(start, start + 2 * _DAY - _TICK)

    def season(self, name: str, which: str) -> TimePeriod:
        """Meteorological, of the north: this year's, or the last one that is over."""
        this = self.months(self.today.year * 12 + _SEASONS[name.lower()] - 1, 3)
        if which == "this" or this.end < self.now:
            return this
        return self.months((self.today.year - 1) * 12 + _SEASONS[name.lower()] - 1, 3)

    def date(self, text: str, *, ahead: bool = False) -> TimePeriod:
        """A written date; without a year the last that has come, or the nearest if ``ahead``."""
        text = re.sub(r"^the ", "", text, flags=re.IGNORECASE)
        found = parse_date(text, default=datetime(self.today.year, 1, 1))
        if not re.search(_YEAR, text) and found > self.today:
            near = found - self.today < timedelta(days=183)
            if not ((ahead or self._ahead) and near):
                found = found - relativedelta(years=1)
        return self.day(datetime.combine(found.date(), time()))

    def month(self, text: str) -> TimePeriod:
        year = re.search(_YEAR, text)
        name = re.match(r"[a-z]{3}", text.lower().strip())
        if name is None:
            raise ValueError(text)
        number = [m.lower() for m in calendar.month_abbr].index(name.group())
        if year:
            return self.months(int(year.group()) * 12 + number - 1, 1)
        on = (number - self.today.month) % 12
        if not (self._ahead and on <= 6):
            on -= 12 if on else 0
        return self.months(self.today.year * 12 + self.today.month - 1 + on, 1)

    def period(self, text: str, *, ahead: bool = False) -> TimePeriod:
        """Any one period, as it stands behind `since`, `before`, `between` and their like."""
        text = re.sub(r"\s+", " ", text.strip().lower())
        text = re.sub(r"^(?:on |in )", "", text)
        if text in {"today", "this morning", "tonight", "now"}:
            return self.day(self.today)
        if text == "yesterday":
            return self.day(self.today - _DAY)
        if text == "the day before yesterday":
            return self.day(self.today - 2 * _DAY)
        if match := re.fullmatch(rf"(?:last )?({_WEEKDAY})", text):
            return self.weekday(match.group(1), before=text.startswith("last "))
        if match := re.fullmatch(r"(last|this|the) weekend", text):
            return self._weekend(match.group(1))
        if match := re.fullmatch(rf"(this|last|previous) ({_UNIT})", text):
            return self.unit(match.group(2), 0 if match.group(1) == "this" else -1)
        if match := re.fullmatch(rf"(this|last) ({_SEASON})", text):
            return self.season(match.group(2), match.group(1))
        if re.fullmatch(_DATE, text):
            return self.date(text, ahead=ahead)
        if re.fullmatch(rf"{_MONTH}(?:,? (?:of )?{_YEAR})?", text):
            return self.month(text)
        if re.fullmatch(_YEAR, text):
            return self.months(int(text) * 12, 12)
        raise ValueError(text)

    def _weekend(self, word: str) -> TimePeriod:
        this = self.weekend(0)
        if word == "this":
            return this
        return this if word == "the" and this.start <= self.now else self.weekend(-1)

    def ago(self, count: str, unit: str) -> datetime:
        number = _count(count)
        unit = unit.lower()
        if unit in {"month", "year"}:
            return self.now - relativedelta(**{f"{unit}s": number})  # type: ignore[arg-type]
        days = {"night": 1, "day": 1, "week": 7, "fortnight": 14, "quarter": 91, "decade": 3652}
        if unit in days:
            return self.now - timedelta(days=days[unit] * number)
        return self.now - timedelta(**{f"{unit}s": number})


def _count(text: str) -> int:
    text = text.lower().strip()
    if text.isdigit():
        return int(text)
    if "few" in text or text == "several":
        return 3
    if "couple" in text:
        return 2
    return _NUMBERS[text]


# One period, as it may stand behind a preposition.
_PERIOD = (
    rf"(?:{_DATE}|{_MONTH}\b\.?(?:,? (?:of )?{_YEAR})?|{_YEAR}\b|the day before yesterday|yesterday|today|this morning"
    rf"|(?:last )?{_WEEKDAY}|(?:last|this|the) weekend|(?:this|last|previous) {_UNIT}|(?:this|last) {_SEASON})"
)  # fmt: skip
Form = Callable[[_TimeExpressionReader, "re.Match[str]", str], Limits | None]


def _whole(period: TimePeriod) -> Limits:
    return period.start, period.end


def _between(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    last = reader.period(match["b"])
    first = reader.period(match["a"])
    while first.start > last.end:  # from November to March
        first = TimePeriod(first.start - relativedelta(years=1), first.end - relativedelta(years=1))
    return first.start, last.end


def _days_of_month(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    year = f" {match['year']}" if match["year"] else ""
    last = reader.date(f"{match['b']} {match['month']}{year}")
    first = reader.date(f"{match['a']} {match['month']} {last.start.year}")
    return first.start, last.end


def _since(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    if match["p2"]:
        return reader.period(match["p2"]).start, None
    # What it was since can't lie ahead.
    return _TimeExpressionReader(reader.now, reader._zone).period(match["p"]).start, None


def _after(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    return reader.period(match["p"]).end + _TICK, None


def _before(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    return None, reader.period(match["p"], ahead=True).start - _TICK


def _until(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    return None, reader.period(match["p"], ahead=True).end


def _ago(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    moment = reader.ago(match["n"], match["unit"])
    unit = match["unit"].lower()
    if unit in {"minute", "hour"}:
        return moment - timedelta(hours=1), moment + timedelta(hours=1)
    day = datetime.combine(moment.date(), time())
    if unit in {"day", "night"}:
        return _whole(reader.day(day))
    near = _TimeExpressionReader(moment, reader._zone)
    return _whole(near.unit(unit, 0))


def _past(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    found = match.groupdict()
    count = found["n"] or found.get("n2") or "one"
    return reader.ago(count, found["unit"] or found["unit2"]), None


def _since_ago(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    return _ago(reader, match, question)[0], None


def _relative(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    return _whole(reader.period(f"{match['which']} {match['unit']}"))


def _part_of_day(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    if match.group().lower().endswith("last night"):
        # The evening, and the morning in which it is reported.
        return reader.today - timedelta(hours=6), reader.today + timedelta(hours=12) - _TICK
    hours = {"morning": (0, 12), "afternoon": (12, 18), "evening": (17, 24), "tonight": (17, 24)}
    first, last = hours[match["part"].lower()]
    day = reader.today - _DAY if "yesterday" in match.group().lower() else reader.today
    return day + timedelta(hours=first), day + timedelta(hours=last) - _TICK


def _named_day(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits | None:
    if _NAMES.search(question[: match.start("p")]):
        return None
    if re.match(r"(?:['’]s\b|s\b| [A-Z])", question[match.end("p") :]) and not match["on"]:
        return None  # Tuesday's jackpot, Monday Night Football: a name more than a time
    return _whole(reader.weekday(match["p"], before=(match["on"] or "").lower().startswith("last")))


def _any_period(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    return _whole(reader.period(match["p"]))


def _month_in(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits | None:
    if match["p"].startswith("may") and not re.search(_YEAR, match["p"]):
        return None  # the verb
    return _whole(reader.month(match["p"]))


def _part_of_year(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    year, which = int(match["year"] or reader.today.year), match["which"].lower()
    if match["unit"].lower() == "half":
        return _whole(reader.months(year * 12 + 6 * (_ORDINAL[which] - 1), 6))
    return _whole(reader.months(year * 12 + 3 * (_ORDINAL[which] - 1), 3))


def _quarter(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    year = int(match["year"] or reader.today.year)
    return _whole(reader.months(year * 12 + 3 * (int(match["q"]) - 1), 3))


def _decade(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    return _whole(reader.months(int(match["decade"]) * 12, 120))


def _season_in(reader: _TimeExpressionReader, match: re.Match[str], question: str) -> Limits:
    if match["year"]:
        return _whole(reader.months(int(match["year"]) * 12 + _SEASONS[match["of"].lower()] - 1, 3))
    return _whole(reader.season(match["s"], match["which"].lower()))


def _form(pattern: str, read: Form, *, case: bool = False) -> tuple[re.Pattern[str], Form]:
    return re.compile(rf"\b(?:{pattern})(?!\w)", 0 if case else re.IGNORECASE), read


_EVENT = r"(?:(?:the|its|his|her|their|a) (?:[\w'’-]+ ){1,4}?(?:on|of|in) )?"
# The first form that fits somewhere in the question is taken, so the more telling ones come first.
_FORMS: tuple[tuple[re.Pattern[str], Form], ...] = (
    _form(rf"(?:between|from)? ?(?P<a>{_DAYNUM}) ?(?:and|to|until|till|through|[-–]) ?(?P<b>{_DAYNUM})(?: of)? (?P<month>{_MONTH})\b\.?(?:,? (?P<year>{_YEAR}))?", _days_of_month),
    _form(rf"(?:between|from|on)? ?(?P<month>{_MONTH}) (?P<a>{_DAYNUM}) ?(?:and|to|until|till|through|[-–]) ?(?P<b>{_DAYNUM})(?!\d)(?:,? (?P<year>{_YEAR}))?", _days_of_month),
    _form(rf"(?:between|from) (?P<a>{_PERIOD}) (?:and|to|until|till|through|up to) (?P<b>{_PERIOD})", _between),
    _form(rf"since (?:about )?(?P<n>{_COUNT}) (?P<unit>{_UNIT})s? ago", _since_ago),
    _form(rf"(?:ever )?since {_EVENT}(?P<p>{_PERIOD})|(?:starting|beginning) (?:on|in|from) (?P<p2>{_PERIOD})", _since),
    _form(r"(?P<p>the day before yesterday)", _any_period),
    _form(rf"(?:after|following) {_EVENT}(?:on )?(?P<p>{_PERIOD})", _after),
    _form(rf"(?:before|prior to|ahead of|earlier than) {_EVENT}(?:on )?(?P<p>{_PERIOD})", _before),
    _form(rf"(?:until|till|up to|through|by|no later than) {_EVENT}(?:the end of )?(?P<p>{_PERIOD})", _until),
    _form(rf"(?:about |around |some )?(?P<n>{_COUNT}) (?P<unit>{_UNIT})s? ago", _ago),
    _form(rf"(?:(?:in|over|during|within|for) )?the (?:last|past|previous) (?:(?P<n>{_COUNT}) )?(?P<unit>{_UNIT})s?", _past),
    _form(rf"last (?P<n>{_COUNT}) (?P<unit>{_UNIT})s?|past (?:(?P<n2>{_COUNT}) )?(?P<unit2>{_UNIT})s?", _past),
    _form(r"(?:late |early )?last night|(?:this|yesterday) (?P<part>morning|afternoon|evening)|(?P<tonight>tonight)",
          lambda r, m, q: (r.today + timedelta(hours=17), r.today + _DAY - _TICK) if m["tonight"] else _part_of_day(r, m, q)),
    _form(rf"(?:in )?(?:the )?(?P<which>first|second|1st|2nd|third|fourth|3rd|4th) (?P<unit>half|quarter) of (?:(?P<year>{_YEAR})|(?:this|the) year)", _part_of_year),
    _form(rf"(?:in )?Q(?P<q>[1-4])(?:,? (?:of )?(?P<year>{_YEAR}))?", _quarter),
    _form(r"(?:in|during|of) the (?P<decade>(?:19|20)\d0)s", _decade),
    _form(rf"(?:(?:on|dated|of|for) )?(?P<p>{_DATE})", _any_period),
    _form(r"(?P<p>today|yesterday)(?:['’]s)?", _any_period),
    _form(rf"(?:(?:earlier|in|during|over|at) )?(?P<which>this|last|previous) (?P<unit>{_UNIT}|weekend)(?:['’]s)?", _relative),
    _form(r"(?:over|during|at|on) (?P<p>the weekend)", _any_period),
    _form(rf"(?:in |during |over )?(?:(?P<which>this|last) (?P<s>{_SEASON})|the (?P<of>{_SEASON}) of (?P<year>{_YEAR}))(?:['’]s)?", _season_in),
    _form(rf"(?:(?P<on>on|last|this past|(?:earlier )?this) )?(?P<p>{'|'.join(d.capitalize() for d in WEEKDAY_NAMES)}|(?<=on ){_WEEKDAY})(?: (?:morning|afternoon|evening|night))?", _named_day, case=True),
    _form(rf"(?:[Ii]n|[Dd]uring|[Oo]f|[Tt]hroughout|[Ee]arly|[Ll]ate|[Mm]id-?|[Ll]ast) (?:early |late |mid-?)?(?P<p>(?:[A-Z][a-z]{{2,8}}\.?)(?:,? (?:of )?{_YEAR})?)(?!\d)", lambda r, m, q: _month_in(r, m, q) if re.fullmatch(rf"{_MONTH}(?:,? (?:of )?{_YEAR})?", m["p"], re.I) else None, case=True),
    _form(rf"(?P<p>(?=[A-Z])(?i:{_MONTH}),? {_YEAR})", _any_period, case=True),
    _form(rf"(?:in|during|of|throughout|early|late) (?:early |late |mid-?|the year )?(?P<p>{_YEAR})(?! ?[-–]?\d)(?![-–]\w)", _any_period),
)  # fmt: skip
