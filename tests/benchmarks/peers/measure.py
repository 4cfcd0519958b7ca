"""One system in a process of its own, so that the peak memory is its own."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from retrieval.timestamps import parse_span
from tests.benchmarks.peers.peer import Peer, Result

SYSTEMS = {
    "Newsdesk": "newsdesk",
    "LangChain": "langchain",
    "LlamaIndex": "llamaindex",
    "Haystack": "haystack",
}
LIMIT = 10
_QUIET = {"ANONYMIZED_TELEMETRY": "False", "HAYSTACK_TELEMETRY_ENABLED": "False"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one system: seconds of the ingest, milliseconds and results of each search."""

    versions: dict[str, str]
    ingest_seconds: float
    peak_megabytes: float
    search_milliseconds: list[float]
    results: list[list[Result]]


def measure_apart(system: str, articles: Path, questions: Path, folder: Path) -> Measured:
    """Measure a system in a new process; ``folder`` is new and becomes the system's."""
    folder.mkdir()
    report = folder / "measured.json"
    arguments = [system, str(articles), str(questions), str(folder / "data"), str(report)]
    command = [sys.executable, "-m", "tests.benchmarks.peers.measure", *arguments]
    subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, **_QUIET})
    record = json.loads(report.read_text(encoding="utf-8"))
    record["results"] = [
        [Result(**{**each, "also": tuple(each["also"])}) for each in found]
        for found in record["results"]
    ]
    return Measured(**record)


def measure(system: str, articles: Path, questions: list[tuple[str, str]], data: Path) -> Measured:
    """Ingest, then ask one question after the other, once the first has been asked to warm up."""
    module = import_module(f"tests.benchmarks.peers.{SYSTEMS[system]}")
    data.mkdir()
    peer: Peer = getattr(module, system)(data)
    start = time.perf_counter()
    peer.ingest(articles)
    seconds = time.perf_counter() - start
    peer.search("warm up", parse_span("2024-01-01").end, LIMIT)
    times, results = [], []
    for question, asked_at in questions:
        last = parse_span(asked_at).end
        start = time.perf_counter()
        found = peer.search(question, last, LIMIT)
        times.append((time.perf_counter() - start) * 1000)
        results.append(found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    versions = {package: version(package) for package in peer.packages}
    return Measured(versions, seconds, peak, times, results)


def main() -> None:
    system, articles, questions, data, report = sys.argv[1:]
    asked = [(q, at) for q, at in json.loads(Path(questions).read_text(encoding="utf-8"))]
    measured = measure(system, Path(articles), asked, Path(data))
    Path(report).write_text(json.dumps(asdict(measured)), encoding="utf-8")


if __name__ == "__main__":
    main()
