"""Decide whether a claim is supported by its evidence."""

from bot.answering.verification.base import Outcome, Verdict, Verifier, VerifierError
from bot.answering.verification.evidence import Evidence
from bot.answering.verification.factory import VERIFIERS, create_verifier

__all__ = [
    "VERIFIERS",
    "Evidence",
    "Outcome",
    "Verdict",
    "Verifier",
    "VerifierError",
    "create_verifier",
]
