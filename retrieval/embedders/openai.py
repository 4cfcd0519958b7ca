"""Embeddings from OpenAI, or from any server that speaks its API."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import openai

from retrieval.embedders.base import Embedder, EmbedderOptions, Vectors, normalised
from retrieval.errors import EmbedderError

_BATCH = 256
_NO_KEY = "none"  # local servers need no key, but the client requires one


class OpenAIEmbedder(Embedder):
    """Sends texts in batches of 256 and retries twice what the client library considers transient.
    Raises ``EmbedderError`` (``embedder-needs-key``) without a key and a URL."""

    def __init__(self, options: EmbedderOptions) -> None:
        if options.api_key is None and options.base_url is None:
            raise EmbedderError("embedder-needs-key")
        self.identity = f"openai/{options.model}"
        self._model = options.model
        self._client = openai.AsyncOpenAI(
            api_key=options.api_key or _NO_KEY,
            base_url=options.base_url,
            timeout=options.seconds,
            max_retries=2,
        )

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 0), dtype=np.float32)
        rows: list[list[float]] = []
        for first in range(0, len(texts), _BATCH):
            batch = list(texts[first : first + _BATCH])
            try:
                answer = await self._client.embeddings.create(
                    model=self._model, input=batch, encoding_format="float"
                )
            except openai.AuthenticationError as error:
                raise EmbedderError("embeddings-key-refused") from error
            except openai.APIStatusError as error:
                raise EmbedderError(
                    "embeddings-status",
                    answer=str(error.status_code),
                    model=self._model,
                    retry=error.status_code >= 429,
                ) from error
            except openai.APIConnectionError as error:
                raise EmbedderError("embeddings-unreachable", retry=True) from error
            if len(answer.data) != len(batch):
                raise EmbedderError("embeddings-incomplete", retry=True)
            rows += [item.embedding for item in sorted(answer.data, key=lambda item: item.index)]
        return normalised(np.asarray(rows, dtype=np.float32))

    async def close(self) -> None:
        await self._client.close()
