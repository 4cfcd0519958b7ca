"""The interface of verifiers, and their verdicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.answering.verification.evidence import Evidence
from retrieval.errors import SettingsError

Outcome = Literal["supported", "refuted", "uncertain"]


class VerifierError(SettingsError):
    """A verifier can't be created or used; the error is for the operator."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a claim.

    ``support`` is from 0 to 1. ``sure`` says that a supported claim needs no second opinion.
    ``reasons`` say in plain words what speaks against it.
    """

    support: float
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    sure: bool = False

    @property
    def supported(self) -> bool:
        """Whether the outcome is ``supported``."""
        return self.outcome == "supported"


class Verifier(ABC):
    """Decides whether passages support a claim."""

    @abstractmethod
    def check(self, claim: str, passages: Sequence[Evidence]) -> Verdict:
        """Decide whether the passages together support the claim.

        Blocks for some milliseconds: call it from a worker thread. Raises ``EmbedderError`` if the
        word vectors are missing.
        """

    def best(self, claim: str, candidates: Sequence[Evidence]) -> int | None:
        """Return which candidate supports the claim best by itself; None if none does."""
        verdicts = [self.check(claim, [candidate]) for candidate in candidates]
        supporting = [n for n, verdict in enumerate(verdicts) if verdict.supported]
        return max(supporting, key=lambda n: verdicts[n].support, default=None)
