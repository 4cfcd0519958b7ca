"""Kill -9 in the middle of a job, again and again; then look whether all is there, once."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.integration import job_child
from tests.newsite import NewsSite

# Not plainly forked: by then this process may have opened stores, whose threads a fork loses. The
# server has paid for the heavy imports, and has opened nothing.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["chromadb", "tantivy", job_child.__name__])


def _start(data: Path, base: str, count: int) -> multiprocessing.process.BaseProcess:
    process = PROCESSES.Process(target=job_child.run, args=(data, base, count))
    process.start()
    return process


def kill_often(
    data: Path, site: NewsSite, *, items: int, kills: int, seed: int = 0
) -> Iterator[float]:
    """Yield after each kill how much of the job the site had served; the last one is let live."""
    random_ = random.Random(seed)
    served = 0
    for kill in range(kills):
        process = _start(data, site.url(), items if kill == 0 else 0)
        # Somewhere in the next part of what is left, so that every kill finds work under way.
        goal = served + max(1, (items - served) // (kills - kill + 1)) * random_.uniform(0.3, 1.0)
        patience = time.monotonic() + 60
        while process.is_alive() and len(set(site.paths())) < goal:
            assert time.monotonic() < patience, "it hangs"
            time.sleep(0.005)
        time.sleep(random_.uniform(0, 0.15))
        if process.pid is not None and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()
        served = len(set(site.paths()))
        yield served / items
    process = _start(data, site.url(), 0)
    process.join(600)
    assert process.exitcode == 0


def state(data: Path) -> dict[str, Any]:
    """What the catalogue says: articles, versions, log entries and results by URL, job states."""
    import sqlite3

    connection = sqlite3.connect(data / "catalogue.sqlite3")

    def counted(query: str) -> Counter[str]:
        return Counter(row[0] for row in connection.execute(query))

    try:
        return {
            "shown": counted("SELECT url FROM versions WHERE state = 'indexed'"),
            "versions": counted("SELECT url FROM versions"),
            "logged": counted("SELECT label FROM ingest_log"),
            "results": counted("SELECT url FROM job_results"),
            "statuses": counted("SELECT status FROM job_results"),
            "jobs": counted("SELECT state FROM jobs"),
            "origins": counted("SELECT actor || ' ' || origin FROM ingest_log"),
        }
    finally:
        connection.close()


def assert_whole(found: dict[str, Any], site: NewsSite, items: int) -> None:
    """Every article once, none lost, the audit complete."""
    wanted = Counter(site.url(f"/news/{n}") for n in range(items))
    for name in ("shown", "versions", "logged", "results"):
        assert found[name] == wanted, name
    assert found["statuses"] == {"indexed": items}
    assert found["jobs"] == {"done": 1}
    assert found["origins"] == {"Ada (17) #newsroom": items}
