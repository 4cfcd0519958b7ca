"""Texts that are a time as a whole, such as an option's: "gestern", "la semana pasada", "last
week"."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo

from retrieval.text.common_words import likely_language
from retrieval.text.time_expressions import TimeExpression, read_time
from retrieval.text.time_expressions.meanings import Reader
from retrieval.text.time_expressions.periods import Calendar
from retrieval.text.time_expressions.phrases import known_languages, time_language, written_alike


def whole_period(
    words: str, now: datetime, zone: tzinfo, *, languages: Iterable[str] = ()
) -> TimeExpression | None:
    """Return the period that ``words`` name, if they name nothing else, in any language; None
    otherwise.

    ``languages`` are tried first, then the text's own, then English, then all others.
    """
    calendar = Calendar(now.astimezone(zone).replace(tzinfo=None), zone)
    for language in _in_order(words, languages):
        try:
            period = Reader(time_language(language), calendar).period(written_alike(words.strip()))
        except (ValueError, OverflowError):
            continue
        return TimeExpression(
            "", calendar.aware(period.start), calendar.aware(period.end), words.strip(), exact=True
        )
    return None


def read_option(
    words: str, now: datetime, zone: tzinfo, *, languages: Iterable[str] = ()
) -> TimeExpression | None:
    """Return what an option's words mean, in any language; None if they name no time.

    They may be a period ("May"), or have words around it ("since Monday"), as `read_time` reads
    them.
    """
    wanted = tuple(languages)
    if (whole := whole_period(words, now, zone, languages=wanted)) is not None:
        return whole
    for language in _in_order(words, wanted):
        read = read_time(words, now, zone, language=language)
        # An invalid date contains a year, too.
        if read.phrase is not None and not any(map(str.isdecimal, read.rest)):
            return read
    return None


def _in_order(words: str, languages: Iterable[str]) -> list[str]:
    known = known_languages()
    likely = likely_language(words)
    wanted = [*languages, *([likely] if likely else []), "en", *sorted(known)]
    return [language for language in dict.fromkeys(wanted) if language in known]
