"""The files in the package wordllama: weights, and the tokenizer's vocabulary."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from retrieval.errors import EmbedderError

WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"


def wordllama_file(name: str) -> Path:
    """Return where a file of the package is, without importing it, which takes as long as all else.

    Raises ``EmbedderError`` if the package is missing.
    """
    spec = importlib.util.find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise EmbedderError("wordllama-not-installed")
    return Path(spec.origin).parent / name
