"""Jobs: many sources, their progress, their turns, and what an interruption leaves."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.jobs import JobSource, settle
from retrieval.errors import NotFound, Refused
from retrieval.ingestion.jobs.queue import JobEvent
from retrieval.maintenance import check_indexes
from retrieval.models import IngestResult
from tests.both_databases import POSTGRESQL, execute
from tests.integration.conftest import Newsdesk, article, lines
from tests.integration.job_kills import assert_whole, kill_often, state
from tests.integration.newsroom import MODERATOR, moderator, opened, titles
from tests.newsite import NewsSite, documents

pytestmark = pytest.mark.both_databases


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


async def test_a_job_takes_pages_feeds_files_and_texts_and_tells_how_far_it_is(
    tmp_path: Path, site: NewsSite
) -> None:
    site.feed("/feed", [10, 11, 12])
    file = tmp_path / "a.jsonl.gz"
    records = [*(article(n) for n in range(100)), {"title": "No text"}]
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, records)).encode()))
    sources = [
        JobSource("url", site.url("/news/1")),
        JobSource("url", site.url("/moved/2")),
        JobSource("url", site.url("/feed")),
        JobSource("url", site.url("/status/404")),
        JobSource("file", str(file)),
        JobSource(
            "text",
            "a pasted text",
            {"text": "Zeppelin lands\n\n" + "The airship landed in the port. " * 9},
        ),
    ]
    async with opened(tmp_path / "data", site) as room:
        job = await room.jobs.submit("local", sources, MODERATOR)
        assert (job.state, await room.jobs.position(job.id)) == ("queued", 1)
        events: list[JobEvent] = [event async for event in room.jobs.follow(job)]
        last = events[-1].progress
        assert events[-1].job.state == "done"
        assert (last.found, last.fetched, last.indexed) == (108, 108, 106)
        assert last.extracted == 106
        assert {note.code: count for note, count in last.skipped.items()} == {
            "http-status": 1,
            "text-missing": 1,
        }
        assert len(last.titles) == 5
        results = [result for event in events for result in event.results]
        assert len(results) == 108
        assert (await room.library.counts())[0].articles == 106
        found = [event.progress.finished for event in events]
        assert found == sorted(found)
        assert "Zeppelin lands" in await titles(room, "airship zeppelin")
        again = await room.jobs.submit("local", sources, MODERATOR)
        last = [event async for event in room.jobs.follow(again)][-1].progress
        assert (last.indexed, last.unchanged) == (0, 106)


async def test_a_watcher_gets_every_result_once_whichever_process_it_is_of(
    tmp_path: Path, site: NewsSite, kept_in: str
) -> None:
    if kept_in != POSTGRESQL:
        pytest.skip("one process works on the jobs of a file")
    async with opened(tmp_path, site) as room:
        urls = [site.url(f"/news/{n}") for n in range(5)]
        job = await room.jobs.submit("local", [JobSource("url", url) for url in urls], MODERATOR)
        watching = room.jobs.watch(job.id, "local")
        events = [await anext(watching)]
        # What another process got done before it lost the job.
        items = [item.id for item in await room.library.catalogue.jobs.items(job.id, 0, 3)]
        theirs = [IngestResult(url, "unchanged", None, url, None) for url in urls[:3]]
        async with room.library.database.write() as connection:
            await settle(connection, job.id, theirs, {}, items)
        assert [done.id for done in await room.jobs.drain()] == [job.id]
        events += [event async for event in watching]
    assert sorted(str(result.url) for event in events for result in event.results) == urls
    last = events[-1].progress
    assert events[-1].job.state == "done"
    assert (last.found, last.fetched, last.extracted) == (5, 5, 5)
    assert (last.unchanged, last.indexed, last.finished) == (3, 2, 5)


async def test_a_file_that_was_handed_in_is_kept_until_its_job_is_over(
    tmp_path: Path, site: NewsSite
) -> None:
    data = "\n".join(json.dumps(article(n)) for n in range(5)).encode()
    async with opened(tmp_path, site, max_queued_jobs=1) as room:
        source = await room.jobs.upload("../../etc/news.jsonl", data)
        job = await room.jobs.submit("local", [source], MODERATOR)
        late = await room.jobs.upload("one-too-many.txt", b"x")
        with pytest.raises(Refused):
            await room.jobs.submit("local", [late], MODERATOR)
    async with opened(tmp_path, site) as room:
        results = [r async for event in room.jobs.follow(job) for r in event.results]
        assert [result.source for result in results] == [f"news.jsonl:{n}" for n in range(1, 6)]
        assert [*tmp_path.glob("uploads/*"), *tmp_path.glob("scratch/*")] == []
        assert await execute(room.library, "SELECT job_id FROM uploads WHERE job_id > 0") == []
        assert not (tmp_path.parent / "etc").exists()


async def test_jobs_wait_in_a_bounded_queue_where_corpora_take_turns(
    tmp_path: Path, site: NewsSite
) -> None:
    def pages(first: int) -> list[JobSource]:
        return [JobSource("url", site.url(f"/news/{n}")) for n in range(first, first + 2)]

    async with opened(tmp_path, site, max_queued_jobs=4) as room:
        jobs = [await room.jobs.submit("large", pages(n), MODERATOR) for n in (0, 2, 4, 6)]
        late = await room.jobs.submit("small", pages(8), MODERATOR)
        assert [await room.jobs.position(job.id) for job in [*jobs, late]] == [1, 3, 4, 5, 2]
        with pytest.raises(Refused, match=r"job-queue-full \(count=4"):
            await room.jobs.submit("large", pages(0), MODERATOR)
        with pytest.raises(Refused, match="nothing-to-ingest"):
            await room.jobs.submit("small", [], MODERATOR)
        done = await room.jobs.drain()
        assert {job.state for job in done} == {"done"}
        ended = sorted(done, key=lambda job: str(job.finished_at))
        assert len(ended) == 5
        assert {card.url for card in await (await moderator(room, "small")).articles.find("")} == {
            site.url(f"/news/{n}") for n in (8, 9)
        }


async def test_a_cancelled_job_ends_and_keeps_what_it_had_accepted(
    tmp_path: Path, site: NewsSite
) -> None:
    site.seconds = 0.02
    async with opened(tmp_path, site) as room:
        sources = [JobSource("url", site.url(f"/news/{n}")) for n in range(300)]
        job = await room.jobs.submit("local", sources, MODERATOR)
        waiting = await room.jobs.submit("local", sources[:1], MODERATOR)
        other = Actor("Bob (18)", "#elsewhere")
        with pytest.raises(NotFound):
            await room.jobs.cancel(job.id, "theirs", other)
        async for event in room.jobs.follow(job):
            if event.progress.fetched == 5:
                await room.jobs.cancel(job.id, "local", other)
        assert event.job.state == "cancelled"
        assert 5 <= event.progress.indexed < 40
        assert (await room.jobs.cancel(waiting.id, "local", other)).state == "cancelled"
        with pytest.raises(Refused, match=r"job-over .*job-state-cancelled"):
            await room.jobs.cancel(job.id, "local", other)
        counts = (await room.library.counts())[0]
        assert (counts.articles, counts.unfinished) == (event.progress.indexed, 0)
        assert await check_indexes(room.library) == []
        assert await room.jobs.drain() == []
        audit = await (await moderator(room)).audit_log.read()
        assert ("job.cancel", str(job.id), "Bob (18)") in {
            (e.action, e.subject, e.who) for e in audit
        }


async def test_a_job_that_was_stopped_goes_on_at_the_next_start(
    tmp_path: Path, site: NewsSite
) -> None:
    site.seconds = 0.01
    async with opened(tmp_path, site) as room:
        sources = [JobSource("url", site.url(f"/news/{n}")) for n in range(60)]
        job = await room.jobs.submit("local", sources, MODERATOR)
        running = asyncio.create_task(room.jobs.run())
        while len(site.paths()) < 20:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    async with opened(tmp_path, site) as room:
        assert [done.id for done in await room.jobs.drain()] == [job.id]
        assert (await room.library.counts())[0].articles == 60


def test_a_job_that_is_killed_again_and_again_brings_every_article_in_once(
    tmp_path: Path, site: NewsSite
) -> None:
    site.seconds = 0.004
    seen = list(kill_often(tmp_path, site, items=80, kills=4))
    assert len(seen) == 4
    assert_whole(state(tmp_path), site, 80)


def test_what_a_killed_ingest_left_is_resumed_from_the_terminal(
    newsdesk: Newsdesk, tmp_path: Path, site: NewsSite
) -> None:
    env = {"NEWSDESK_FETCH_ALLOW": site.allow}
    site.feed("/feed", [1, 2, 3])
    done = newsdesk("ingest", site.url("/feed"), site.url("/news/7"), "--json", **env)
    assert done.returncode == 0, done.stderr
    results = lines(done.stdout)
    assert (
        sorted(str(each["title"]) for each in results)[-1] == documents.title_of(7)
        or len(results) == 4
    )
    assert {each["status"] for each in results} == {"indexed"}
    jobs = lines(newsdesk("jobs", "list", "--json", **env).stdout)
    assert [(job["state"], job["where"]) for job in jobs] == [("done", "terminal")]
    assert "no unfinished jobs" in newsdesk("jobs", "resume", **env).stdout


def test_the_list_of_jobs_says_what_each_was_about_and_what_came_in(
    newsdesk: Newsdesk, site: NewsSite
) -> None:
    env = {"NEWSDESK_FETCH_ALLOW": site.allow}
    site.feed("/feed", [1, 2, 3])
    newsdesk("ingest", site.url("/feed"), site.url("/news/7"), site.url("/missing"), **env)
    newsdesk("ingest", site.url("/news/7"), **env)
    newsdesk("ingest", site.url("/news/7").replace("//", "//me:word@"), **env)
    shown = newsdesk("jobs", "list", **env).stdout
    summed, third, _, second, _, first, _ = shown.splitlines()
    assert summed == "The last 3: 3 done; 4 articles indexed, 2 rejected"
    assert first == (f"1. done: {site.url('/feed')} and 2 more: 5 found, 4 indexed, 1 rejected")
    assert second == f"2. done: {site.url('/news/7')}: 1 found, 0 indexed, 1 unchanged"
    assert third == f"3. done: {site.url('/news/7')}: 1 found, 0 indexed, 1 rejected"
    records = lines(newsdesk("jobs", "list", "--json", **env).stdout)
    keys = ("first", "sources", "found", "indexed", "unchanged", "rejected")
    assert [record[key] for key in keys for record in records[2:]] == [
        site.url("/feed"), 3, 5, 4, 0, 1,
    ]  # fmt: skip


async def test_a_mistake_of_ours_in_one_job_ends_that_job_and_not_the_queue(
    tmp_path: Path, site: NewsSite
) -> None:
    async with opened(tmp_path, site) as room:
        # What no version of ours writes.
        bad = await room.jobs.submit("local", [JobSource("item", "x", {"nonsense": 1})], MODERATOR)
        good = await room.jobs.submit("local", [JobSource("url", site.url("/news/1"))], MODERATOR)
        ended = {job.id: job for job in await room.jobs.drain()}
        assert ended[bad.id].state == "failed"
        error = ended[bad.id].error
        assert error is not None
        assert error.code == "job-failed-unexpectedly"
        assert ended[good.id].state == "done"


async def test_a_job_is_done_although_what_follows_it_fails(tmp_path: Path, site: NewsSite) -> None:
    async with opened(tmp_path, site) as room:
        good = await room.jobs.submit("local", [JobSource("url", site.url("/news/1"))], MODERATOR)
        # What no version of ours writes: where this file lies is not known, so none can be cleared.
        odd = JobSource("file", str(tmp_path / "nothing.txt"), {"nonsense": 1})
        after = await room.jobs.submit("local", [odd], MODERATOR)
        ended = {job.id: job.state for job in await room.jobs.drain()}
        assert ended == {good.id: "done", after.id: "done"}
        assert len(await titles(room, "project1")) == 1
