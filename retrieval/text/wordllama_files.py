"""The files in the package wordllama: weights, and the tokenizer's vocabulary."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from retrieval.errors import EmbedderError

WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


def wordllama_file(name: str) -> Path:
    """Return the path of a file of the package without importing it, which would take longer than
    everything else.

    Raises ``EmbedderError`` (``wordllama-not-installed``).
    """
    spec = importlib.util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise EmbedderError("wordllama-not-installed")
    return Path(spec.origin).parent / name
