"""How well stories are grouped: near-copies made by rule, and reports of one event judged by reading.

`python -m tests.benchmarks.stories` prints pairwise precision, recall and F1, and what grouping
costs an article. `same_event_pairs.jsonl` was sampled at random inside strata of similarity (pairs
of other articles published within 8 days) and judged by three readers from titles, dates and
beginnings; what most said counts (see `draw_pairs.py` for the draws and the rule of judging). Parts
were thinned to about as many different as same events, but for `final`, `unthinned` and `last`. All
but `last` are there to tune grouping on, and are printed; `--final` prints `last`.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bot.evaluation.questions import read_records
from retrieval.embedders import make_embedder
from retrieval.stories.clustering import (
    ClusterAssignment,
    ClusterDocument,
    ClusteringConfig,
    StoryClusterer,
    fingerprint,
    ordered,
)
from retrieval.text.chunking import passage_spans
from retrieval.timestamps import parse_span, to_micros
from tests.benchmarks.copies import make_copies
from tests.benchmarks.weekly_news import load_articles

PAIRS = Path(__file__).with_name("same_event_pairs.jsonl")
TUNED_ON = ("dev", "held-out", "final", "more", "fresh", "unthinned")


async def marked(articles: Sequence[dict[str, Any]]) -> list[ClusterDocument]:
    leads = [a["text"][slice(*(passage_spans(a["text"]) or [(0, 0)])[0])] for a in articles]
    embedder = make_embedder("wordllama")
    vectors = await embedder.embed(
        [f"{a['title']}\n{lead}" for a, lead in zip(articles, leads, strict=True)]
    )
    moments = [to_micros(parse_span(a.get("published_at") or "2023-12-31").start) for a in articles]
    return [
        ClusterDocument(
            number, a["url"], at, vectors[number - 1], fingerprint(a["title"], a["text"], at)
        )
        for number, (a, at) in enumerate(zip(articles, moments, strict=True), 1)
    ]


def grouped(
    marks: Sequence[ClusterDocument], grouping: ClusteringConfig | None = None
) -> dict[str, ClusterAssignment]:
    """By URL, the place of each article; they come in the order of their publication."""
    stories = StoryClusterer(len(marks[0].vector), grouping)
    return {m.digest: stories.place(m) for m in ordered(marks)}


def f1(truth: Iterable[bool], found: Iterable[bool]) -> tuple[float, float, float]:
    """Precision, recall and their harmonic mean."""
    pairs = Counter(zip(truth, found, strict=True))
    hit = pairs[True, True]
    precision = hit / max(1, hit + pairs[False, True])
    recall = hit / max(1, hit + pairs[True, False])
    return precision, recall, 2 * hit / max(1, 2 * hit + pairs[False, True] + pairs[True, False])


def in_equal_parts(truth: Sequence[bool], found: Sequence[bool]) -> float:
    """F1 if pairs of different events were as many as pairs of one, as the thinned parts have it."""
    pairs = Counter(zip(truth, found, strict=True))
    same, other = sum(truth), len(truth) - sum(truth)
    hit, wrong = pairs[True, True], pairs[False, True] * same / max(1, other)
    return 2 * hit / max(1, same + hit + wrong)


def _copies(grouping: ClusteringConfig) -> None:
    copied = make_copies(load_articles())
    marks = asyncio.run(marked(copied.articles))
    start = time.perf_counter()
    places = grouped(marks, grouping)
    milliseconds = (time.perf_counter() - start) * 1000 / len(marks)
    truth = Counter(copied.origin.values())
    found = Counter(places[url].copy_id for url in copied.origin)
    both = Counter((copied.origin[url], places[url].copy_id) for url in copied.origin)
    together, real, right = (
        sum(n * (n - 1) // 2 for n in counts.values()) for counts in (found, truth, both)
    )
    precision, recall = right / max(1, together), right / real
    score = 2 * right / (together + real)
    print(f"near-copies: {len(marks)} articles, precision {precision:.3f}, recall {recall:.3f}, F1 {score:.3f}, {milliseconds:.2f} ms an article")  # fmt: skip
    missed = Counter(
        url.split("/")[3]
        for url, origin in copied.origin.items()
        if url != origin and places[url].copy_id != places[origin].copy_id
    )
    print(f"  missed by kind: {dict(missed)}")


def _events(grouping: ClusteringConfig, *parts: str) -> None:
    kept = read_records(PAIRS)
    pairs = [pair for pair in kept if pair["half"] in parts]
    articles = {article["url"]: article for article in load_articles()}
    places = grouped(asyncio.run(marked(list(articles.values()))), grouping)
    for chosen in dict.fromkeys([*((part,) for part in parts), parts]):
        truth = [(p["same_event"], p["a"], p["b"]) for p in pairs if p["half"] in chosen]
        same = [places[a].story_id == places[b].story_id for _, a, b in truth]
        judged = [is_same for is_same, _, _ in truth]
        precision, recall, score = f1(judged, same)
        equal = in_equal_parts(judged, same)
        print(f"same event ({', '.join(chosen)}): {len(truth)} pairs, {sum(judged)} of one event; precision {precision:.3f}, recall {recall:.3f}, F1 {score:.3f}; in equal parts F1 {equal:.3f}")  # fmt: skip
    sizes = Counter(place.story_id for place in places.values())
    print(f"  {len(places)} articles in {len(sizes)} stories, the largest of {max(sizes.values())}; median {np.median(list(sizes.values())):.0f}")  # fmt: skip


def main() -> None:
    if "--final" in sys.argv:
        _events(ClusteringConfig(), "last")
    else:
        _copies(ClusteringConfig())
        _events(ClusteringConfig(), *TUNED_ON)


if __name__ == "__main__":
    main()
