"""How often verification strips what is true and passes what is not."""

from __future__ import annotations

import bisect
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.answering.verification import Evidence, Outcome, Verdict, Verifier


@dataclass(frozen=True, slots=True)
class LabelledClaim:
    """A claim with people's verdict; ``text_id`` is the text it is a sentence of."""

    claim: str
    passages: tuple[str, ...]
    label: bool
    text_id: str
    model: str | None


@dataclass(frozen=True, slots=True)
class ClaimRates:
    """Shares from 0 to 1, None where there is nothing to count.

    ``strip``: faithful claims that are not supported, of which ``refuted``. ``passed``: unfaithful
    ones that are supported. ``uncertain``: of all. ``whole``: faithful texts supported throughout.
    ``area``: under the ROC curve of ``support``. ``ms``: of processor time for a check, in the median.
    """

    set: str
    model: str | None
    faithful: int
    unfaithful: int
    strip: float | None
    refuted: float | None
    passed: float | None
    uncertain: float | None
    whole: float | None
    area: float | None
    ms: float

    def line(self) -> str:
        """Return the rates as a line of text."""
        parts = (
            (name, getattr(self, name))
            for name in ("strip", "refuted", "passed", "uncertain", "whole", "area")
        )
        shares = "  ".join(
            f"{name} {'-' if value is None else format(value, '.3f')}" for name, value in parts
        )
        counted = f"{self.faithful:5} + {self.unfaithful:<5}"
        return f"{self.set:20} {self.model or 'all':26} {counted} {shares}  {self.ms:.1f} ms"


def measure_claims(
    name: str, claims: Sequence[LabelledClaim], verifier: Verifier
) -> Iterator[ClaimRates]:
    """Yield the rates of a set, of all its claims first, then by the model that wrote them."""
    checks: list[tuple[Verdict, float]] = []
    for one in claims:
        begun = time.thread_time()
        verdict = verifier.check(one.claim, [Evidence(passage) for passage in one.passages])
        checks.append((verdict, (time.thread_time() - begun) * 1000))
    yield _rates(name, None, claims, checks)
    for model in sorted({one.model for one in claims if one.model is not None}):
        mine = [n for n, one in enumerate(claims) if one.model == model]
        yield _rates(name, model, [claims[n] for n in mine], [checks[n] for n in mine])


def _rates(
    name: str,
    model: str | None,
    claims: Sequence[LabelledClaim],
    checks: Sequence[tuple[Verdict, float]],
) -> ClaimRates:
    outcomes: list[Outcome] = [verdict.outcome for verdict, _ in checks]
    supports = [
        (one.label, verdict.support) for one, (verdict, _) in zip(claims, checks, strict=True)
    ]
    faithful = [o for one, o in zip(claims, outcomes, strict=True) if one.label]
    unfaithful = [o for one, o in zip(claims, outcomes, strict=True) if not one.label]
    texts: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for one, outcome in zip(claims, outcomes, strict=True):
        texts[one.text_id].append((one.label, outcome == "supported"))
    whole = [all(kept for _, kept in text) for text in texts.values() if all(x for x, _ in text)]
    return ClaimRates(
        name,
        model,
        len(faithful),
        len(unfaithful),
        _share([outcome != "supported" for outcome in faithful]),
        _share([outcome == "refuted" for outcome in faithful]),
        _share([outcome == "supported" for outcome in unfaithful]),
        _share([outcome == "uncertain" for outcome in outcomes]),
        _share(whole),
        area([s for label, s in supports if label], [s for label, s in supports if not label]),
        statistics.median(ms for _, ms in checks) if checks else 0.0,
    )


def area(faithful: Sequence[float], unfaithful: Sequence[float]) -> float | None:
    """The area under the ROC curve of what supports claims, None where one side has none: the share
    of pairs in which the faithful claim has more; an equal one is half a pair."""
    if not faithful or not unfaithful:
        return None
    ranked = sorted(unfaithful)
    below = sum(bisect.bisect_left(ranked, x) + bisect.bisect_right(ranked, x) for x in faithful)
    return below / 2 / len(faithful) / len(unfaithful)


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None
