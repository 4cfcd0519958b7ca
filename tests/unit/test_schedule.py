"""Subscriptions come at their local time, exactly once, whatever clocks and machines do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.subscriptions.schedule import QuietHours, Schedule, local_day


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def at(zone: str, clock: str, weekday: int | None = None) -> Schedule:
    return Schedule(ZoneInfo(zone), time.fromisoformat(clock), weekday)


def ticks(first: str, last: str, minutes: int = 7) -> Iterator[datetime]:
    """The moments at which a running program looks."""
    now = utc(first)
    while now <= utc(last):
        yield now
        now += timedelta(minutes=minutes)


def delivered(schedule: Schedule, moments: Iterable[datetime]) -> list[str]:
    """What a program sends that looks at these moments and subscribed at the first of them."""
    sent: list[str] = []
    done: datetime | None = None
    for now in moments:
        done = done or now
        if (slot := schedule.due(now, done)) is not None:
            sent.append(f"{slot.astimezone(schedule.zone):%m-%d %H:%M %z}")
            done = slot
    return sent


@pytest.mark.parametrize(
    ("zone", "clock", "weekday", "first", "last", "expected"),
    [
        ("UTC", "08:00", None, "2023-11-01T09:00", "2023-11-04T07:00", ["11-02 08:00 +0000", "11-03 08:00 +0000"]),
        ("Europe/Berlin", "00:00", None, "2023-11-01T09:00", "2023-11-03T00:00", ["11-02 00:00 +0100", "11-03 00:00 +0100"]),
        # Clocks go forward: 02:30 does not exist, 03:30 stands for it.
        ("Europe/Berlin", "02:30", None, "2023-03-25T03:00", "2023-03-27T03:00", ["03-26 03:30 +0200", "03-27 02:30 +0200"]),
        ("America/New_York", "02:00", None, "2023-03-11T12:00", "2023-03-13T12:00", ["03-12 03:00 -0400", "03-13 02:00 -0400"]),
        ("Europe/Berlin", "08:00", None, "2023-03-25T09:00", "2023-03-27T09:00", ["03-26 08:00 +0200", "03-27 08:00 +0200"]),
        # Clocks go back: 02:30 comes twice, the first one counts.
        ("Europe/Berlin", "02:30", None, "2023-10-28T03:00", "2023-10-30T03:00", ["10-29 02:30 +0200", "10-30 02:30 +0100"]),
        ("America/New_York", "01:15", None, "2023-11-04T12:00", "2023-11-06T12:00", ["11-05 01:15 -0400", "11-06 01:15 -0500"]),
        # Half an hour only, south of the equator.
        ("Australia/Lord_Howe", "02:15", None, "2023-09-30T00:00", "2023-10-02T00:00", ["10-01 02:45 +1100", "10-02 02:15 +1100"]),
        # Clocks change at midnight.
        ("America/Santiago", "00:00", None, "2023-09-02T06:00", "2023-09-04T06:00", ["09-03 01:00 -0300", "09-04 00:00 -0300"]),
        # A day that a place did not have is none.
        ("Pacific/Apia", "09:00", None, "2011-12-29T20:00", "2012-01-01T00:00", ["12-31 09:00 +1400", "01-01 09:00 +1400"]),
        # Where the local day is another one than in UTC.
        ("Pacific/Kiritimati", "07:00", None, "2023-11-01T12:00", "2023-11-03T18:00", ["11-02 07:00 +1400", "11-03 07:00 +1400", "11-04 07:00 +1400"]),
        ("Pacific/Pago_Pago", "20:00", None, "2023-11-01T12:00", "2023-11-03T12:00", ["11-01 20:00 -1100", "11-02 20:00 -1100"]),
        ("Asia/Kathmandu", "06:30", None, "2023-11-01T12:00", "2023-11-02T12:00", ["11-02 06:30 +0545"]),
        # Ends of months, a leap day, the turn of the year.
        ("UTC", "12:00", None, "2024-02-28T13:00", "2024-03-01T13:00", ["02-29 12:00 +0000", "03-01 12:00 +0000"]),
        ("UTC", "12:00", None, "2023-02-28T11:00", "2023-03-01T13:00", ["02-28 12:00 +0000", "03-01 12:00 +0000"]),
        ("Asia/Tokyo", "08:00", None, "2023-12-30T23:30", "2024-01-01T01:00", ["01-01 08:00 +0900"]),
        # Weekly; 2023-10-29 is a Sunday and clocks go back.
        ("Europe/Berlin", "02:30", 6, "2023-10-23T00:00", "2023-11-06T00:00", ["10-29 02:30 +0200", "11-05 02:30 +0100"]),
        ("Europe/Berlin", "02:30", 6, "2023-03-20T00:00", "2023-04-03T00:00", ["03-26 03:30 +0200", "04-02 02:30 +0200"]),
        ("America/Los_Angeles", "18:00", 0, "2023-11-01T00:00", "2023-11-14T12:00", ["11-06 18:00 -0800", "11-13 18:00 -0800"]),
    ],
)  # fmt: skip
def test_each_time_is_delivered_once(
    zone: str, clock: str, weekday: int | None, first: str, last: str, expected: list[str]
) -> None:
    schedule = at(zone, clock, weekday)
    assert delivered(schedule, ticks(first, last)) == expected
    assert delivered(schedule, ticks(first, last, minutes=61)) == expected, "however often it looks"


@pytest.mark.parametrize(
    ("down", "back", "last", "expected"),
    [
        ("11-02T07:59", "2023-11-02T08:01", "2023-11-03T09:00", ["11-02 08:00", "11-03 08:00"]),
        ("11-02T07:00", "2023-11-02T23:00", "2023-11-03T09:00", ["11-02 08:00", "11-03 08:00"]),
        ("11-02T07:00", "2023-11-20T23:00", "2023-11-21T09:00", ["11-20 08:00", "11-21 08:00"]),
        ("11-02T07:00", "2024-11-20T07:00", "2024-11-20T09:00", ["11-19 08:00", "11-20 08:00"]),
        ("11-02T08:01", "2023-11-02T08:05", "2023-11-03T09:00", ["11-02 08:00", "11-03 08:00"]),
    ],
)
def test_what_an_outage_missed_is_made_up_once(
    down: str, back: str, last: str, expected: list[str]
) -> None:
    moments = [*ticks("2023-11-02T06:00", f"2023-{down}", 1), *ticks(back, last, 1)]
    sent = delivered(at("UTC", "08:00"), moments)
    assert [text.removesuffix(" +0000") for text in sent] == expected


def test_many_restarts_around_the_time_double_nothing() -> None:
    schedule, done, sent = at("Europe/Berlin", "08:00"), utc("2023-11-01T12:00"), []
    for second in range(0, 600, 5):
        now = utc("2023-11-02T06:55") + timedelta(seconds=second)
        if (slot := schedule.due(now, done)) is not None:  # all that a restart knows is `done`
            sent.append(now)
            done = slot
    assert sent == [utc("2023-11-02T07:00")]


def test_a_clock_that_is_put_back_repeats_nothing() -> None:
    schedule = at("UTC", "08:00")
    done = utc("2023-11-02T08:00")
    for minutes in range(-3_000, 1):
        assert schedule.due(utc("2023-11-02T08:00") + timedelta(minutes=minutes), done) is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Tehran", "Antarctica/Troll"])  # fmt: skip
@pytest.mark.parametrize("clock", ["00:00", "01:30", "02:00", "02:30", "03:00", "23:59"])
def test_a_year_has_one_delivery_for_each_of_its_days(zone: str, clock: str) -> None:
    schedule = at(zone, clock)
    now, seen = utc("2022-12-31T23:59"), []
    while (now := schedule.next(now)) < utc("2024-01-01T00:00"):
        assert schedule.last(now) == now
        assert schedule.last(now - timedelta(seconds=1)) < now
        seen.append(now.astimezone(schedule.zone).date())
    assert len(seen) == len(set(seen))
    assert len(seen) in (364, 365, 366)
    assert (seen[-1] - seen[0]).days == len(seen) - 1


@pytest.mark.parametrize(
    ("start", "end", "moment", "quiet"),
    [
        ("22:00", "07:00", "2023-11-02T21:30", True),
        ("22:00", "07:00", "2023-11-02T05:59", True),
        ("22:00", "07:00", "2023-11-02T06:00", False),
        ("22:00", "07:00", "2023-11-02T12:00", False),
        ("12:00", "14:00", "2023-11-02T12:30", True),
        ("12:00", "14:00", "2023-11-02T13:00", False),
        ("09:00", "09:00", "2023-11-02T08:00", False),
    ],
)
def test_quiet_hours_are_local_and_go_over_midnight(
    start: str, end: str, moment: str, quiet: bool
) -> None:
    hours = QuietHours(
        ZoneInfo("Europe/Berlin"), time.fromisoformat(start), time.fromisoformat(end)
    )
    assert hours.hold(utc(moment)) is quiet


def test_the_day_of_a_moment_begins_at_local_midnight() -> None:
    began = local_day(utc("2023-11-02T23:30"), ZoneInfo("Europe/Berlin"))
    assert began == utc("2023-11-02T23:00")
