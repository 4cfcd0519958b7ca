"""Ingests files and dies at a given instant.

Instants are counted over every SQL statement and commit of the catalogue and every write to an
index. With POINT 0 it lives, and prints how many there were, and their kinds.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, event

from bot.storage.library import open_library
from retrieval.embedders import Embedder, Vectors
from retrieval.indexes.keyword_index import KeywordIndex
from retrieval.indexes.vector_index import VectorIndex
from retrieval.ingestion import story_assigner
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers import read_source
from retrieval.library import LibraryConfig


class HashEmbedder(Embedder):
    identity = "test/hash-8"

    def __init__(self, *, deferred: bool = False) -> None:
        self.deferred = deferred

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return hashed(texts, 8)


def hashed(texts: Sequence[str], dimensions: int = 256) -> Vectors:
    seeds = [sum(text.encode()) for text in texts]
    rows = [np.random.default_rng(seed).normal(size=dimensions) for seed in seeds]
    return np.array(rows, dtype=np.float32).reshape(-1, dimensions)


def load_no_weights() -> None:
    """Grouping compares by vectors of its own, whose weights each child would load."""
    story_assigner.sentence_vectors = hashed  # type: ignore[assignment, attr-defined]


class Instants:
    def __init__(self, deadly: int) -> None:
        self.deadly = deadly
        self.count = 0
        self.kinds: Counter[str] = Counter()

    def pass_(self, kind: str) -> None:
        self.count += 1
        self.kinds[kind] += 1
        if self.count == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        @event.listens_for(Engine, "before_cursor_execute")
        def _(*arguments: Any) -> None:
            if not arguments[2].lstrip().upper().startswith("SELECT"):
                self.pass_("statement")

        @event.listens_for(Engine, "commit")
        def _(connection: Any) -> None:
            self.pass_("commit")

        for owner, name in (
            (KeywordIndex, "write"), (VectorIndex, "write"), (VectorIndex, "remove"),
            (HashEmbedder, "embed"), (KeywordIndex, "_write"),
        ):  # fmt: skip
            self._wrap(owner, name)

    def _wrap(self, owner: Any, name: str) -> None:
        original = getattr(owner, name)

        async def around(*arguments: Any) -> Any:
            self.pass_(f"before {name}")
            result = await original(*arguments)
            self.pass_(f"after {name}")
            return result

        def around_in_thread(*arguments: Any) -> Any:
            self.pass_(f"before {name}")
            result = original(*arguments)
            self.pass_(f"after {name}")
            return result

        setattr(owner, name, around if asyncio.iscoroutinefunction(original) else around_in_thread)


async def main(data: Path, files: list[Path], deadly: int, *, deferred: bool = False) -> None:
    load_no_weights()
    instants = Instants(deadly)
    instants.watch()
    embedder = HashEmbedder(deferred=deferred)
    async with open_library(LibraryConfig(data), writer="test", embedder=embedder) as library:
        for file in files:
            indexer = await library.indexer("local")
            async for result in ingest(
                indexer, read_source(file, 1_000_000), actor="t", data_dir=data
            ):
                print(json.dumps([result.status, result.url, result.title]), flush=True)
    print(json.dumps({"instants": instants.count, "kinds": instants.kinds}), file=sys.stderr)
