"""The gate: whether passages support a sentence, decided by rules, without a model."""

from bot.answering.verification.legacy.checking import Verdict, best_support, check
from bot.answering.verification.legacy.material import Evidence

__all__ = ["Evidence", "Verdict", "best_support", "check"]
