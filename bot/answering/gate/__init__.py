"""TEMPORARY"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Evidence:
    text: str
    title: str = ""
    published: date | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    support: float
    supported: bool
    reasons: tuple[str, ...]


def check(claim: str, passages: Sequence[Evidence]) -> Verdict:
    words = set(re.findall(r"\w+", claim.lower()))
    have = set(re.findall(r"\w+", " ".join(p.title + " " + p.text for p in passages).lower()))
    s = len(words & have) / max(1, len(words))
    return Verdict(
        s, s >= 0.8, () if s >= 0.8 else ("words missing: " + ", ".join(sorted(words - have)),)
    )
