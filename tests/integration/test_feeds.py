"""Feeds, as moderators and publishers see them, against a site that the test serves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from bot.i18n import describe
from bot.services.ingestion import IngestionServices
from retrieval.errors import Note, NotFound, Refused, UnreadableSource
from retrieval.feeds.visits import FeedVisit
from retrieval.maintenance import check_indexes
from retrieval.timestamps import TimeRange
from tests.both_databases import POSTGRESQL
from tests.integration.conftest import Newsdesk, lines
from tests.integration.newsroom import MODERATOR, Clock, moderator, opened, titles
from tests.newsite import NewsSite, documents
from tests.newsite.site import Served

pytestmark = pytest.mark.both_databases


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


async def _passages(room: IngestionServices, words: str) -> str:
    within = TimeRange(datetime(2030, 1, 1, tzinfo=UTC))
    found = await room.library.search(words, within, corpus="local", limit=50)
    return "\n".join(hit.passage.text for hit in found.hits)


def verdicts(visit: FeedVisit) -> Counter[str]:
    return Counter(each.verdict for each in visit.judged)


@pytest.mark.parametrize("kind", list(documents.KINDS))
async def test_a_feed_of_each_kind_is_found_read_and_taken_in_with_its_own_dates(
    tmp_path: Path, site: NewsSite, kind: str
) -> None:
    site.feed("/what-is-new", [1, 2, 3], kind)
    site.serve("/", documents.home([(documents.TYPES[kind], "/what-is-new")]))
    async with opened(tmp_path, site) as room:
        feed = await room.feeds.add(site.url("/"), "local", MODERATOR)
        assert feed.url == site.url("/what-is-new")
        visit = await room.feeds.visit(feed)
        assert visit.counts == {"indexed": 3}
        desk = await moderator(room)
        card = (await desk.articles.find("Cestry"))[0]
        assert card.title == documents.title_of(2)
        assert card.source == "The Local Courier"
        assert card.published_at == "2023-11-06T08:02:00Z"
        _, text = await desk.articles.show(site.url("/news/2"))
        assert "project2 had begun in the spring" in text
        assert documents.title_of(2) in await titles(room, "project2")


async def test_a_site_without_a_link_to_its_feed_has_it_at_a_usual_address(
    tmp_path: Path, site: NewsSite
) -> None:
    site.serve("/", documents.home([]))
    site.robots = f"User-agent: *\nDisallow:\nSitemap: {site.url('/maps/index.xml')}"
    site.serve("/maps/index.xml", documents.sitemap_index([site.url("/maps/news.xml")]), "text/xml")
    site.feed("/maps/news.xml", [4, 5], "sitemap")
    async with opened(tmp_path, site) as room:
        seen = await room.feeds.preview(site.url("/"), "local")
        assert (seen.url, seen.document.kind) == (site.url("/maps/index.xml"), "sitemap-index")
        assert [each.verdict for each in seen.judged] == ["new", "new"]
        site.feed("/rss.xml", [6])
        assert (await room.feeds.preview(site.url("/"), "local")).url == site.url("/rss.xml")
        for path in ("/rss.xml", "/maps/index.xml"):
            site.serve(path, "gone", status=404)
        with pytest.raises(UnreadableSource, match="feed-not-found"):
            await room.feeds.preview(site.url("/news/1"), "local")


async def test_a_feed_that_has_not_changed_costs_one_request_and_writes_at_most_its_time(
    tmp_path: Path, site: NewsSite, kept_in: str
) -> None:
    site.feed("/feed", list(range(12)), full=True)
    async with opened(tmp_path, site) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        feed = (await room.feeds.visit(feed)).feed
        site.forget()
        writes: list[str] = []

        def watch(*arguments: object) -> None:
            statement = str(arguments[2]).lstrip().upper()
            # Whose turn it is is no news.
            turns = " LEASES " in statement or " HOSTS " in statement
            if not (turns or statement.startswith(("SELECT", "PRAGMA", "BEGIN"))):
                writes.append(statement)

        engine = room.library.catalogue.database.engine.sync_engine
        event.listen(engine, "before_cursor_execute", watch)
        visit = await room.feeds.visit(feed)
        assert visit.result == "unchanged"
        assert [(seen.path, seen.status) for seen in site.requests] == [("/feed", 304)]
        # Where others visit it too, they have to know when.
        shared = kept_in == POSTGRESQL
        assert [each.split(" SET ")[0] for each in writes] == ["UPDATE FEEDS"] * shared
        # Nor is it asked before its time, although that was not written down.
        assert await room.feeds.due(room.library.clock()) == []


async def test_a_first_visit_takes_the_newest_and_later_ones_only_what_is_new(
    tmp_path: Path, site: NewsSite
) -> None:
    entries = [documents.entry(site.url(), n, full=True) for n in range(30)]
    site.feed("/feed", entries[:25])
    async with opened(tmp_path, site, feed_first_items=10) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        first = await room.feeds.visit(feed)
        assert verdicts(first) == {"new": 10, "old": 15}
        assert {each.item.title for each in first.judged if each.verdict == "new"} == {
            documents.title_of(n) for n in range(15, 25)
        }
        # The same items once more, their dates and GUIDs moved, their addresses decorated; two new.
        moved = [
            replace(
                e, at=e.at.replace(year=2024), guid=f"new-{e.guid}", url=f"{e.url}?utm_source=x#top"
            )
            for e in entries[:25]
        ]
        site.feed("/feed", [*moved, *entries[25:27]])
        second = await room.feeds.visit(first.feed)
        assert second.counts == {"indexed": 2}
        assert verdicts(second) == {"new": 2, "seen": 10, "old": 15}
        counts = (await room.library.counts())[0]
        assert counts.articles == 12


async def test_an_article_that_its_feed_changes_gets_a_new_version_and_a_correction_is_kept(
    tmp_path: Path, site: NewsSite
) -> None:
    site.feed("/feed", [1, 2])
    async with opened(tmp_path, site) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        feed = (await room.feeds.visit(feed)).feed
        assert "cost was revised" not in await _passages(room, "project1 building cost")
        site.revisions[1] = 2
        site.notes[1] = "Correction: An earlier version of this article named the wrong architect."
        entries = [documents.entry(site.url(), n) for n in (1, 2)]
        site.feed("/feed", [replace(entries[0], teaser="Rewritten…"), entries[1]])
        visit = await room.feeds.visit(feed)
        assert visit.counts == {"updated": 1}
        card, text = await (await moderator(room)).articles.show(site.url("/news/1"))
        assert card.versions == 2
        assert card.correction == site.notes[1]
        assert site.notes[1] in text
        # Answers are made of the corrected text, and of nothing else of that article.
        found = await _passages(room, "project1 building cost")
        assert "The cost was revised 2 times." in found
        assert found.count("We waited 3 years for project1,") == 1


async def test_each_item_that_is_left_out_is_explained(tmp_path: Path, site: NewsSite) -> None:
    site.robots = "User-agent: *\nDisallow: /private/"
    entries = {n: documents.entry(site.url(), n) for n in range(1, 9)}
    site.serve("/private/2", documents.page(2))
    site.serve("/empty", "<html><body><p>Sign in to read on.</p></body></html>")
    listed = [
        entries[1],
        replace(entries[2], url=site.url("/private/2")),
        replace(entries[3], url=site.url("/empty")),
        replace(entries[4], url=site.url("/film.mp4")),
        replace(entries[5], url=site.url("/")),
        replace(entries[6], url=site.url("/status/403")),
        replace(entries[7], title="An advertisement for socks"),
        replace(entries[8], url=site.url("/status/503")),
    ]
    site.feed("/feed", listed)
    async with opened(tmp_path, site) as room:
        feed = await room.feeds.add(
            site.url("/feed"), "local", MODERATOR, exclude=["advertisement"]
        )
        preview = await room.feeds.preview(site.url("/feed"), "local")
        assert site.paths().count("/private/2") == 0
        visit = await room.feeds.visit(feed)
        for judged in (preview.judged, visit.judged):
            said = [each.verdict for each in judged]
            assert said == [
                "new", "blocked", "not-an-article", "not-an-article", "not-an-article", "blocked",
                "filtered", "new",
            ]  # fmt: skip
            assert all(each.reason for each in judged if each.verdict != "new")
            assert judged[1].reason == Note("robots-disallowed")
            assert judged[7].reason is not None
            assert judged[7].reason.code == "retried-later"
        # What failed for the moment is tried again, what was turned down is not.
        site.forget()
        site.serve("/status/503", documents.page(8))
        again = await room.feeds.visit(visit.feed)
        assert again.counts == {"indexed": 1}
        assert sorted(site.paths()) == ["/feed", "/status/503"]


async def test_a_failing_feed_backs_off_says_why_and_is_paused_after_days(
    tmp_path: Path, site: NewsSite
) -> None:
    clock = Clock()
    site.feed("/feed", [1], full=True)
    async with opened(tmp_path, site, clock, feed_pause_after_failing_days=3) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        site.serve("/feed", "down", status=500)
        waits = []
        while feed.state == "active":
            visit = await room.feeds.visit(feed)
            assert visit.result == "failed"
            feed = visit.feed
            waits.append((feed.next_at - clock()).total_seconds() / 60)
            clock.now = feed.next_at
        assert waits[:5] == [10, 20, 40, 80, 160]
        assert feed.pause_reason is not None
        assert describe(feed.pause_reason).startswith(
            "the feed has been failing since 2023-11-07: the site responded with the status 500"
        )
        assert await room.feeds.due(clock()) == []
        site.feed("/feed", [1], full=True)
        feed = await room.feeds.resume(str(feed.id), "local", MODERATOR)
        assert (await room.feeds.visit(feed)).counts == {"indexed": 1}


async def test_a_clock_that_jumps_a_year_delays_no_feed(tmp_path: Path, site: NewsSite) -> None:
    clock = Clock()
    site.feed("/feed", [1], full=True)
    async with opened(tmp_path, site, clock) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        await room.feeds.visit(feed)
        assert await room.feeds.due(clock()) == []
        for days in (365, -365, -365):
            clock.advance(days=days)
            [due] = await room.feeds.due(clock())
            feed = (await room.feeds.visit(due)).feed
            assert feed.next_at - clock() <= feed.interval
            assert await room.feeds.due(clock()) == []


async def test_a_publisher_that_wants_to_be_left_alone_is(tmp_path: Path, site: NewsSite) -> None:
    clock = Clock()
    site.feed("/feed", [1], full=True, Cache_Control="public, max-age=7200")
    async with opened(tmp_path, site, clock) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        feed = (await room.feeds.visit(feed)).feed
        assert (feed.next_at - clock()).total_seconds() == 7200
        site.serve("/feed", "later", status=429, headers={"Retry-After": "36000"})
        feed = (await room.feeds.visit(feed)).feed
        assert (feed.next_at - clock()).total_seconds() == 36000
        site.forget()
        asked_again = await room.feeds.visit(feed)
        assert asked_again.result == "failed"
        assert asked_again.reason == Note("host-backoff", until="2023-11-07 19:00")
        assert site.requests == []


async def test_the_interval_follows_how_often_a_feed_changes(
    tmp_path: Path, site: NewsSite
) -> None:
    clock = Clock()
    async with opened(tmp_path, site, clock) as room:
        site.feed("/feed", [0], full=True)
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        minutes = []
        for numbers in ([0], [0, 1], [0, 1, 2], [0, 1, 2], [0, 1, 2], [0, 1, 2]):
            site.feed("/feed", numbers, full=True)
            feed = (await room.feeds.visit(feed)).feed
            minutes.append(feed.interval.total_seconds() / 60)
        assert minutes[:3] == [15, 10, 10]
        assert minutes[3:] == [15, 22.5, 33.75]


async def test_due_feeds_are_visited_fairly_and_never_too_many_at_once(
    tmp_path: Path, site: NewsSite
) -> None:
    hosts = [f"127.0.1.{n}" for n in range(1, 31)]
    allow = tuple(f"{host}:{site.port}" for host in hosts)
    for host in hosts:
        number = int(host.rsplit(".", 1)[1])
        site.feed(f"/feed{number}", [number], full=True)
    async with opened(tmp_path, site, fetch_allow=allow, feed_connections=4) as room:
        for index, host in enumerate(hosts):
            number = int(host.rsplit(".", 1)[1])
            corpus = "large" if index < 27 else "small"
            await room.feeds.add(site.url(f"/feed{number}", host), corpus, MODERATOR)
        site.seconds = 0.02
        site.most_at_once = 0
        site.forget()
        assert len([visit async for visit in room.poller.due()]) == 30
        order = [
            "large" if int(path.removeprefix("/feed")) < 28 else "small" for path in site.paths()
        ]
        assert site.most_at_once <= 4
        assert max(site.most_at_once_of_a_host.values()) == 1
        # Three feeds of the small corpus do not wait for twenty-seven of the large one.
        assert order[:14].count("small") == 3
        assert await room.feeds.due(room.library.clock()) == []
        assert documents.title_of(28) not in await titles(room, "project28", "large")


async def test_a_host_that_others_redirect_to_is_asked_politely_too(
    tmp_path: Path, site: NewsSite
) -> None:
    hosts = [f"127.0.2.{n}" for n in range(1, 9)]
    there = "127.0.3.1"
    allow = tuple(f"{host}:{site.port}" for host in [*hosts, there])
    entries = [
        replace(documents.entry(site.url(), n), url=site.url(f"/sent/{n}", host))
        for n, host in enumerate(hosts, 1)
    ]
    for n in range(1, 9):
        to = "private" if n > 6 else "news"
        site.serve(
            f"/sent/{n}", "", status=302, headers={"Location": site.url(f"/{to}/{n}", there)}
        )
        site.serve(f"/private/{n}", documents.page(n))
    refusing = Served(b"User-agent: *\nDisallow: /private/", "text/plain")
    site.serve_by_host(
        "/robots.txt", lambda host: refusing if host == there else Served(b"", "text/plain")
    )
    site.feed("/feed", entries)
    async with opened(tmp_path, site, fetch_allow=(site.allow, *allow)) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        site.seconds = 0.02
        visit = await room.feeds.visit(feed)
        assert visit.counts == {"indexed": 6, "rejected": 2}
        assert site.most_at_once_of_a_host[there] == 1
        asked = [seen.path for seen in site.requests if seen.host == there]
        assert sorted(asked) == [
            "/news/1",
            "/news/2",
            "/news/3",
            "/news/4",
            "/news/5",
            "/news/6",
            "/robots.txt",
        ]
        blocked = [each for each in visit.judged if each.verdict == "blocked"]
        assert len(blocked) == 2
        assert {each.reason for each in blocked} == {Note("robots-disallowed")}


async def test_what_was_interrupted_is_taken_by_the_next_visit(
    tmp_path: Path, site: NewsSite
) -> None:
    site.feed("/feed", list(range(40)))
    async with opened(tmp_path, site, feed_first_items=30) as room:
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        site.seconds = 0.01
        poller = room.poller.due()
        visiting = asyncio.ensure_future(anext(poller))
        while len(site.paths()) < 15:
            await asyncio.sleep(0.01)
        visiting.cancel()
        await asyncio.gather(visiting, return_exceptions=True)
    async with opened(tmp_path, site, feed_first_items=30) as room:
        feed = (await room.feeds.feeds("local"))[0]
        await room.feeds.visit(feed)
        assert (await room.library.counts())[0].articles == 30
        assert await check_indexes(room.library) == []


async def test_a_feed_belongs_to_its_corpus_alone(tmp_path: Path, site: NewsSite) -> None:
    site.feed("/feed", [1], full=True)
    async with opened(tmp_path, site) as room:
        ours = await room.feeds.add(site.url("/feed"), "ours", MODERATOR)
        with pytest.raises(Refused, match="feed-exists"):
            await room.feeds.add(site.url("/feed"), "ours", MODERATOR)
        theirs = await room.feeds.add(site.url("/feed"), "theirs", MODERATOR)
        assert theirs.id != ours.id
        await room.feeds.remove(str(theirs.id), "theirs", MODERATOR)
        assert await room.feeds.feeds("theirs") == []
        with pytest.raises(NotFound, match="feed-not-in-corpus"):
            await room.feeds.feed(str(ours.id), "theirs")
        await room.feeds.visit(ours)
        assert await titles(room, "project1", "theirs") == []


def test_preview_and_check_speak_as_the_contract_says(
    newsdesk: Newsdesk, tmp_path: Path, site: NewsSite
) -> None:
    site.feed("/feed", [1, 2], full=True)
    saved = tmp_path / "feed.xml"
    saved.write_text(documents.rss([documents.entry(site.url(), 1)]))
    env = {"NEWSDESK_FETCH_ALLOW": site.allow, "NEWSDESK_CONTACT": "news@example.org"}
    done = newsdesk("feeds", "preview", str(saved), "--json", **env)
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout) == [
        {
            "url": site.url("/news/1"),
            "title": documents.title_of(1),
            "published_at": "2023-11-06T08:01:00Z",
            "verdict": "new",
            "reason": None,
        }
    ]
    assert site.requests == []
    for what in (site.url("/news/1"), str(tmp_path / "nothing.xml")):
        none = newsdesk("feeds", "preview", what, "--json", **env)
        assert (none.returncode, none.stdout) == (1, "")
        assert none.stderr.count("\n") == 1
    assert newsdesk("feeds", "add", site.url("/feed"), **env).returncode == 0
    checked = lines(newsdesk("feeds", "check", "--json", **env).stdout)[0]
    assert checked["counts"] == {"indexed": 2}
    assert {item["verdict"] for item in checked["items"]} == {"new"}
    listed = lines(newsdesk("feeds", "list", "--json", **env).stdout)[0]
    assert (listed["state"], listed["failures"], listed["title"]) == (
        "active",
        0,
        "The Local Courier",
    )
    assert site.requests[-1].agent == "Newsdesk/0.1 (news question answering) (+news@example.org)"
    seen = lines(newsdesk("feeds", "preview", site.url("/feed"), "--json", **env).stdout)
    assert [each["verdict"] for each in seen] == ["seen", "seen"]
    taken = newsdesk("ingest", site.url("/feed"), "--json", "--corpus", "other", **env)
    assert [each["status"] for each in lines(taken.stdout)] == ["indexed", "indexed"], taken.stderr
