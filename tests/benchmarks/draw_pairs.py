"""Pairs of reports for a person to judge: drawn, thinned and split by seed alone.

`python -m tests.benchmarks.draw_pairs DRAW` prints the pairs of a draw with titles, dates and
beginnings, one JSON object a line; `python -m tests.benchmarks.draw_pairs DRAW VERDICTS...` reads the
verdicts of as many readers as there are files, a line `same` or `other` for each pair, and adds the
pairs with what most readers said (a tie is `other`) to `same_event_pairs.jsonl`. Neither asks the
grouping anything: pairs are drawn at random inside strata of the cosine of the beginnings, among
articles published within 8 days of one another, without the pairs of earlier draws that are kept.

`second` became the parts `more` and `fresh`: thinned to as many of one kind as of the other.
`third` became `unthinned`: the same strata, as many pairs as are left where a stratum has fewer, and
all of them kept, so that it says how pairs come that have such a cosine. `fourth` became `last`, in
the same way; of a cosine of 0.8 or more none was left to draw. `last` is there to tell how grouping
does on pairs that it was not tuned on. 587 of the 588 pairs of a cosine of 0.7 or more are judged now:
whoever wants new ones needs other articles.

One reader judged all pairs of the first two draws, and `second` was thinned by what that reader said.
Two others, who saw neither those verdicts nor one another's, judged all of them again, shuffled
among the third draw; what most of the three said stands in the list. Of 703 pairs the two agree on
95.6 % (kappa 0.91) and the first reader with the one or the other on 90 % (kappa 0.79 and 0.80).
Three others judged the fourth draw; any two of them agree on 94 to 97 % (kappa 0.87 to 0.93).

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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.evaluation.questions import read_records
from retrieval.timestamps import DAY_MICROS
from tests.benchmarks.stories import PAIRS, marked
from tests.benchmarks.weekly_news import load_articles

_DAYS = 8
# From which cosine on, up to the next one, how many pairs.
_STRATA = ((0.4, 30), (0.5, 75), (0.6, 90), (0.7, 100), (0.8, 65))
_BEGINNING = 600  # characters


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw by ``seed`` that becomes ``parts``; ``after`` are the parts that were there before it."""

    seed: int
    parts: tuple[str, ...]
    after: tuple[str, ...]
    thinned: bool


_FIRST = ("dev", "held-out", "final")
_SECOND = ("more", "fresh")
_THIRD = ("unthinned",)
DRAWS = {
    "second": Draw(20261124, _SECOND, _FIRST, thinned=True),
    "third": Draw(20261125, _THIRD, _FIRST + _SECOND, thinned=False),
    "fourth": Draw(20261129, ("last",), _FIRST + _SECOND + _THIRD, thinned=False),
}


def drawn(draw: Draw) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The pairs to judge, in an order that tells nothing."""
    generator = random.Random(draw.seed)
    articles = load_articles()
    known = {
        frozenset((pair["a"], pair["b"])) for pair in pairs_kept() if pair["half"] in draw.after
    }
    marks = asyncio.run(marked(articles))
    vectors = np.stack([m.vector for m in marks])
    at = np.array([m.at for m in marks])
    first, second = np.triu_indices(len(marks), 1)
    near = np.abs(at[first] - at[second]) <= _DAYS * DAY_MICROS
    first, second = first[near], second[near]
    cosines = np.einsum("ij,ij->i", vectors[first], vectors[second])
    chosen: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for number, (lowest, count) in enumerate(_STRATA):
        highest = _STRATA[number + 1][0] if number + 1 < len(_STRATA) else np.inf
        inside = np.flatnonzero((cosines >= lowest) & (cosines < highest))
        pairs = [(articles[first[row]], articles[second[row]]) for row in inside]
        fresh = [(a, b) for a, b in pairs if frozenset((a["url"], b["url"])) not in known]
        chosen += generator.sample(fresh, min(count, len(fresh)))
    generator.shuffle(chosen)
    return chosen


def pairs_kept() -> list[dict[str, Any]]:
    return read_records(PAIRS)


def judged(
    draw: Draw, pairs: list[tuple[dict[str, Any], dict[str, Any]]], readers: list[list[str]]
) -> list[dict[str, Any]]:
    """What to keep of the pairs of a draw: with the verdict of most readers and the part they are of."""
    for verdicts in readers:
        if len(verdicts) != len(pairs) or not set(verdicts) <= {"same", "other"}:
            raise SystemExit(f"one verdict, same or other, for each of the {len(pairs)} pairs")
    verdicts_by_pair = zip(*readers, strict=True)
    found = [
        {"a": a["url"], "b": b["url"], "same_event": votes.count("same") * 2 > len(votes)}
        for (a, b), votes in zip(pairs, verdicts_by_pair, strict=True)
    ]
    generator = random.Random(draw.seed)
    return parted(draw.parts, thinned(found, generator) if draw.thinned else found, generator)


def thinned(pairs: list[dict[str, Any]], generator: random.Random) -> list[dict[str, Any]]:
    """As many of one kind as of the other."""
    kinds = [[p for p in pairs if p["same_event"] is same] for same in (True, False)]
    fewest = min(len(kind) for kind in kinds)
    return [pair for kind in kinds for pair in generator.sample(kind, fewest)]


def parted(
    names: tuple[str, ...], kept: list[dict[str, Any]], generator: random.Random
) -> list[dict[str, Any]]:
    """A part for each: pairs that share an article get the same."""
    group = {url: url for pair in kept for url in (pair["a"], pair["b"])}
    for pair in kept:
        mine, other = group[pair["a"]], group[pair["b"]]
        group = {url: mine if begun == other else begun for url, begun in group.items()}
    begun = sorted(set(group.values()))
    generator.shuffle(begun)
    parts: dict[str, str] = {}
    sizes = dict.fromkeys(names, 0)
    for url in begun:
        parts[url] = min(names, key=sizes.__getitem__)
        sizes[parts[url]] += sum(group[pair["a"]] == url for pair in kept)
    return [pair | {"half": parts[group[pair["a"]]]} for pair in kept]


def main() -> None:
    if len(sys.argv) == 1 or sys.argv[1] not in DRAWS:
        raise SystemExit(f"name a draw: {' or '.join(DRAWS)}")
    draw = DRAWS[sys.argv[1]]
    pairs = drawn(draw)
    if len(sys.argv) == 2:
        for number, pair in enumerate(pairs, 1):
            shown = [
                [a["url"], a["title"], a["published_at"], " ".join(a["text"].split())[:_BEGINNING]]
                for a in pair
            ]
            print(json.dumps([number, *shown], ensure_ascii=False))
        return
    readers = [Path(name).read_text(encoding="utf-8").split() for name in sys.argv[2:]]
    kept = [pair for pair in pairs_kept() if pair["half"] not in draw.parts]
    kept += judged(draw, pairs, readers)
    PAIRS.write_text("".join(f"{json.dumps(pair)}\n" for pair in kept), encoding="utf-8")


if __name__ == "__main__":
    main()
