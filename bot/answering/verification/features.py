"""Measure a claim and its evidence; most features don't depend on the language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.names import names

_STRANGE = 0.55  # a word is strange if nothing in the passages is closer to it than this
_LEAD = 4


def measure(claim: EvidenceSentence, evidence: EvidenceText, found: Alignment) -> dict[str, float]:
    """Return the features of an aligned claim by name."""
    return {
        **_coverage(found),
        **_relations(found),
        **_vectors(claim, evidence, found),
        **_order(claim, evidence, found),
        **_edits(claim, found),
        **_names_and_numbers(claim, evidence, found),
        **_form(claim, evidence, found),
    }


def _coverage(found: Alignment) -> dict[str, float]:
    w = found.weights
    first, last = found.window
    everywhere = found.similar.max(axis=1)
    anywhere = found.exact.any(axis=1)
    line, line_exact = found.similar[:, found.best], found.exact[:, found.best]
    window = found.similar[:, first : last + 1].max(axis=1)
    window_exact = found.exact[:, first : last + 1].any(axis=1)
    rest = np.where(line_exact[:, None], 0.0, found.similar)
    second = int(np.argmax(w @ rest))
    pair = np.maximum(line, found.similar[:, second])
    lowest = np.sort(everywhere)
    lowest_window = np.sort(window)
    strange = everywhere < _STRANGE
    return {
        "exact_all": float(w @ anywhere),
        "exact_line": float(w @ line_exact),
        "exact_window": float(w @ window_exact),
        "share_all": float(anywhere.mean()),
        "share_line": float(line_exact.mean()),
        "share_window": float(window_exact.mean()),
        "soft_all": float(w @ everywhere),
        "soft_line": float(w @ line),
        "soft_window": float(w @ window),
        "soft_pair": float(w @ pair),
        "lowest": float(lowest[0]),
        "lowest_second": float(lowest[min(1, len(lowest) - 1)]),
        "lowest_mean": float(lowest[:3].mean()),
        "lowest_window": float(lowest_window[0]),
        "lowest_window_second": float(lowest_window[min(1, len(lowest) - 1)]),
        "missing_all": float((~anywhere).sum()),
        "missing_window": float((~window_exact).sum()),
        "strange": float(strange.sum()),
        "strange_share": float(strange.mean()),
        "strange_window": float((window < _STRANGE).sum()),
        "heaviest_missing": float(np.where(anywhere, 0, w).max()) * len(w),
        "strange_run": float(_longest_run(np.logical_not(anywhere))),
        "window_run": float(_longest_run(np.logical_not(window_exact))),
        "missing_mass": float(np.sum(w * (1 - everywhere)) * len(w)),
    }


def _longest_run(flags: Iterable[Any]) -> int:
    longest = run = 0
    for flag in flags:
        run = run + 1 if flag else 0
        longest = max(longest, run)
    return longest


def _relations(found: Alignment) -> dict[str, float]:
    """Measure how far words that are next to each other in the claim are together in a sentence of
    the passages."""
    near = found.similar
    if len(near) < 2:
        return {
            "pairs_next": float(near.max()),
            "pairs_all": float(near.max()),
            "pairs_lowest": 0.0,
        }
    following = np.minimum(near[:-1], near[1:]).max(axis=1)
    each = np.minimum(near[:, None, :], near[None, :, :]).max(axis=2) if len(near) <= 40 else near
    return {
        "pairs_next": float(following.mean()),
        "pairs_all": float(each.mean()),
        "pairs_lowest": float(following.min()),
    }


def _vectors(claim: EvidenceSentence, evidence: EvidenceText, found: Alignment) -> dict[str, float]:
    lines = evidence.lines
    cosines = np.sort(lines @ claim.vector)[::-1]
    first, last = found.window
    window = lines[first : last + 1].sum(axis=0)
    length = float(np.linalg.norm(window)) or 1.0
    return {
        "cosine_best": float(cosines[0]),
        "cosine_mean": float(cosines[:3].mean()),
        "cosine_line": float(lines[found.best] @ claim.vector),
        "cosine_window": float(window @ claim.vector) / length,
        "cosine_all": float(evidence.vector @ claim.vector),
        "cosine_gap": float(cosines[0] - cosines[min(len(cosines) - 1, 3)]),
    }


def _order(claim: EvidenceSentence, evidence: EvidenceText, found: Alignment) -> dict[str, float]:
    keys = claim.keys
    pairs = set(pairwise(keys))
    triples = set(zip(keys, keys[1:], keys[2:], strict=False))
    held_pairs, held_triples = set[tuple[str, str]](), set[tuple[str, str, str]]()
    for sentence in evidence.sentences:
        theirs = sentence.keys
        if pairs:
            held_pairs |= pairs.intersection(pairwise(theirs))
        if triples:
            held_triples |= triples.intersection(zip(theirs, theirs[1:], theirs[2:], strict=False))
    pieces = _fragments(keys, evidence)
    best = evidence.sentences[found.best]
    return {
        "bigrams": len(held_pairs) / max(1, len(pairs)),
        "trigrams": len(held_triples) / max(1, len(triples)),
        "fragments": len(pieces) / len(keys),
        "fragment_longest": max(pieces) / len(keys),
        "fragment_mean": math.log(1 + sum(n * n for n in pieces) / len(keys)),
        "matched": found.matched / len(keys),
        "matched_back": found.matched / len(best.keys),
        "longest": found.longest / len(keys),
    }


def _fragments(keys: Sequence[str], evidence: EvidenceText) -> list[int]:
    """Return the sizes of the longest runs of words from the passages that make up the claim."""
    sizes: list[int] = []
    at = 0
    while at < len(keys):
        longest = 0
        for number, place in evidence.word_places.get(keys[at], ())[:200]:
            theirs = evidence.sentences[number].keys
            beyond = place + longest  # where a longer run would have to continue
            if longest and keys[at + longest : at + longest + 1] != theirs[beyond : beyond + 1]:
                continue
            size = 0
            while (
                at + size < len(keys)
                and place + size < len(theirs)
                and keys[at + size] == theirs[place + size]
            ):
                size += 1
            longest = max(longest, size)
        sizes.append(longest)
        at += max(1, longest)
    return sizes


def _edits(claim: EvidenceSentence, found: Alignment) -> dict[str, float]:
    """Count what was inserted, left out and exchanged within the sentence that is nearest to the
    claim."""
    content = {id(claim.words[at]) for at in claim.content}
    replaced = inserted = deleted = small = 0
    head = 0.0
    for edit in found.edits:
        inside = edit.before > 0 and edit.after > 0
        said = sum(id(token) in content for token in edit.claimed)
        if inside and edit.claimed and edit.found:
            replaced += 1
        elif inside and edit.claimed:
            inserted += 1
        elif inside:
            deleted += 1
        if inside and len(edit.claimed) <= 2 and len(edit.found) <= 2:
            small += 1
        if not edit.before and edit.claimed:
            head = float(said)
    near = found.matched / len(claim.keys)
    return {
        "replaced": float(replaced),
        "inserted": float(inserted),
        "deleted": float(deleted),
        "small_edits": float(small),
        "head": head,
        "near_copy_edits": small * max(0.0, near - 0.5),
    }


def _names_and_numbers(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment
) -> dict[str, float]:
    first, last = found.window
    window = evidence.keys_around(found.window)
    spans = names(claim)
    missing = [run for run in spans if any(t.key not in evidence.keys for t in run)]
    away = [run for run in spans if all(t.key not in window for t in run)]
    at_numbers = [row for row, at in enumerate(claim.content) if claim.words[at].kind == "number"]
    gone = [row for row in at_numbers if not found.exact[row].any()]
    outside = [row for row in at_numbers if not found.exact[row, first : last + 1].any()]
    return {
        "names": float(len(spans)),
        "names_missing": float(len(missing)),
        "names_away": float(len(away)),
        "numbers": float(len(at_numbers)),
        "numbers_missing": float(len(gone)),
        "numbers_away": float(len(outside)),
    }


def _form(claim: EvidenceSentence, evidence: EvidenceText, found: Alignment) -> dict[str, float]:
    lead = np.zeros(len(evidence.sentences), dtype=bool)
    lead[:_LEAD] = True
    return {
        "length": math.log(1 + len(claim.keys)),
        "content": math.log(1 + len(claim.content)),
        "sentences": math.log(1 + len(evidence.sentences)),
        "passages": float(min(4, len(evidence.published))),
        "place": found.best / len(evidence.sentences),
        "lead": float(found.weights @ found.exact[:, lead].any(axis=1)),
        "window_size": float(found.window[1] - found.window[0]),
        "weight": float(np.mean([claim.weights[at] for at in claim.content])),
        "ends": float(claim.tokens[-1].text in ".!?" if claim.tokens else 0),
        "colon": float(claim.tokens[-1].text == ":" if claim.tokens else 0),
        "commas": float(sum(token.text in {",", ";"} for token in claim.tokens)),
    }
