"""Damaged feeds: nothing crashes, nothing hangs, each is read or turned down with a reason."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from types import FrameType

import pytest

from retrieval.errors import UnreadableSource
from retrieval.extraction.feeds.parser import MOST_ITEMS, parse_feed
from retrieval.feeds.item_filter import FeedFilters, ItemHistory, filter_items
from tests.newsite import documents

_BASE = "https://courier.example"
_ENTRIES = [documents.entry(_BASE, n, full=n % 2 == 0) for n in range(12)]
_VALID = {kind: make(_ENTRIES).encode() for kind, make in documents.KINDS.items()}
_PIECES = [
    b"<", b">", b"]]>", b"<![CDATA[", b"<!--", b"&", b"&#0;", b"&#xD800;", b"&lol;", b"\x00", b"\xff\xfe",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"<item>" * 500, b"<div>" * 3000, b'"', b"{" * 3000, b"[" * 3000,
    b"9" * 4000, b"0000-99-99T99:99:99Z", b"http://[", b"javascript:alert(1)", "\u202e\ud7ff".encode(),
]  # fmt: skip


def mutations(count: int, seed: int = 7) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(seed)
    kinds = sorted(_VALID)
    for number in range(count):
        kind = kinds[number % len(kinds)]
        data = bytearray(_VALID[kind])
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(data) or 1)
            end = min(len(data), at + chance.randint(1, 400))
            match chance.randrange(6):
                case 0:
                    data[at:at] = chance.choice(_PIECES)
                case 1:
                    del data[at:end]
                case 2:
                    data[at:end] = chance.randbytes(end - at)
                case 3:
                    data[at:at] = data[at:end] * chance.randint(1, 50)
                case 4:
                    data = data[: max(1, at)]
                case _:
                    other = _VALID[chance.choice(kinds)]
                    start = chance.randrange(len(other))
                    data[at:end] = other[start : start + 400]
        yield kind, bytes(data)


@pytest.fixture
def no_hang() -> Iterator[None]:
    """Ends a test in which one step takes more than five seconds of processor time."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise AssertionError("it hangs")

    before = signal.signal(signal.SIGVTALRM, stop)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


def test_no_damage_crashes_or_stops_the_reading_of_feeds(no_hang: None) -> None:
    outcomes: Counter[str] = Counter()
    for _, data in mutations(500):
        signal.setitimer(signal.ITIMER_VIRTUAL, 5)
        try:
            document = parse_feed(data, url=f"{_BASE}/feed")
        except UnreadableSource as error:
            outcomes["turned down" if error.code else "in silence"] += 1
            continue
        past = ItemHistory({}, {}, first=5, oldest=datetime(2023, 1, 1, tzinfo=UTC))
        judged = filter_items(document.items, past, FeedFilters())
        assert len(judged) == len(document.items)
        assert all(each.verdict == "new" or each.reason for each in judged)
        outcomes["read"] += 1
        for item in document.items:
            assert type(item).from_record(item.to_record()) == item
    assert outcomes.total() == 500
    assert not outcomes["in silence"]
    assert min(outcomes["read"], outcomes["turned down"]) >= 10


@pytest.mark.parametrize("kind", sorted(_VALID))
def test_a_feed_of_each_kind_is_read_alike(kind: str) -> None:
    document = parse_feed(_VALID[kind], url=f"{_BASE}/feed")
    assert document.title == "The Local Courier"
    assert [item.url for item in document.items] == [entry.url for entry in _ENTRIES]
    assert [item.title for item in document.items] == [entry.title for entry in _ENTRIES]
    dated = [item.published.start for item in document.items if item.published]
    assert dated in ([], [entry.at for entry in _ENTRIES])
    if kind in {"rss", "atom", "json"}:
        assert [item.is_full for item in document.items] == [n % 2 == 0 for n in range(12)]
        assert document.items[0].text == documents.body_of(0)


def test_declared_entities_neither_grow_nor_read_files() -> None:
    bomb = (
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "lollollollol">'
        + "".join(
            f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        )
        + '<!ENTITY file SYSTEM "file:///etc/passwd">]><rss version="2.0"><channel><title>&i;</title>'
        "<item><title>News &i;&file;</title><link>https://courier.example/1</link></item></channel></rss>"
    )
    for kind in ("rss", "urlset"):
        data = (
            bomb
            if kind == "rss"
            else bomb.replace("<rss ", "<urlset ").replace("</rss>", "</urlset>")
        )
        try:
            document = parse_feed(data.encode())
        except UnreadableSource:
            continue
        text = f"{document.title}{[item.title for item in document.items]}"
        assert len(text) < 500
        assert "root:" not in text


def test_a_feed_longer_than_any_is_cut() -> None:
    entries = [documents.entry(_BASE, n) for n in range(MOST_ITEMS + 10)]
    document = parse_feed(documents.news_sitemap(entries).encode())
    assert len(document.items) == MOST_ITEMS
    assert document.items[0].title == documents.title_of(MOST_ITEMS + 9)


@pytest.mark.parametrize(
    "data",
    [b"", b"   ", b"{}", b"[1]", b'{"version": "https://jsonfeed.org/version/1", "items": 3}',
     b"<html><body>No feed</body></html>", b"plain words", b"\x89PNG\r\n\x1a\n" + bytes(500),
     b'<urlset><url><loc>https://courier.example/1</loc></url></urlset>'],
)  # fmt: skip
def test_what_is_no_feed_is_turned_down_in_a_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableSource) as error:
        parse_feed(data)
    assert error.value.code
