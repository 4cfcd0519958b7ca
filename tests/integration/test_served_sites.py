"""Sites that answer badly: what is here stays as good as it was, and every feed of a list is tried."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bot.answering.engine import AnswerEngine, AnswerRequest
from bot.services.ingestion import IngestionServices
from bot.storage.library import open_library
from retrieval.feeds.item_filter import FeedFilters
from retrieval.feeds.opml import read_opml, write_opml
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import Library, LibraryConfig
from retrieval.timestamps import TimeRange, iso
from tests.integration.conftest import Newsdesk, lines
from tests.integration.newsroom import MODERATOR, Clock, moderator, opened
from tests.newsite import NewsSite, documents
from tests.newsite.feed_lists import feed_list
from tests.unit.served import LANGUAGES, item, page, paragraphs, rss

_WITHIN = TimeRange(datetime(2026, 12, 1, tzinfo=UTC))


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


def _full(
    title: str, link: str, text: list[str], date: str = "Tue, 24 Nov 2026 08:00:00 +0000"
) -> str:
    body = "".join(f"<p>{line}</p>" for line in text)
    return item(
        title, link=link, date=date, more=f"<content:encoded><![CDATA[{body}]]></content:encoded>"
    )


async def _text(room: IngestionServices, url: str) -> str:
    desk = await moderator(room)
    _, text = await desk.articles.show(url)
    return text


def _clock() -> Clock:
    return Clock(datetime(2026, 11, 25, 9, tzinfo=UTC))


@pytest.mark.parametrize("tag", ["ru", "ar", "zh"])
async def test_a_feed_that_breaks_letters_or_cuts_a_text_changes_no_answer(
    tmp_path: Path, site: NewsSite, tag: str
) -> None:
    whole = paragraphs(tag) * 3
    link = site.url("/n1.html")
    title = LANGUAGES[tag]["title"]
    good = rss(_full(title, link, whole)).encode()
    letter = next(c for c in whole[0] if not c.isascii()).encode()
    mangled = "".join(whole[0]).encode().decode("latin-1")
    asked = [line.encode("ascii", "replace").decode() for line in whole]
    # Each feed with what its visit counts; nothing where the repaired text is the one that is kept.
    served: list[tuple[bytes, dict[str, int]]] = [
        (good.replace(letter, letter[:1], 8), {"unchanged": 1}),
        (rss(_full(title, link, [mangled, *whole[1:]])).encode(), {}),
        (rss(_full(title, link, asked)).encode(), {"rejected" if tag == "zh" else "unchanged": 1}),
        (rss(_full(title, link, [*whole[:6], whole[6][:60]])).encode(), {"unchanged": 1}),
        (rss(_full(title, link, [whole[0], "…"])).encode(), {"rejected": 1}),
        (rss(item(title, link=link)).encode(), {"rejected": 1}),
        (rss(_full(title, link, [*whole, LANGUAGES[tag]["brief"][0]])).encode(), {"updated": 1}),
    ]
    clock = _clock()
    site.serve("/feed", good, "application/rss+xml")
    async with opened(tmp_path, site, clock) as room:
        engine = AnswerEngine(room.library, None)

        async def ask() -> tuple[object, ...]:
            told = await engine.answer(AnswerRequest(title, _WITHIN, "local"))
            return told.text, told.citations, await _text(room, link)

        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        assert (await room.feeds.visit(feed)).counts == {"indexed": 1}
        before = await ask()
        assert before[1]
        for place, (data, counts) in enumerate(served):
            site.serve("/feed", data, "application/rss+xml")
            clock.advance(hours=2)
            visit = await room.feeds.visit((await room.feeds.feeds("local"))[0])
            assert visit.counts == counts, place
            assert (await ask() == before) is ("updated" not in counts), place


@pytest.mark.parametrize(
    ("pattern", "question", "names"),
    [
        ("{}の新しい病院が月曜日に開院した。病床は{}床で、建設に三年かかった。", "{}の新しい病院の病床は何床ですか？", ["ヴァルスンド", "リンドホルム", "カムゴル", "ゴルリン", "タルヴェク", "ドスニス"]),
        ("{}市长星期一宣布新医院开业，共有{}张病床，建设历时三年。", "{}的新医院有多少张病床？", ["瓦尔松德", "林德霍姆", "卡姆戈尔", "戈尔林", "塔尔维克", "多斯尼"]),
        ("โรงพยาบาลใหม่ของเมือง{}เปิดเมื่อวันจันทร์ มีเตียง {} เตียง ใช้เวลาสร้างสามปี", "โรงพยาบาลใหม่ของเมือง{}มีกี่เตียง", ["วาร์ซุนด์", "ลินด์โฮล์ม", "คัมกอร์", "กอร์ลิน", "ทาร์เวก", "ดอสนิส"]),
    ],
    ids=["ja", "zh", "th"],
)  # fmt: skip
async def test_articles_without_spaces_are_found_by_the_names_in_them(
    tmp_path: Path, pattern: str, question: str, names: list[str]
) -> None:
    records = [
        {"title": name, "text": pattern.format(name, 300 + place), "published_at": "2026-11-23"}
        for place, name in enumerate(names)
    ]
    async with _holding(tmp_path, records) as library:
        for place, name in enumerate(names):
            found = await library.search(question.format(name), _WITHIN, corpus="local", limit=3)
            assert str(300 + place) in found.hits[0].passage.text


async def test_what_a_publisher_carries_of_another_is_found_under_its_name(tmp_path: Path) -> None:
    sources = ["Varsund Post", "Varsund Post, via Reuters", "Reuters", "varsundpost.example"]
    records = [
        {"title": f"{LANGUAGES[tag]['title']}", "text": paragraphs(tag)[0], "source": source,
         "url": f"https://{'varsundpost.example' if 'arsund' in source else 'reuters.com'}/{tag}"}
        for tag, source in zip(("en", "de", "fr", "es"), sources, strict=True)
    ]  # fmt: skip
    async with _holding(tmp_path, records) as library:
        for name, count in (("varsund post", 3), ("varsundpost.example", 3), ("Reuters", 1)):
            # Without a date they are of the moment when they came in.
            within = TimeRange(library.clock())
            found = await library.search("Varsund", within, corpus="local", source=name, limit=9)
            assert len({hit.passage.article.article_id for hit in found.hits}) == count


@contextlib.asynccontextmanager
async def _holding(folder: Path, records: list[dict[str, str]]) -> AsyncIterator[Library]:
    """A library that has taken in articles, with the embedder that comes with the program."""
    file = folder / "articles.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    async with open_library(LibraryConfig(folder / "data"), writer="test") as library:
        indexer = await library.indexer("local")
        reading = read_source(file, 1_000_000)
        async for _ in ingest(indexer, reading, actor="test", data_dir=folder / "data"):
            pass
        yield library


async def test_the_moderator_is_told_why_a_text_was_kept(tmp_path: Path, site: NewsSite) -> None:
    link, whole = site.url("/de1.html"), paragraphs("de") * 3
    site.serve("/feed", rss(_full("Mühle", link, whole)).encode(), "application/rss+xml")
    clock = _clock()
    async with opened(tmp_path, site, clock) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        await room.feeds.visit(feed)
        asked = [line.encode("ascii", "replace").decode() for line in whole]
        site.serve("/feed", rss(_full("Mühle", link, asked)).encode(), "application/rss+xml")
        clock.advance(hours=2)
        visit = await room.feeds.visit((await room.feeds.feeds("local"))[0])
        assert visit.counts == {"unchanged": 1}
        assert visit.judged[0].reason is not None
        assert visit.judged[0].reason.code == "letters-broken"


async def test_a_title_cut_within_a_letter_leaves_the_rest_of_a_feed_alone(
    tmp_path: Path, site: NewsSite
) -> None:
    link, whole = site.url("/ru1.html"), paragraphs("ru") * 3
    old = _full(LANGUAGES["ru"]["title"], link, whole)
    site.serve("/feed", rss(old).encode(), "application/rss+xml")
    clock = _clock()
    async with opened(tmp_path, site, clock) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        await room.feeds.visit(feed)
        first = await _text(room, link)
        new = _full("Библиотека откр☠", site.url("/ru2.html"), LANGUAGES["ru"]["brief"] * 6)
        data = rss(new, old).encode().replace("☠".encode(), b"\xd1")
        site.serve("/feed", data, "application/rss+xml")
        clock.advance(hours=2)
        visit = await room.feeds.visit((await room.feeds.feeds("local"))[0])
        assert visit.counts == {"indexed": 1}
        assert await _text(room, link) == first
        desk = await moderator(room)
        titles = {card.title for card in await desk.articles.find("")}
        assert titles == {LANGUAGES["ru"]["title"], "Библиотека откр\ufffd"}


async def test_items_without_a_usable_date_are_new_when_they_are_new(
    tmp_path: Path, site: NewsSite
) -> None:
    epoch = "Thu, 01 Jan 1970 00:00:00 +0000"
    old = _full("Old thing", site.url("/e0.html"), paragraphs("en") * 2, epoch)
    site.serve("/feed", rss(old).encode(), "application/rss+xml")
    clock = _clock()
    async with opened(tmp_path, site, clock) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        assert (await room.feeds.visit(feed)).counts == {"indexed": 1}
        new = _full("Three medals", site.url("/e1.html"), paragraphs("de") * 2, epoch)
        site.serve("/feed", rss(new, old).encode(), "application/rss+xml")
        clock.advance(hours=2)
        visit = await room.feeds.visit((await room.feeds.feeds("local"))[0])
        assert Counter(each.verdict for each in visit.judged) == {"new": 1, "seen": 1}
        assert visit.counts == {"indexed": 1}


async def test_a_zone_by_name_makes_news_of_today_visible_at_once(
    tmp_path: Path, site: NewsSite
) -> None:
    now = datetime.now(UTC)
    tokyo = (now - timedelta(minutes=30) + timedelta(hours=9)).strftime("%a, %d %b %Y %H:%M:%S JST")
    site.serve(
        "/feed",
        rss(_full("Fire", site.url("/f"), paragraphs("en") * 2, tokyo)).encode(),
        "application/rss+xml",
    )
    async with opened(tmp_path, site, Clock(now)) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        await room.feeds.visit(feed)
        found = await room.library.search(
            "paper mill library", TimeRange(now), corpus="local", limit=5
        )
        assert found.hits[0].passage.article.published_at == iso(
            (now - timedelta(minutes=30)).replace(microsecond=0)
        )


async def test_a_page_that_only_sends_its_readers_on_is_followed(
    tmp_path: Path, site: NewsSite
) -> None:
    refresh = '<html><head><meta http-equiv="refresh" content="0; url=/real.html"><title>Redirecting</title></head><body><p><a href="/real.html">Click here</a></p></body></html>'
    site.serve("/old.html", refresh)
    site.serve("/real.html", page("en"))
    async with opened(tmp_path, site, _clock()) as room:
        incoming = await room.pages.article(site.url("/old.html"))
        assert incoming.article is not None
        assert incoming.article.title == LANGUAGES["en"]["title"]
        assert incoming.article.url == site.url("/real.html")


async def test_a_feed_that_moved_for_good_is_asked_at_its_new_address(
    tmp_path: Path, site: NewsSite
) -> None:
    feed_text = rss(_full("Mill", site.url("/m"), paragraphs("en") * 2)).encode()
    site.serve("/new", feed_text, "application/rss+xml")
    for path, status in (("/gone", 301), ("/away", 302)):
        site.serve(path, b"", "text/html", headers={"location": "/new"}, status=status)
    async with opened(tmp_path, site, _clock()) as room:
        for corpus, path, right in (("a", "/gone", "/new"), ("b", "/away", "/away")):
            feed = await room.feeds.add(site.url(path), corpus, MODERATOR)
            visit = await room.feeds.visit(feed)
            assert visit.feed.url == site.url(right)


async def test_a_visit_under_way_undoes_nothing_that_a_moderator_changes(
    tmp_path: Path, site: NewsSite
) -> None:
    for path in ("/here", "/there"):
        feed_text = rss(_full("Mill", site.url(path + "/m"), paragraphs("en") * 2))
        site.serve(path, feed_text.encode(), "application/rss+xml")
    async with opened(tmp_path, site, _clock()) as room:
        before = await room.feeds.add(site.url("/here"), "local", MODERATOR)
        reference = str(before.id)
        german = FeedFilters(languages=("de",))
        changed = await room.feeds.set_filters(reference, "local", MODERATOR, german)
        assert (await room.feeds.visit(before)).result == "taken"
        after = await room.feeds.feed(reference, "local")
        # All of it is judged anew by other filters.
        assert (after.digest, after.include, after.initialized) == (None, changed.include, True)
        moved = await room.feeds.move(reference, "local", MODERATOR, site.url("/there"))
        assert (await room.feeds.visit(after)).result == "taken"
        after = await room.feeds.feed(reference, "local")
        assert (after.url, after.next_at) == (site.url("/there"), moved.next_at)
        assert after.checked_at == moved.checked_at


async def test_a_feed_moves_for_good_to_where_one_was_removed(
    tmp_path: Path, site: NewsSite
) -> None:
    feed_text = rss(_full("Mill", site.url("/m"), paragraphs("en") * 2)).encode()
    site.serve("/new", feed_text, "application/rss+xml")
    site.serve("/gone", b"", "text/html", headers={"location": "/new"}, status=301)
    async with opened(tmp_path, site, _clock()) as room:
        removed = await room.feeds.add(site.url("/new"), "local", MODERATOR)
        await room.feeds.remove(str(removed.id), "local", MODERATOR)
        feed = await room.feeds.add(site.url("/gone"), "local", MODERATOR)
        await room.feeds.visit(feed)
        assert [each.url for each in await room.feeds.feeds("local")] == [site.url("/new")]


async def test_filters_are_tried_and_changed(tmp_path: Path, site: NewsSite) -> None:
    first = _full("Mühle", site.url("/sport/1"), paragraphs("de") * 2)
    second = _full("Mill", site.url("/kultur/2"), paragraphs("en") * 2)
    site.serve("/feed", rss(first, second).encode(), "application/rss+xml")
    async with opened(tmp_path, site, _clock()) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        german = FeedFilters(languages=("de",), without_categories=("kultur",))
        _, tried = await room.feeds.preview_filters(str(feed.id), "local", german)
        assert [each.verdict for each in tried] == ["new", "filtered"]
        assert (await room.feeds.feed(str(feed.id), "local")).include == feed.include
        changed = await room.feeds.set_filters(str(feed.id), "local", MODERATOR, german)
        assert FeedFilters.of(changed.include, changed.exclude) == german
        assert (await room.feeds.visit(changed)).counts == {"indexed": 1}


def test_a_list_of_two_hundred_feeds_is_imported_once(
    tmp_path: Path, site: NewsSite, newsdesk: Newsdesk
) -> None:
    file = tmp_path / "feeds.opml"
    file.write_bytes(feed_list(site, 200))
    env = {"NEWSDESK_FETCH_ALLOW": site.allow}
    done = newsdesk("feeds", "import", str(file), "--json", **env)
    assert done.returncode == 0, done.stderr
    told = lines(done.stdout)
    assert len(told) == 200
    status = {each["url"]: each["status"] for each in told}
    assert status == {
        site.url(f"/feeds/{n}"): "failed" if n % 3 == 0 else "added" for n in range(200)
    }
    assert all(bool(each["reason"]) == (each["status"] == "failed") for each in told)
    listed = lines(newsdesk("feeds", "list", "--json", **env).stdout)
    assert len(listed) == len({each["url"] for each in listed}) == 133
    again = lines(newsdesk("feeds", "import", str(file), "--json", **env).stdout)
    assert Counter(each["status"] for each in again) == {"known": 133, "failed": 67}
    exported = newsdesk("feeds", "export", **env).stdout
    root = ElementTree.fromstring(exported)
    assert {o.get("xmlUrl") for o in root.iter("outline")} == {each["url"] for each in listed}


async def test_opml_goes_out_and_comes_in_again(tmp_path: Path, site: NewsSite) -> None:
    site.serve(
        "/feed",
        rss(_full("Mill & Co <1>", site.url("/m"), paragraphs("en"))).encode(),
        "application/rss+xml",
    )
    async with opened(tmp_path, site, _clock()) as room:
        await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        written = write_opml(
            await room.feeds.feeds("local"), "Ä & ö", datetime(2026, 1, 1, tzinfo=UTC)
        )
        assert [each.url for each in read_opml(written)] == [site.url("/feed")]
        again = [
            each async for each in room.feeds.import_feeds(read_opml(written), "other", MODERATOR)
        ]
        assert [each.status for each in again] == ["added"]


async def test_a_packed_sitemap_is_read(tmp_path: Path, site: NewsSite) -> None:
    sitemap = documents.news_sitemap([documents.entry(site.url(), n) for n in (1, 2)])
    site.serve("/news.xml.gz", gzip.compress(sitemap.encode()), "application/gzip")
    async with opened(tmp_path, site) as room:
        seen = await room.feeds.preview(site.url("/news.xml.gz"), "local")
        assert seen.document.kind == "sitemap"
        assert len(seen.judged) == 2
