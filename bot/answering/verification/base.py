"""What a verifier is, and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.answering.verification.evidence import Evidence
from retrieval.errors import SettingsError

Outcome = Literal["supported", "refuted", "uncertain"]


class VerifierError(SettingsError):
    """A verifier can't be made or used; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of a claim.

    ``support`` is 0 to 1. ``sure`` tells that a supported claim needs no second opinion.
    ``reasons`` say in plain words what is against it.
    """

    support: float
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    sure: bool = False

    @property
    def supported(self) -> bool:
        return self.outcome == "supported"


class Verifier(ABC):
    """Decides whether passages support a claim."""

    @abstractmethod
    def check(self, claim: str, passages: Sequence[Evidence]) -> Verdict:
        """Decide whether the passages together support the claim.

        Takes some milliseconds; call it from a worker thread.
        """

    def best(self, claim: str, candidates: Sequence[Evidence]) -> int | None:
        """Return which candidate supports the claim best by itself; None if none does."""
        verdicts = [self.check(claim, [candidate]) for candidate in candidates]
        supporting = [n for n, verdict in enumerate(verdicts) if verdict.supported]
        return max(supporting, key=lambda n: verdicts[n].support, default=None)
