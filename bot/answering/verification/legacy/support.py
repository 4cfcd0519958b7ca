"""How likely it is that passages support a claim: a logistic model over a few plain features.

The weights are learned from claims with people's verdicts and from altered sentences
(`python -m tests.benchmarks.train_gate`).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from bot.answering.verification.legacy.alignment import Line, best_window, content, words
from bot.answering.verification.legacy.clauses import clauses
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.vocabulary import COLOURING, OFFICES, verbal
from bot.answering.verification.legacy.words import Token

_WEIGHTS = Path(__file__).with_name("support_weights.json")


@cache
def learned_weights() -> dict[str, float]:
    """The weights that ship with the program, by feature, and the ``bias``."""
    weights: dict[str, float] = json.loads(_WEIGHTS.read_text(encoding="utf-8"))
    return weights


def probability(features: Mapping[str, float], weights: Mapping[str, float]) -> float:
    score = weights["bias"] + sum(
        weights.get(name, 0.0) * value for name, value in features.items()
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def measure(claim: Line, material: Material) -> dict[str, float]:
    """The features of a claim and its evidence, each about 0 to 1 or a small count."""
    stems = [token.stem for token in words(claim)]
    told = content(claim)
    strange = _strange(claim, material)
    flat = [
        [token.stem for line in passage for token in words(line)] for passage in material.passages
    ]
    pieces = _fragments(stems, flat)
    counts = Counter(stem for passage in flat for stem in passage)
    wanted = set(told)
    # What several passages say is put together, of each the sentences that say most.
    sentence, window = set[str](), set[str]()
    for passage in material.passages:
        sentence |= max((wanted & set(content(line)) for line in passage), key=len, default=set())
        best, _ = best_window(claim, [passage])
        window |= {stem for line in best for stem in wanted & set(content(line))}
    share = len(sentence) / max(1, len(wanted))
    around = len(window) / max(1, len(wanted))
    if not material.uncased:
        around = max(around, len(_by_clause(claim, material)) / max(1, len(wanted)))
    return {
        # Articles with capitals name people in one sentence and go on about them in the next.
        "sentence": share if material.uncased else (share + around) / 2,
        "fragments": len(pieces) / max(1, len(stems)),
        "triples": _triples(stems, flat),
        "strange": 0.0 if material.uncased else float(len(strange)),
        "unsaid": float(_missing_from_evidence(claim, strange, material))
        if material.uncased
        else 0.0,
        "rarest": math.log(min((counts[stem] for stem in told), default=0) + 1),
        "lead": _lead(told, material),
        "uncased": float(material.uncased),
        "length": math.log(1 + len(stems)),
    }


def _by_clause(claim: Line, material: Material) -> set[str]:
    """What of each clause of a claim stands in some place of the passages, each clause in its own."""
    held = set[str]()
    for clause in clauses(claim):
        best, _ = best_window(clause, material.passages)
        held |= {stem for line in best for stem in content(line)}.intersection(content(clause))
    return held


def _fragments(stems: Sequence[str], flat: Sequence[Sequence[str]]) -> list[int]:
    """Sizes of the longest stretches of the passages that, put together, make the claim."""
    places: dict[str, list[tuple[int, int]]] = {}
    wanted = set(stems)
    for number, passage in enumerate(flat):
        for at, stem in enumerate(passage):
            if stem in wanted:
                places.setdefault(stem, []).append((number, at))
    sizes = []
    at = 0
    while at < len(stems):
        longest = 0
        for number, place in places.get(stems[at], ())[:200]:
            passage = flat[number]
            size = 0
            while (
                at + size < len(stems)
                and place + size < len(passage)
                and stems[at + size] == passage[place + size]
            ):
                size += 1
            longest = max(longest, size)
        sizes.append(longest)
        at += max(1, longest)
    return sizes


def _triples(stems: Sequence[str], flat: Sequence[Sequence[str]]) -> float:
    """The share of the claim's three words in a row that stand so in the passages."""
    mine = list(zip(stems, stems[1:], stems[2:], strict=False))
    if not mine:
        return 0.0
    theirs = {three for p in flat for three in zip(p, p[1:], p[2:], strict=False)}
    return sum(three in theirs for three in mine) / len(mine)


def _strange(claim: Line, material: Material) -> list[Token]:
    """The words of a claim that have not even a relative in the passages: medallist has one, medal."""
    heads = {stem[:5] for stem in material.stems if len(stem) > 3}
    return [
        token
        for token in claim
        if token.content
        and token.stem not in material.stems
        and not (token.kind == "word" and (token.stem[:5] in heads or token.stem[:4] in heads))
    ]


def _missing_from_evidence(claim: Line, strange: Sequence[Token], material: Material) -> int:
    """How much of a claim the passages leave unsaid, in text that was put in lower case.

    Verbs are free: a summary chooses its own. Offices and colouring that the passages do not have
    weigh more, they are what a summary makes up.
    """
    missing = [t.text.lower() for t in claim if t.content and t.stem not in material.stems]
    plain = sum(not verbal(token.text.lower()) for token in strange)
    return plain + sum((word in OFFICES) + (word in COLOURING) for word in missing)


def _lead(told: Sequence[str], material: Material) -> float:
    """The share of the claim in the first sentences of the passages."""
    lead = {stem for passage in material.passages for line in passage[:4] for stem in content(line)}
    return sum(stem in lead for stem in told) / len(told) if told else 0.0
