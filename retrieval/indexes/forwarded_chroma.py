"""A Chroma whose calls are answered elsewhere: each is forwarded by its name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from retrieval.embedders import Vectors
from retrieval.indexes.chroma import RecordId


class ForwardedChroma(ABC):
    """The calls of ``BlockingChroma`` that only pass on the answer of ``forward``."""

    @abstractmethod
    def forward(self, call: str, *args: Any) -> Any:
        """Have the call of this name made with ``args``, and return its answer."""

    def names(self) -> list[str]:
        return list(self.forward("names"))

    def metadata(self, name: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self.forward("metadata", name)
        return found

    def create(self, name: str, metadata: Mapping[str, str], searched: bool = True) -> None:
        self.forward("create", name, dict(metadata), searched)

    def drop(self, name: str) -> None:
        self.forward("drop", name)

    def count(self, name: str) -> int:
        return int(self.forward("count", name))

    def nearest(self, name: str, vector: Vectors, limit: int) -> list[int]:
        return list(self.forward("nearest", name, vector, limit))

    def upsert(
        self, name: str, ids: Sequence[RecordId], vectors: Vectors, corpus: int | None = None
    ) -> None:
        self.forward("upsert", name, list(ids), vectors, corpus)

    def delete(self, name: str, ids: Sequence[RecordId]) -> None:
        self.forward("delete", name, list(ids))

    def page(self, name: str, limit: int, offset: int) -> list[int]:
        return list(self.forward("page", name, limit, offset))

    def records(self, name: str, corpus: int) -> list[str]:
        return list(self.forward("records", name, corpus))

    def vectors_of(self, name: str, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        found: tuple[list[str], Vectors] = self.forward("vectors_of", name, list(ids))
        return found

    def copy(self, name: str, to: str, limit: int, offset: int) -> int:
        return int(self.forward("copy", name, to, limit, offset))

    def probe(self, name: str) -> None:
        self.forward("probe", name)

    def replace(self, name: str, by: str) -> None:
        self.forward("replace", name, by)

    def heartbeat(self) -> None:
        self.forward("heartbeat")
