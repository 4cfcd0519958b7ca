"""From a name in the settings to an embedder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from retrieval.embedders.base import Embedder
from retrieval.errors import SettingsError

NAMES = ("wordllama", "openai", "minilm", "neural")


@dataclass(frozen=True, slots=True)
class EmbedderOptions:
    """What providers behind an API and neural networks need. ``api_key`` stays out of ``repr``;
    ``neural_folder`` holds the network's files, None downloads them once."""

    model: str = "text-embedding-3-small"
    base_url: str | None = None
    api_key: str | None = None
    seconds: float = 30.0
    neural_model: str = "BAAI/bge-small-en-v1.5"
    neural_folder: Path | None = None

    def __repr__(self) -> str:
        return f"EmbedderOptions(model={self.model!r}, base_url={self.base_url!r})"


def make_embedder(name: str, options: EmbedderOptions | None = None) -> Embedder:
    """Raises ``SettingsError`` for a name that is none of ``NAMES``."""
    match name:
        case "wordllama":
            from retrieval.embedders.wordllama import WordLlamaEmbedder

            return WordLlamaEmbedder()
        case "minilm":
            from retrieval.embedders.minilm import MiniLmEmbedder

            return MiniLmEmbedder()
        case "openai":
            from retrieval.embedders.openai import OpenAIEmbedder

            return OpenAIEmbedder(options or EmbedderOptions())
        case "neural":
            from retrieval.embedders.neural import NeuralEmbedder

            return NeuralEmbedder(options or EmbedderOptions())
    raise SettingsError(f"There is no embedder called {name!r}; known are {', '.join(NAMES)}.")
