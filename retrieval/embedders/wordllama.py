"""WordLlama: averaged static token vectors. Small and fast, with its weights in its wheel."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from retrieval.embedders.base import Embedder, Vectors, normalised
from retrieval.errors import EmbedderError
from retrieval.runtime.executors import ASKING, INGESTING
from retrieval.text.wordllama_files import TOKENIZER, WEIGHTS, wordllama_file

_BATCH = 256
# So few texts are a question.
_FEW = 8
# How many sentences are cached with their tokens, and the most characters of one.
_REMEMBERED, _LONGEST = 8_192, 500


class WordLlamaEmbedder(Embedder):
    """The 256-dimensional ``l2_supercat`` model of wordllama. Texts without a word give zeros."""

    identity = "wordllama/l2_supercat-256"
    dimensions = 256
    languages = frozenset({"en"})

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: TokenModel | None = None

    async def warm_up(self) -> None:
        await asyncio.to_thread(self._loaded)

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if len(texts) <= _FEW:
            return await ASKING.run(self._embed, list(texts))
        parts = [
            await INGESTING.run(self._embed, list(texts[first : first + _BATCH]))
            for first in range(0, len(texts), _BATCH)
        ]
        return np.concatenate(parts)

    def _embed(self, texts: list[str]) -> Vectors:
        return sentence_vectors(texts, self._loaded())

    def _loaded(self) -> TokenModel:
        with self._lock:
            if self._model is None:
                self._model = load_model()
            return self._model


def sentence_vectors(
    texts: Sequence[str], model: TokenModel | None = None, *, remembering: bool = False
) -> Vectors:
    """Return the vectors of ``texts``, shape ``(len(texts), 256)``, whatever embedder the corpus
    uses. ``remembering`` caches tokens, for sentences that ``tokens_of`` reads too.

    Blocks: call it from a worker thread. Raises ``EmbedderError``.
    """
    model = model or load_model()
    if remembering:
        rows = [each.ids for each in tokens_of(texts)]
    else:
        encodings = model.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        rows = [np.array(each.ids, dtype=np.intp) for each in encodings]
    vectors = np.zeros((len(texts), model.vectors.dimensions), dtype=np.float32)
    # wordllama's own pooling builds a block of token vectors that is mostly padding; the mean of
    # each text's own tokens is the same and several times faster.
    for row, ids in enumerate(rows):
        if len(ids):
            vectors[row] = model.vectors.of(ids).mean(axis=0)
    return normalised(vectors)


class Tokens(NamedTuple):
    """The tokens of a text, and the offset at which each begins; both of shape ``(tokens,)``."""

    ids: npt.NDArray[np.intp]
    starts: npt.NDArray[np.int64]


_known_tokens: dict[str, Tokens] = {}
_lock = threading.Lock()


def tokens_of(texts: Sequence[str]) -> list[Tokens]:
    """Return the tokens of each text. Those of recent sentences are cached, because an answer reads
    the same ones several times. Blocks. Raises ``EmbedderError``."""
    found = {text: known for text in texts if (known := _known_tokens.get(text)) is not None}
    unknown = [text for text in dict.fromkeys(texts) if text not in found]
    if unknown:
        encodings = load_model().tokenizer.encode_batch(unknown, add_special_tokens=False)
        made = {
            text: Tokens(
                np.array(each.ids, dtype=np.intp),
                np.array([start for start, _ in each.offsets], dtype=np.int64),
            )
            for text, each in zip(unknown, encodings, strict=True)
        }
        found |= made
        with _lock:
            if len(_known_tokens) + len(made) > _REMEMBERED:
                _known_tokens.clear()
            _known_tokens.update((t, tokens) for t, tokens in made.items() if len(t) <= _LONGEST)
    return [found[text] for text in texts]


class TokenVectors:
    """The vectors of tokens, stored in half precision and converted when they are needed: all
    32,000 would take 33 MB, and a question needs a few hundred."""

    def __init__(self, stored: npt.NDArray[np.float16]) -> None:
        self._stored = stored
        self._made = np.zeros(stored.shape, dtype=np.float32)
        self._is_made = np.zeros(len(stored), dtype=np.bool_)

    @property
    def dimensions(self) -> int:
        """The length of a vector."""
        return int(self._stored.shape[1])

    def of(self, ids: npt.NDArray[np.intp]) -> Vectors:
        """Return vectors of shape ``(len(ids), dimensions)``; an id past the end counts as the last
        one. Any thread may call it."""
        ids = np.minimum(ids, len(self._stored) - 1)
        if not self._is_made[ids].all():
            lacking = ids[~self._is_made[ids]]
            self._made[lacking] = self._stored[lacking]
            self._is_made[lacking] = True
        return self._made.take(ids, axis=0)


class TokenModel(NamedTuple):
    """The tokenizer, and the vectors of its tokens."""

    tokenizer: Tokenizer
    vectors: TokenVectors


@cache
def load_model() -> TokenModel:
    """Load the tokenizer and the vectors of its tokens, once per process.

    Raises ``EmbedderError`` (``wordllama-not-installed``, ``wordllama-weights-missing``).
    """
    weights, words = wordllama_file(WEIGHTS), wordllama_file(TOKENIZER)
    try:
        stored = _read_weights(weights)
        told = words.read_bytes()
    except (OSError, ValueError, KeyError) as error:
        raise EmbedderError("wordllama-weights-missing") from error
    tokenizer = Tokenizer.from_buffer(told)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    # The tokenizer treats a whole sentence as one word and would cache ten thousand of them: 40 MB
    # that make nothing faster, as few recur.
    tokenizer.model._resize_cache(0)
    return TokenModel(tokenizer, TokenVectors(stored))


def _read_weights(path: Path) -> npt.NDArray[np.float16]:
    """Map the one table of a safetensors file: the length of a JSON header, the header, the
    numbers."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        described = json.loads(file.read(size))["embedding.weight"]
    if described["dtype"] != "F16":
        raise ValueError(described["dtype"])
    shape, begin = tuple(described["shape"]), 8 + size + described["data_offsets"][0]
    return np.memmap(path, dtype="<f2", mode="r", offset=begin, shape=shape)
