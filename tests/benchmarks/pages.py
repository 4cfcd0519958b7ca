"""`python -m tests.benchmarks.pages`: how well and how fast articles are taken out of real pages.

F1 of 4-word shingles, precision and recall averaged over pages (the public benchmark's), and pages a
second through the processes that read pages, as `newsdesk ingest` does it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import sys
import time
from collections import Counter

from retrieval.errors import UnreadableSource
from retrieval.extraction import extract_article
from retrieval.extraction.process_pool import Extractor
from retrieval.extraction.worker_process import ExtractionJob
from retrieval.text.encoding import decode_page
from tests.benchmarks.weekly_news import SHARED

PAGES = SHARED / "data" / "pages"
_WORD = re.compile(r"\w+")
_ROUNDS = 8


def load() -> list[tuple[str, bytes, str, str]]:
    """Name, content, address and true text of each page."""
    truth = json.loads((PAGES / "ground-truth.json").read_text(encoding="utf-8"))
    return [
        (name, gzip.decompress((PAGES / f"{name}.html.gz").read_bytes()), page["url"], page["articleBody"])
        for name, page in truth.items()
    ]  # fmt: skip


def score(found: str, wanted: str) -> tuple[float, float]:
    """Precision and recall of ``found``."""
    mine, theirs = _shingles(found), _shingles(wanted)
    shared = (mine & theirs).total()
    return shared / max(1, mine.total()), shared / max(1, theirs.total())


def f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def measure(*, each: bool = False) -> None:
    pages = load()
    scores = {}
    start = time.process_time()
    for name, content, url, wanted in pages:
        try:
            text = extract_article(decode_page(content), url, teasers=True).text
        except UnreadableSource as error:
            print(f"{name}: {error}")
            text = ""
        scores[name] = score(text, wanted)
    milliseconds = (time.process_time() - start) / len(pages) * 1000
    precision, recall = (statistics.mean(column) for column in zip(*scores.values(), strict=True))
    worst = min(f1(*pair) for pair in scores.values())
    if each:
        for name, pair in sorted(scores.items(), key=lambda item: f1(*item[1])):
            print(f"{f1(*pair):.3f} (precision {pair[0]:.3f}, recall {pair[1]:.3f}) {name}")
    print(f"extract: {len(pages)} pages, F1 {f1(precision, recall):.4f} (precision {precision:.4f}, recall {recall:.4f}), worst page {worst:.3f}, {milliseconds:.1f} ms of CPU a page")  # fmt: skip
    with Extractor() as extractor:
        rate = _rate(extractor, [(content, url) for _, content, url, _ in pages])
    print(f"extract in {extractor.workers} processes: {rate:.0f} pages/s")


def _rate(extractor: Extractor, pages: list[tuple[bytes, str]]) -> float:
    def run(rounds: int) -> None:
        waiting = [
            extractor.submit(ExtractionJob("page", url, teasers=True), content)
            for _ in range(rounds)
            for content, url in pages
        ]
        for each in waiting:
            each.result()

    run(1)  # the processes start
    start = time.perf_counter()
    run(_ROUNDS)
    return _ROUNDS * len(pages) / (time.perf_counter() - start)


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    return Counter(tuple(words[i : i + 4]) for i in range(len(words) - 3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", action="store_true", help="a line for each page")
    options = parser.parse_args()
    if not PAGES.is_dir():
        sys.exit(f"The pages to measure with are missing: {PAGES}.")
    measure(each=options.each)
