"""Create the embedder that the settings name."""

from __future__ import annotations

from retrieval.embedders.base import Embedder, EmbedderOptions
from retrieval.errors import SettingsError

NAMES = ("wordllama", "e5", "openai", "minilm", "neural")


def make_embedder(name: str, options: EmbedderOptions | None = None) -> Embedder:
    """Return the embedder of this name. Raise ``SettingsError`` if it isn't one of ``NAMES``."""
    match name:
        case "wordllama":
            from retrieval.embedders.wordllama import WordLlamaEmbedder

            return WordLlamaEmbedder()
        case "e5":
            from retrieval.embedders.e5 import E5Embedder

            return E5Embedder()
        case "minilm":
            from retrieval.embedders.minilm import MiniLmEmbedder

            return MiniLmEmbedder()
        case "openai":
            from retrieval.embedders.openai import OpenAIEmbedder

            return OpenAIEmbedder(options or EmbedderOptions())
        case "neural":
            from retrieval.embedders.neural import NeuralEmbedder

            return NeuralEmbedder(options or EmbedderOptions())
    raise SettingsError("embedder-unknown", name=name, known=", ".join(NAMES))
