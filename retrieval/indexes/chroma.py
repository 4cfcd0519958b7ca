"""Chroma behind one small set of calls, embedded in a folder.

Collections are known by name. Calls block; they raise ``StorageError``, and ``IndexDamaged`` if the
index can't be read.
"""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeAlias, TypeVar, cast

import numpy as np

from retrieval.embedders import Vectors
from retrieval.errors import IndexDamaged, NewsdeskError, StorageError
from retrieval.indexes.chroma_files import DATABASE, check_files
from retrieval.indexes.chroma_space import give_back, vectors_on_disk

P = ParamSpec("P")
Result = TypeVar("Result")
RecordId: TypeAlias = int | str

SERVER_SECONDS = 30.0
# Calls that read a collection's vectors into memory.
LOADING = frozenset({"nearest", "vectors_of"})
# Everything that a record has.
WHOLE: list[Any] = ["embeddings", "metadatas"]
_NO_ROOM = re.compile(r"disk is full|no space left", re.IGNORECASE)
# Reasons that say nothing about the index itself: others are writing, or nobody may.
_NO_ACCESS = re.compile(
    r"locked|busy|read-?only|unable to open|permission|too many open files|cannot allocate",
    re.IGNORECASE,
)
_SPACE = {"space": "cosine"}
# If vectors are only fetched, which is exact, the graph needs no good links, which cost most of the
# time of writing into a large one.
_UNSEARCHED = {"ef_construction": 1, "max_neighbors": 2}
# How many vectors at most are held in memory for collections that they are only fetched from: about
# 1.7 kilobytes each, with the dimensions of the default embedder.
_FETCHED_HELD = 500_000
# The metadata field with a record's corpus, where several share a collection.
_CORPUS = "corpus"


class BlockingChroma(Protocol):
    """The calls that an embedded Chroma answers, in this process or in one of its own."""

    def names(self) -> list[str]: ...

    def metadata(self, name: str) -> dict[str, Any] | None:
        """Return a collection's metadata; None if there is no such collection."""
        ...

    def create(self, name: str, metadata: Mapping[str, str], searched: bool = True) -> None:
        """Make a collection if there is none; ``searched``: whether ``nearest`` is going to be
        asked of it, or only ``vectors_of``."""
        ...

    def drop(self, name: str) -> None: ...

    def count(self, name: str) -> int: ...

    def nearest(self, name: str, vector: Vectors, limit: int) -> list[int]:
        """Return the ids of the ``limit`` nearest to ``vector``, of shape (dimensions,), best
        first."""
        ...

    def upsert(
        self, name: str, ids: Sequence[RecordId], vectors: Vectors, corpus: int | None = None
    ) -> None:
        """Add or replace vectors, of shape (ids, dimensions), of ``corpus`` if several share the
        collection."""
        ...

    def delete(self, name: str, ids: Sequence[RecordId]) -> None: ...

    def page(self, name: str, limit: int, offset: int) -> list[int]: ...

    def records(self, name: str, corpus: int) -> list[str]:
        """Return the ids of a corpus's records in a collection that several share."""
        ...

    def vectors_of(self, name: str, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        """Return those of ``ids`` that exist, with their vectors, of shape (ids, dimensions)."""
        ...

    def copy(self, name: str, to: str, limit: int, offset: int) -> int:
        """Copy a page of records into another collection; return how many they were."""
        ...

    def probe(self, name: str) -> None:
        """Look for one of the collection's vectors. Raises ``IndexDamaged``."""
        ...

    def replace(self, name: str, by: str) -> None:
        """Drop the collection ``name`` and give its name to ``by``. A second call does nothing: the
        answer to the first may not have arrived."""
        ...

    def give_back(self) -> None:
        """Return to the disk the space of collections that are gone."""
        ...

    def begin_tidying(self) -> None:
        """Do what takes long and comes before ``tidy``. Any thread may call it alongside other
        calls."""
        ...

    def tidy(self) -> None:
        """Return disk space as ``give_back`` does, and memory."""
        ...

    def vectors_on_disk(self) -> dict[str, int]:
        """Return how many vectors collections have on disk, including deleted ones, where it is
        known."""
        ...

    def heartbeat(self) -> None: ...

    def close(self) -> None: ...

    def reset(self) -> None:
        """Delete everything and begin anew."""
        ...


def _explained(method: Callable[P, Result]) -> Callable[P, Result]:
    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        try:
            return method(*args, **kwargs)
        except Exception as error:
            raise chroma_error(error) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # from Rust; Python has no class for it
                raise
            raise IndexDamaged("vector-index-damaged", detail=str(error)[:200]) from error

    return call


class EmbeddedChroma:
    """Chroma in this process, opened at the first call: loading it takes a second, and most
    commands need no vectors. It holds Python's global lock while it writes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        self._open_client: Any = None
        # Why it couldn't be opened: asked again, Chroma gives another reason.
        self._failed: NewsdeskError | None = None
        self._opened: dict[str, Any] = {}
        # Collections whose files were checked.
        self._checked: set[str] = set()
        # How many vectors collections hold that vectors were fetched from.
        self._fetched: dict[str, int] = {}

    @property
    def _client(self) -> Any:
        with self._opening:
            if self._failed is not None:
                raise self._failed
            if self._open_client is None:
                try:
                    self._open_client = self._connected()
                except NewsdeskError as error:
                    self._failed = error
                    raise
            return self._open_client

    @_explained
    def _connected(self) -> Any:
        import chromadb
        from chromadb.config import Settings

        return chromadb.PersistentClient(
            str(self._folder), settings=Settings(anonymized_telemetry=False)
        )

    def _is_there(self) -> bool:
        """Return whether there is a database: Chroma would make one, which readers mustn't."""
        if self._open_client is not None:
            return True
        try:
            return (self._folder / DATABASE).stat().st_size > 0
        except FileNotFoundError:
            return False

    @_explained
    def names(self) -> list[str]:
        if not self._is_there():
            return []
        return [collection.name for collection in self._client.list_collections()]

    @_explained
    def metadata(self, name: str) -> dict[str, Any] | None:
        from chromadb.errors import NotFoundError

        if not self._is_there():
            return None
        try:
            found = self._client.get_collection(name, embedding_function=None)
        except NotFoundError:
            return None
        self._opened[name] = found
        return dict(found.metadata or {})

    @_explained
    def create(self, name: str, metadata: Mapping[str, str], searched: bool = True) -> None:
        self._opened[name] = self._client.get_or_create_collection(
            name,
            embedding_function=None,
            metadata=dict(metadata),
            configuration=configuration(searched),
        )

    @_explained
    def drop(self, name: str) -> None:
        from chromadb.errors import NotFoundError

        self._opened.pop(name, None)
        try:
            self._client.delete_collection(name)
        except NotFoundError:
            return

    @_explained
    def count(self, name: str) -> int:
        return int(self._of(name).count())

    @_explained
    def nearest(self, name: str, vector: Vectors, limit: int) -> list[int]:
        self._check_files(name)
        found = self._of(name).query(query_embeddings=[vector], n_results=limit, include=[])
        return [int(each) for each in found["ids"][0]]

    @_explained
    def upsert(
        self, name: str, ids: Sequence[RecordId], vectors: Vectors, corpus: int | None = None
    ) -> None:
        self._of(name).upsert(**new_records(ids, vectors, corpus))

    @_explained
    def delete(self, name: str, ids: Sequence[RecordId]) -> None:
        self._of(name).delete(ids=[str(each) for each in ids])

    @_explained
    def page(self, name: str, limit: int, offset: int) -> list[int]:
        found = self._of(name).get(limit=limit, offset=offset, include=[])
        return [int(each) for each in found["ids"]]

    @_explained
    def records(self, name: str, corpus: int) -> list[str]:
        return list(self._of(name).get(where=owned_by(corpus), include=[])["ids"])

    @_explained
    def vectors_of(self, name: str, ids: Sequence[str]) -> tuple[list[str], Vectors]:
        self._check_files(name)
        if name not in self._fetched:
            self._fetched[name] = int(self._of(name).count())
        return with_vectors(self._of(name).get(ids=list(ids), include=["embeddings"]))

    @_explained
    def copy(self, name: str, to: str, limit: int, offset: int) -> int:
        found = self._of(name).get(limit=limit, offset=offset, include=WHOLE)
        if found["ids"]:
            self._of(to).upsert(**copied_records(found))
        return len(found["ids"])

    @_explained
    def probe(self, name: str) -> None:
        self._check_files(name)
        found = self._of(name).get(limit=1, include=["embeddings"])
        if found["ids"]:
            self._of(name).query(query_embeddings=found["embeddings"], n_results=1, include=[])

    @_explained
    def replace(self, name: str, by: str) -> None:
        from chromadb.errors import NotFoundError

        try:
            found = self._client.get_collection(by, embedding_function=None)
        except NotFoundError:
            if self.metadata(name) is None:
                raise
            return
        self.drop(name)
        found.modify(name=name)
        self._opened.pop(by, None)
        self._opened[name] = found

    def give_back(self) -> None:
        give_back(self._folder)

    def begin_tidying(self) -> None:
        pass

    def tidy(self) -> None:
        give_back(self._folder, thorough=True)  # memory comes back with the end of the process

    def vectors_on_disk(self) -> dict[str, int]:
        return vectors_on_disk(self._folder)

    @_explained
    def heartbeat(self) -> None:
        if self._is_there():
            self._client.heartbeat()

    def close(self) -> None:
        if self._open_client is not None:
            self._open_client.close()

    def make_room(self) -> None:
        """Release what is in memory if vectors were fetched from too many collections: Chroma loads
        each as a whole and forgets none. No call may be under way."""
        if sum(self._fetched.values()) > _FETCHED_HELD:
            self.close()
            self._open_client = None
            self._opened.clear()
            self._fetched.clear()

    def reset(self) -> None:
        """Delete the folder and begin with an empty one."""
        with contextlib.suppress(Exception):  # it is deleted, whatever is wrong with it
            self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._open_client = self._failed = None
        self._opened.clear()
        self._checked.clear()
        self._fetched.clear()

    def _check_files(self, name: str) -> None:
        if name not in self._checked:
            check_files(self._folder, name)
            self._checked.add(name)

    def _of(self, name: str) -> Any:
        if name not in self._opened:
            self._opened[name] = self._client.get_collection(name, embedding_function=None)
        return self._opened[name]


def configuration(searched: bool) -> dict[str, Any]:
    """Return the settings of a collection that Chroma searches, or that vectors are only fetched
    from."""
    return {"hnsw": _SPACE if searched else _SPACE | _UNSEARCHED}


def owned_by(corpus: int) -> dict[str, Any]:
    """Return the condition that a record belongs to a corpus, where several share the
    collection."""
    return {_CORPUS: corpus}


def with_vectors(found: Any) -> tuple[list[str], Vectors]:
    """Return the ids and the vectors, of shape (ids, dimensions), of records that Chroma
    returned."""
    return list(found["ids"]), np.asarray(found["embeddings"], dtype=np.float32)


def new_records(
    ids: Sequence[RecordId], vectors: Vectors, corpus: int | None = None
) -> dict[str, Any]:
    """Return Chroma's arguments to store them."""
    metadatas = None if corpus is None else [owned_by(corpus)] * len(ids)
    return {"ids": [str(each) for each in ids], "embeddings": vectors, "metadatas": metadatas}


def copied_records(found: Any) -> dict[str, Any]:
    """Return Chroma's arguments to store whole records that it returned."""
    metadatas = found["metadatas"] if any(found["metadatas"]) else None
    return {"ids": found["ids"], "embeddings": found["embeddings"], "metadatas": metadatas}


def chroma_error(error: Exception) -> NewsdeskError:
    """Return what to raise for an error of Chroma's: ``StorageError`` or ``IndexDamaged``."""
    from chromadb.errors import InternalError, NotFoundError

    if isinstance(error, NewsdeskError):
        return error
    reason = str(cast(object, error)).strip().split("\n")[0] or type(error).__name__
    if isinstance(error, TimeoutError):
        return StorageError("chroma-timeout", seconds=SERVER_SECONDS, retry=True)
    if isinstance(error, OSError) or _NO_ROOM.search(reason):
        return StorageError("chroma-disk-full", detail=reason[:200])
    if _NO_ACCESS.search(reason):
        return StorageError("chroma-failed", detail=reason[:200], retry=True)
    if isinstance(error, NotFoundError):
        return IndexDamaged("vector-index-missing")
    if isinstance(error, InternalError):
        return IndexDamaged("vector-index-damaged", detail=reason[:200])
    return StorageError("chroma-failed", detail=reason[:200])
