"""Times of day as people write them."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.services.clock_times import clock, minute_of, quiet_minutes


@pytest.mark.parametrize(
    ("written", "locale", "time"),
    [
        ("8", "en-US", "08:00"), ("08:30", "en-US", "08:30"), ("20.30", "de", "20:30"), ("2030", "en-GB", "20:30"),
        ("8am", "en-US", "08:00"), ("8 PM", "de", "20:00"), ("8:15 p.m.", "en-US", "20:15"), ("12am", "en-US", "00:00"),
        ("12 pm", "en-US", "12:00"), ("noon", "en-US", "12:00"), ("midnight", "en-US", "00:00"), ("20 Uhr", "de", "20:00"),
        ("19 Uhr 30", "de", "19:30"), ("8 abends", "de", "20:00"), ("Mitternacht", "de", "00:00"), ("20h30", "fr", "20:30"),
        ("8 du soir", "fr", "20:00"), ("midi", "fr", "12:00"), ("8 de la tarde", "es-ES", "20:00"), ("8 da noite", "pt-BR", "20:00"),
        ("\u5348\u5f8c8\u664230\u5206", "ja", "20:30"), ("\uff17\uff1a\uff10\uff10", "ja", "07:00"), ("8 o'clock", "en-US", "08:00"),
    ],
)  # fmt: skip
def test_a_time_is_understood(written: str, locale: str, time: str) -> None:
    assert clock(minute_of(written, locale)) == time


@pytest.mark.parametrize(
    "written", ["25:00", "8:75", "13am", "soon", "8 bananas", "8:30:00", "8-9", "", "-1"]
)
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(UserError) as refused:
        minute_of(written)
    assert refused.value.code == "unknown-time"


def test_quiet_hours_take_two_times_that_differ() -> None:
    assert quiet_minutes(None, None) == (None, None)
    assert quiet_minutes("10pm", "7") == (22 * 60, 7 * 60)
    hours = (22 * 60, 6 * 60)
    assert quiet_minutes("9pm", None, before=hours) == (21 * 60, 6 * 60)
    assert quiet_minutes(None, "7", before=hours) == (22 * 60, 7 * 60)
    assert quiet_minutes(None, None, before=hours) == (None, None)
    for start, end, code in (("10pm", None, "quiet-half"), (None, "7", "quiet-half"), ("7", "07:00", "quiet-empty")):  # fmt: skip
        with pytest.raises(UserError) as refused:
            quiet_minutes(start, end)
        assert refused.value.code == code
