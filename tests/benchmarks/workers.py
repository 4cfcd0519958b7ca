"""Workers beside one writer on PostgreSQL: `python -m tests.benchmarks.workers [--kills N] [--rates]`.

Real processes read pages of a site served here, with a host for each corpus. With ``--kills``, four
workers are killed, or stopped for longer than their leases last, so many times in all; at the end every
article must be there once, and the stories those of one writer that did all of it alone. With
``--rates``, the items a second of 1, 2, 4 and 8 workers are measured, whose writer only indexes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from html import escape
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import psycopg

from bot.storage.library import open_library
from retrieval.catalogue import Catalogue
from retrieval.catalogue.audit_log import Actor
from retrieval.catalogue.jobs import JobSource
from retrieval.catalogue.server import DatabaseServer
from retrieval.maintenance import check_indexes
from retrieval.timestamps import utc_now
from tests.benchmarks.postgres_changes import running
from tests.benchmarks.worker_processes import (
    Started,
    processor_seconds,
    start_worker,
    start_writer,
    stop,
)
from tests.newsite import NewsSite
from tests.postgres import PostgresServer, template_with_tables

_CORPORA = 8
_WORKERS = 4
_EVENTS, _REPORTS = 2, 9  # of a job, and of an event
_INVENTED = Path(__file__).parent / "people_invented_articles.jsonl"
_UNFINISHED = 12  # jobs that wait or run while workers are killed
_LEASE_SECONDS = 2.0
_PATIENCE = 600.0
_RATE_CORPORA, _RATE_ITEMS, _RATE_SECONDS = 16, 30, 0.25
_RATE_WORKERS = (1, 2, 4, 8)

Stories = dict[str, set[frozenset[str]]]


class Bench:
    """A database of its own, and jobs in it about pages of the site."""

    def __init__(self, server: PostgresServer, site: NewsSite, folder: Path, corpora: int) -> None:
        folder.mkdir()
        self._server = server
        self._name = server.create(template_with_tables(server))
        self._site = site
        hosts = [f"127.0.0.{number + 1}" for number in range(corpora)]
        self._hosts = {f"corpus{number}": host for number, host in enumerate(hosts)}
        self.url = server.url(self._name)
        allow = tuple(f"{host}:{site.port}" for host in hosts)
        self.started = Started(self.url, folder, allow, _LEASE_SECONDS)
        self.jobs: list[tuple[str, list[str]]] = []

    async def submit(self, corpus: str, paths: list[str]) -> None:
        """Add a job as Discord's commands do."""
        catalogue = await Catalogue.open(DatabaseServer(self.url))
        try:
            now = utc_now()
            made = await catalogue.corpora.ensure(corpus, now)
            urls = [self._site.url(path, self._hosts[corpus]) for path in paths]
            sources = [JobSource("url", url) for url in urls]
            await catalogue.jobs.add(made, sources, Actor("Ada (17)", "#newsroom"), now)
            self.jobs.append((corpus, paths))
        finally:
            await catalogue.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchall()

    def unfinished(self) -> int:
        """Return how many jobs aren't over."""
        query = "SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')"
        return int(self.rows(query)[0][0])

    async def wait_until_done(self) -> float:
        """Wait until all jobs are over. Return the moment."""
        patience = time.monotonic() + _PATIENCE
        while self.unfinished():
            assert time.monotonic() < patience, "jobs don't end"
            await asyncio.sleep(0.1)
        return time.monotonic()

    def stories(self) -> Stories:
        """Return the stories of each corpus, by the addresses of their articles."""
        rows = self.rows(
            "SELECT c.name, m.story_id, m.copy_id, v.url FROM story_members m "
            "JOIN versions v ON v.id = m.version_id JOIN corpora c ON c.id = m.corpus_id "
            "WHERE v.state = 'indexed'"
        )
        found: dict[tuple[str, int], set[str]] = {}
        for corpus, story, _, url in rows:
            found.setdefault((corpus, story), set()).add(url.partition("127.")[2].partition("/")[2])
        stories: Stories = {}
        for (corpus, _), urls in found.items():
            stories.setdefault(corpus, set()).add(frozenset(urls))
        return stories

    async def assert_whole(self) -> int:
        """Every article is there once, nothing is lost or done twice. Return how many there are."""
        wanted = Counter(
            (corpus, self._site.url(path, self._hosts[corpus]))
            for corpus, paths in self.jobs
            for path in paths
        )
        of_corpus = "JOIN corpora c ON c.id = {}.corpus_id"
        for name, query in (
            ("shown", f"versions v {of_corpus.format('v')} WHERE v.state = 'indexed'"),
            ("versions", f"versions v {of_corpus.format('v')}"),
        ):
            rows = self.rows(f"SELECT c.name, v.url FROM {query}")
            assert Counter(rows) == wanted, name
        assert self.rows("SELECT count(*) FROM articles") == [(wanted.total(),)]
        logged = self.rows(f"SELECT c.name, l.label FROM ingest_log l {of_corpus.format('l')}")
        assert Counter(logged) == wanted, "log"
        results = self.rows(
            "SELECT c.name, r.url FROM job_results r JOIN jobs j ON j.id = r.job_id "
            "JOIN corpora c ON c.id = j.corpus_id"
        )
        assert Counter(results) == wanted, "results"
        assert self.rows("SELECT DISTINCT state FROM jobs") == [("done",)]
        assert self.rows("SELECT DISTINCT done FROM job_items") == [(1,)]
        async with open_library(self.started.settings("writer").library()) as library:
            assert await check_indexes(library) == []
        return wanted.total()

    def close(self) -> None:
        """Drop the database."""
        self._server.drop(self._name)


def _paths(job: int) -> list[str]:
    """A job's pages: two events, each in several reports that share most of their words."""
    first = job // _CORPORA * _EVENTS
    return [f"/{report}/{n}" for n in range(first, first + _EVENTS) for report in range(_REPORTS)]


def _serve_reports(site: NewsSite) -> int:
    """Let the site serve reports of invented events. Return how many jobs they are enough for."""
    lines = _INVENTED.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        article = json.loads(line)
        for report in range(_REPORTS):
            more = (
                f"\n\nThe desk added {report * 7} lines to report {report}." if report > 1 else ""
            )
            site.serve(f"/{report}/{number}", _page(article, article["text"] + more))
    return len(lines) // _EVENTS * _CORPORA


def _page(article: dict[str, str], text: str) -> str:
    title = escape(article["title"])
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="article"><meta property="article:published_time" '
        f'content="{article["published_at"]}T08:00:00Z"></head><body><main><article><h1>{title}</h1>'
        f"{paragraphs}</article></main></body></html>"
    )


async def measure_kills(
    server: PostgresServer,
    folder: Path,
    kills: int,
    most_seconds: float,
    *,
    unfinished_jobs: int = _UNFINISHED,
) -> None:
    """Kill and stop four workers ``kills`` times, or as often as ``most_seconds`` allow, and look what
    became of the work. So many jobs wait or run meanwhile."""
    random_ = random.Random(24)
    with NewsSite() as site:
        site.seconds = 0.02
        enough = _serve_reports(site)
        bench = Bench(server, site, folder / "killed", _CORPORA)
        writer = start_writer(bench.started, 1)
        workers = [start_worker(bench.started, number) for number in range(_WORKERS)]
        stopped: dict[int, float] = {}
        done: Counter[str] = Counter()
        began = last_told = time.monotonic()
        while done.total() < kills and time.monotonic() - began < most_seconds:
            assert writer.is_alive()
            unfinished = bench.unfinished()
            if not unfinished and len(bench.jobs) >= enough:
                break  # nothing is left to be interrupted
            if unfinished < unfinished_jobs and len(bench.jobs) < enough:
                job = len(bench.jobs)
                await bench.submit(f"corpus{job % _CORPORA}", _paths(job))
                continue
            for number, until in list(stopped.items()):
                if time.monotonic() >= until:
                    _signal(workers[number], signal.SIGCONT)
                    del stopped[number]
            number = random_.randrange(_WORKERS)
            if number not in stopped:
                assert workers[number].is_alive(), "a worker ended by itself"
                if random_.random() < 0.5:
                    workers[number].kill()
                    workers[number].join()
                    workers[number] = start_worker(bench.started, number)
                    done["killed"] += 1
                elif len(stopped) < _WORKERS - 1:
                    _signal(workers[number], signal.SIGSTOP)
                    stopped[number] = time.monotonic() + _LEASE_SECONDS * random_.uniform(1.2, 2)
                    done["stopped"] += 1
            if time.monotonic() - last_told > 30:
                last_told = time.monotonic()
                print(f"  {dict(done)}, {len(bench.jobs)} jobs", flush=True)
            await asyncio.sleep(random_.uniform(0.02, 0.3))
        for number in stopped:
            _signal(workers[number], signal.SIGCONT)
        seconds = await bench.wait_until_done() - began
        stop(writer, *workers)
        items = await bench.assert_whole()
        claims = bench.rows("SELECT sum(token) FROM leases WHERE name LIKE 'job:%'")[0][0]
        asked = len(site.paths())
        stories = bench.stories()
        print(
            f"{done['killed']} kills and {done['stopped']} stops in {seconds:.0f} s: {items} items of "
            f"{len(bench.jobs)} jobs, claimed {claims} times; pages asked for {asked} times; none lost, "
            "none done twice, indexes agree"
        )
        most = max(site.most_at_once_of_a_host.values())
        print(f"most requests to one host at once: {most}")
        alone = Bench(server, site, folder / "alone", _CORPORA)
        for corpus, paths in bench.jobs:
            await alone.submit(corpus, paths)
        writer = start_writer(alone.started, 2)
        await alone.wait_until_done()
        stop(writer)
        await alone.assert_whole()
        expected = alone.stories()
        sizes = Counter(len(story) for found in expected.values() for story in found)
        same = sum(len(stories[name] & found) for name, found in expected.items())
        print(
            f"stories: {same} of {sum(map(len, expected.values()))} equal to one writer's "
            f"(articles of a story: {dict(sorted(sizes.items()))})"
        )
        bench.close()
        alone.close()
        assert stories == expected


def _signal(process: BaseProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)


async def measure_rate(server: PostgresServer, folder: Path, workers: int) -> tuple[float, float]:
    """Return items a second of so many workers, and the processor seconds of all processes."""
    with NewsSite() as site:
        site.seconds = _RATE_SECONDS
        bench = Bench(server, site, folder / f"rate{workers}", _RATE_CORPORA)
        writer = start_writer(bench.started, 0)
        # Start-up and first imports are no part of the rate.
        processes = [start_worker(bench.started, number) for number in range(workers)]
        for number in range(_RATE_CORPORA):
            await bench.submit(f"corpus{number}", [f"/news/{number}"])
        await bench.wait_until_done()
        began = time.monotonic()
        for number in range(_RATE_CORPORA):
            first = 1_000 * (number + 1)
            paths = [f"/news/{n}" for n in range(first, first + _RATE_ITEMS)]
            await bench.submit(f"corpus{number}", paths)
        seconds = await bench.wait_until_done() - began
        stop(writer, *processes)
        await bench.assert_whole()
        bench.close()
        return _RATE_CORPORA * _RATE_ITEMS / seconds, processor_seconds(bench.started)


async def measure_rates(server: PostgresServer, folder: Path, picture: Path | None) -> None:
    """Print the rates as a table, and draw them."""
    print("| workers | items a second | processor seconds in all |")
    print("|---:|---:|---:|")
    rates: dict[int, float] = {}
    spent: dict[int, float] = {}
    for workers in _RATE_WORKERS:
        rates[workers], spent[workers] = await measure_rate(server, folder, workers)
        print(f"| {workers} | {rates[workers]:.1f} | {spent[workers]:.1f} |", flush=True)
    limit = _limit(spent)
    print(f"the machine's limit by processor time without start-up: {limit:.0f} items a second")
    if picture is not None:
        draw(rates, limit, picture)


def _limit(spent: dict[int, float]) -> float:
    """Return the items a second that the processors could do, given what ``spent`` says that so many
    workers took. Each process costs the same to start, the writer too."""
    start_up, rest = np.polyfit(list(spent), list(spent.values()), 1)
    items = _RATE_CORPORA * (_RATE_ITEMS + 1)
    return float(len(os.sched_getaffinity(0)) * items / (rest - start_up))


def draw(rates: dict[int, float], limit: float, picture: Path) -> None:
    """Draw the rates by number of workers, and the machine's limit."""
    from matplotlib.figure import Figure

    cores = len(os.sched_getaffinity(0))
    figure = Figure(figsize=(6, 3.4), dpi=150, layout="constrained")
    axes = figure.subplots()
    places = range(len(rates))
    axes.bar(places, list(rates.values()), 0.6, color="#4c78a8", label="measured")
    axes.axhline(
        limit, linestyle="--", color="#e45756", label=f"limit of {cores} cores by processor time"
    )
    axes.set_xticks(places, [str(workers) for workers in rates])
    axes.set_xlabel("worker processes")
    axes.set_ylabel("articles a second")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    figure.savefig(picture)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=3_600, help="kill for so long at most")
    parser.add_argument("--rates", action="store_true")
    parser.add_argument("--picture", type=Path, help="draw the rates there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsdesk-workers-") as name, running() as server:
        if given.kills:
            await measure_kills(server, Path(name), given.kills, given.seconds)
        if given.rates:
            await measure_rates(server, Path(name), given.picture)


if __name__ == "__main__":
    asyncio.run(main())
