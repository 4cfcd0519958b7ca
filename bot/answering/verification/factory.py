"""Create the verifier that the settings name."""

from __future__ import annotations

from pathlib import Path

from bot.answering.verification.base import Verifier, VerifierError
from bot.answering.verification.rules import RulesVerifier

VERIFIERS = ("rules", "network")


def create_verifier(name: str = "rules", model: str | Path | None = None) -> Verifier:
    """Return the verifier of this name; ``model`` is the folder or the name of a network.

    Raises ``VerifierError`` for an unknown name (``verifier-unknown``), or a network that can't be
    loaded.
    """
    if name == "rules":
        return RulesVerifier()
    if name == "network":
        from bot.answering.verification.network import NetworkVerifier

        return NetworkVerifier(model)
    raise VerifierError("verifier-unknown", name=name, known=", ".join(VERIFIERS))
