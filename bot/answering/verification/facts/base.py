"""What a check of facts finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in a claim that its evidence doesn't have so.

    ``kind`` names the check. ``weight`` is how much it tells: 1 for what may be a paraphrase, 2 for
    what contradicts in the place where the passage says it.
    """

    kind: str
    weight: int
    reason: str
