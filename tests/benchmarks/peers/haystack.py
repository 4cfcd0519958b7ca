"""Haystack as its page on the BM25 retriever sets it up: splitter, store in memory, retriever."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from haystack import Document, Pipeline
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy

from tests.benchmarks.peers.peer import Result, read, result


class Haystack:
    packages: tuple[str, ...] = ("haystack-ai",)

    def __init__(self, folder: Path) -> None:
        store = InMemoryDocumentStore()
        self._indexing = Pipeline()
        self._indexing.add_component("splitter", DocumentSplitter())
        self._indexing.add_component("writer", DocumentWriter(store, policy=DuplicatePolicy.SKIP))
        self._indexing.connect("splitter", "writer")
        self._searching = Pipeline()
        self._searching.add_component("retriever", InMemoryBM25Retriever(store))

    def ingest(self, articles: Path) -> None:
        documents = [Document(content=text, meta=metadata) for text, metadata in read(articles)]
        self._indexing.run({"splitter": {"documents": documents}})

    def search(self, question: str, last: datetime, limit: int) -> list[Result]:
        within = {"field": "meta.published_at", "operator": "<=", "value": int(last.timestamp())}
        asking = {"query": question, "top_k": limit, "filters": within}
        found = self._searching.run({"retriever": asking})["retriever"]["documents"]
        return [result(document.content, document.meta) for document in found]
