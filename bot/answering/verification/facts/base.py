"""The result of a check of facts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a claim that its evidence doesn't say like that.

    ``kind`` names the check. ``weight`` is how much it counts: 1 for what may be a paraphrase, 2
    for a contradiction in the very place where the passage says it.
    """

    kind: str
    weight: int
    reason: str
