"""Create the reranker that the settings name."""

from __future__ import annotations

from retrieval.errors import SettingsError
from retrieval.rerankers.base import Reranker, RerankerOptions

NAMES = ("none", "neural")


def make_reranker(name: str, options: RerankerOptions | None = None) -> Reranker | None:
    """Return the reranker of this name; None for ``none``. Raise ``SettingsError`` if it isn't one
    of ``NAMES``."""
    match name:
        case "none":
            return None
        case "neural":
            from retrieval.rerankers.neural import NeuralReranker

            return NeuralReranker(options or RerankerOptions())
    raise SettingsError("reranker-unknown", name=name, known=", ".join(NAMES))
