"""Dates as feeds and pages write them, and what is no date of publication."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from retrieval.extraction.dates import DateHints, not_to_come, parse_date
from retrieval.timestamps import Span
from tests.unit.served import item, items, page, read, rss, shown

_NOW = datetime(2026, 11, 29, 22, tzinfo=UTC)


def _parsed(text: str, language: str | None = None, territory: str | None = None) -> str | None:
    return shown(parse_date(text, DateHints(language, territory, _NOW)))


@pytest.mark.parametrize(
    ("name", "hour"),
    [("CET", 7), ("CEST", 6), ("MSK", 5), ("IST", 2), ("JST", 23), ("AEDT", 21), ("EST", 13), ("BRT", 11), ("NZDT", 19), ("HKT", 0), ("TRT", 5), ("GMT+3", 5), ("UTC+02:00", 6), ("-0300", 11)],
)  # fmt: skip
def test_zones_are_known_by_name_and_by_offset(name: str, hour: int) -> None:
    read_as = _parsed(f"Tue, 24 Nov 2026 08:00:00 {name}")
    assert read_as is not None
    assert int(read_as[11:13]) == hour


@pytest.mark.parametrize(
    "text",
    ["Di, 24 Nov 2026 08:00:00 +0000", "mar, 24 nov 2026 08:00:00 +0000", "mar., 24 nov. 2026 08:00:00 +0000", "mar 24 nov 2026 08:00", "ter, 24 nov 2026 08:00:00 +0000", "wt., 24 lis 2026 08:00 pl",
     "Ti, 24 Marras 2026 08:00:00 +0000", "Вт, 24 ноя 2026 08:00:00 +0000", "Sal, 24 Kas 2026 08:00:00 +0000", "24 नव॰ 2026 08:00", "الثلاثاء 24 نوفمبر 2026 08:00", "2026年11月24日 8:00", "2026년 11월 24일 오전 8:00", "tis, 24 nov 2026 08:00:00 +0000", "K, 24 nov. 2026 08:00",
     "2026-11-24 08:00:00", "20261124T080000Z", "1795507200", "1795507200000", "Tue Nov 24 08:00:00 UTC 2026", "24.11.2026 08:00", "24.11.2026, 08.00 Uhr", "24/11/2026 8:00 AM", "11/24/2026 08:00"],
)  # fmt: skip
def test_one_moment_in_many_hands(text: str) -> None:
    language = "pl" if text.endswith(" pl") else "hi" if "नव" in text else None
    assert _parsed(text.removesuffix(" pl"), language) == "2026-11-24T08:00:00Z"


@pytest.mark.parametrize(
    ("text", "language", "territory", "right"),
    [("04/11/2026", "fr", None, "2026-11-04"), ("04/11/2026", "en", "GB", "2026-11-04"), ("04/11/2026", "en", "IN", "2026-11-04"), ("04/11/2026", "es", "MX", "2026-11-04"), ("04/11/2026", "pt", "BR", "2026-11-04"),
     ("04/11/2026", "en", "US", "2026-04-11"), ("04/11/2026", "en", None, "2026-04-11"), ("04.11.2026", "en", "US", "2026-11-04"), ("04-11-2026", None, None, "2026-11-04"), ("2026-11", None, None, "2026-11-01"),
     ("2569-11-24", None, None, "2026-11-24"), ("24 พฤศจิกายน 2569", "th", None, "2026-11-24"), ("令和8年11月24日", "ja", None, "2026-11-24"), ("1405-09-03", "fa", None, None), ("1448-06-14", "ar", None, None)],
)  # fmt: skip
def test_day_and_month_go_by_country_and_calendars_are_right_or_none(
    text: str, language: str | None, territory: str | None, right: str | None
) -> None:
    assert _parsed(text, language, territory) == right


@pytest.mark.parametrize("text", ["Thu, 01 Jan 1970 00:00:00 +0000", "0", "Mon, 01 Jan 0001 00:00:00 GMT", "1969-12-31T23:00:00Z", "Tue, 24 Nov 2037 08:00:00 +0000", "0000-00-00 00:00:00", "30 February 2026", "soon"])  # fmt: skip
def test_impossible_dates_are_none(text: str) -> None:
    assert _parsed(text) is None


def test_midnight_may_be_called_24() -> None:
    assert _parsed("Tue, 24 Nov 2026 24:00:00 +0000") == "2026-11-25T00:00:00Z"


def test_who_takes_an_article_in_knows_no_date_to_come() -> None:
    tomorrow = datetime(2026, 11, 30, tzinfo=UTC)
    assert not_to_come(Span(tomorrow, tomorrow), _NOW) is None
    assert not_to_come(Span(_NOW, _NOW), _NOW) is not None


@pytest.mark.parametrize(
    "date", ["Thu, 01 Jan 1970 00:00:00 +0000", "Mon, 01 Jan 0001 00:00:00 GMT", "not yet", ""]
)
def test_items_with_broken_dates_are_undated(date: str) -> None:
    assert items(rss(item(date=date)))[0].published is None


@pytest.mark.parametrize(
    "where",
    [
        {"below": "<footer><p>© 2019 Varsund Post. All rights reserved 3 May 2019.</p></footer>"},
        {"head": '<script>var cfg={"expires":"2027-01-31","built":"2020-05-06"};</script>'},
        {"below": '<ul class="related"><li><time datetime="2021-03-04">4 March 2021</time> <a href="/b">Fish</a></li></ul>'},
        {"below": '<div class="comments"><p><time datetime="2022-03-04">4 March 2022</time> Ann: good</p></div>'},
        {"above": "<p>The mill was opened on May 3, 1987 by the then mayor and rebuilt on 12 June 2004 after a fire.</p>"},
        {"below": '<aside><time datetime="2021-03-04">4 March 2021</time> <a href="/b">Fish</a></aside>'},
    ],
)  # fmt: skip
def test_dates_that_are_not_the_articles_leave_it_undated(where: dict[str, str]) -> None:
    assert read(page("en", **where)).published is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="article:published_time" content="1795507200000">',
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"Old mill in Varsund\nbecomes a library","datePublished":"2026-11-24T08:00:00Z",}</script>',
        '<script type="application/ld+json">{"@type":"NewsArticle","headline":"x","datePublished":"2026-11-24T08:00:00Z","author":[{"name":"A B"</script>',
        '<script type="application/ld+json">{"@type":"WebSite"}{"@type":"NewsArticle","datePublished":"2026-11-24T08:00:00Z"}</script>',
        '<script type="application/ld+json">// <![CDATA[\n{"@type":"Article","datePublished":"2026-11-24T08:00:00Z"}\n// ]]></script>',
        '<meta name="date" content="24 Nov 2026 17:00 JST">',
    ],
)  # fmt: skip
def test_dates_in_the_head_are_read_also_where_it_is_broken(head: str) -> None:
    assert shown(read(page("en", head=head)).published) == "2026-11-24T08:00:00Z"


def test_of_several_articles_in_json_ld_the_pages_own_counts() -> None:
    others = [
        f'{{"@type":"NewsArticle","headline":"Something else entirely number {n}","url":"https://varsundpost.example/n/{n}","datePublished":"2020-01-0{n}","author":"Not Me"}}'
        for n in (1, 2)
    ]
    own = '{"@type":"NewsArticle","headline":"Old mill in Varsund becomes a library","datePublished":"2026-11-24","author":"Ilse Krog"}'
    with_own = f'<script type="application/ld+json">[{others[0]},{own},{others[1]}]</script>'
    article = read(page("en", head=with_own))
    assert (shown(article.published), article.authors) == ("2026-11-24", ("Ilse Krog",))
    without = read(
        page("en", head=f'<script type="application/ld+json">[{",".join(others)}]</script>')
    )
    assert (without.published, without.authors) == (None, ())
