"""Pairs of reports for a person to judge: drawn, thinned and split by seed alone.

`python -m tests.benchmarks.draw_pairs` prints the drawn pairs with titles, dates and beginnings, one
JSON object a line; `python -m tests.benchmarks.draw_pairs VERDICTS` reads a line `same` or `other`
for each of them and adds what is left after thinning to `same_event_pairs.jsonl`. Neither asks the
grouping anything: pairs are drawn at random inside strata of the cosine of the beginnings, among
articles published within 8 days of one another, without the pairs that were drawn earlier.

A pair is the same event if both articles tell of one occurrence (one crash, one verdict, one match,
one debate, one announcement), the one beforehand or while it goes on and the other afterwards, or the
other of what followed from that very occurrence within days (reactions, the toll, an arrest). What
goes on for long (a storm, a fire, a manhunt, a strike) is one occurrence for about three days; reports
further apart tell of two stages. It is not the same event if they tell of two occurrences of one
running story (two days of a war or a trial, two matches, two drawings of a lottery), if they share no
more than a subject, or if one is a roundup, quiz or podcast in which the event is one of several.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.stories import PAIRS, marked
from tests.benchmarks.weekly_news import load_articles

_SEED = 20261124
_DAYS = 8
_DAY = 86_400_000_000  # microseconds
# From which cosine on, up to the next one, how many pairs.
_STRATA = ((0.4, 30), (0.5, 75), (0.6, 90), (0.7, 100), (0.8, 65))
_HALVES = ("more", "fresh")
_BEGINNING = 420  # characters


def drawn() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The pairs to judge, in an order that tells nothing."""
    generator = random.Random(_SEED)
    articles = load_articles()
    known = {
        frozenset((pair["a"], pair["b"])) for pair in pairs_kept() if pair["half"] not in _HALVES
    }
    marks = asyncio.run(marked(articles))
    vectors = np.stack([m.vector for m in marks])
    at = np.array([m.at for m in marks])
    first, second = np.triu_indices(len(marks), 1)
    near = np.abs(at[first] - at[second]) <= _DAYS * _DAY
    first, second = first[near], second[near]
    cosines = np.einsum("ij,ij->i", vectors[first], vectors[second])
    chosen: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for number, (lowest, count) in enumerate(_STRATA):
        highest = _STRATA[number + 1][0] if number + 1 < len(_STRATA) else np.inf
        inside = np.flatnonzero((cosines >= lowest) & (cosines < highest))
        pairs = [(articles[first[row]], articles[second[row]]) for row in inside]
        fresh = [(a, b) for a, b in pairs if frozenset((a["url"], b["url"])) not in known]
        chosen += generator.sample(fresh, count)
    generator.shuffle(chosen)
    return chosen


def pairs_kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]


def thinned(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As many of one kind as of the other, and a half for each: pairs that share an article get the same."""
    generator = random.Random(_SEED)
    kinds = [[p for p in pairs if p["same_event"] is same] for same in (True, False)]
    fewest = min(len(kind) for kind in kinds)
    kept = [pair for kind in kinds for pair in generator.sample(kind, fewest)]
    group = {url: url for pair in kept for url in (pair["a"], pair["b"])}
    for pair in kept:
        mine, other = group[pair["a"]], group[pair["b"]]
        group = {url: mine if begun == other else begun for url, begun in group.items()}
    begun = sorted(set(group.values()))
    generator.shuffle(begun)
    halves: dict[str, str] = {}
    sizes = dict.fromkeys(_HALVES, 0)
    for url in begun:
        halves[url] = min(_HALVES, key=sizes.__getitem__)
        sizes[halves[url]] += sum(group[pair["a"]] == url for pair in kept)
    return [pair | {"half": halves[group[pair["a"]]]} for pair in kept]


def main() -> None:
    pairs = drawn()
    if len(sys.argv) == 1:
        for number, pair in enumerate(pairs, 1):
            shown = [
                [a["url"], a["title"], a["published_at"], " ".join(a["text"].split())[:_BEGINNING]]
                for a in pair
            ]
            print(json.dumps([number, *shown], ensure_ascii=False))
        return
    verdicts = Path(sys.argv[1]).read_text(encoding="utf-8").split()
    if len(verdicts) != len(pairs) or not set(verdicts) <= {"same", "other"}:
        raise SystemExit(f"one verdict, same or other, for each of the {len(pairs)} pairs")
    judged = [
        {"a": a["url"], "b": b["url"], "same_event": verdict == "same"}
        for (a, b), verdict in zip(pairs, verdicts, strict=True)
    ]
    kept = [pair for pair in pairs_kept() if pair["half"] not in _HALVES] + thinned(judged)
    PAIRS.write_text("".join(f"{json.dumps(pair)}\n" for pair in kept), encoding="utf-8")


if __name__ == "__main__":
    main()
