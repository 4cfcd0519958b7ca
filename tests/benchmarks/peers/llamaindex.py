"""LlamaIndex as its Chroma page sets it up: a vector store index with the sentence splitter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import chromadb
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from llama_index.vector_stores.chroma import ChromaVectorStore

from tests.benchmarks.peers.peer import Result, SharedEmbedder, read, result

# Titles are embedded with the text, as is LlamaIndex's default; these would only be noise.
_NOT_EMBEDDED = ["url", "published_at"]


class _Embedding(BaseEmbedding):  # type: ignore[misc]
    _embedder: Any = PrivateAttr(default_factory=SharedEmbedder)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._embedder.embed(texts)
        return vectors


class LlamaIndex:
    packages: tuple[str, ...] = ("llama-index-core", "llama-index-vector-stores-chroma", "chromadb")

    def __init__(self, folder: Path) -> None:
        collection = chromadb.PersistentClient(path=str(folder)).create_collection("articles")
        store = ChromaVectorStore(chroma_collection=collection)
        self._storage = StorageContext.from_defaults(vector_store=store)
        self._splitter = SentenceSplitter()
        self._embedding = _Embedding(embed_batch_size=256)
        self._index: Any = None

    def ingest(self, articles: Path) -> None:
        documents = [
            Document(
                text=text,
                metadata=metadata,
                excluded_embed_metadata_keys=_NOT_EMBEDDED,
                excluded_llm_metadata_keys=_NOT_EMBEDDED,
            )
            for text, metadata in read(articles)
        ]
        self._index = VectorStoreIndex.from_documents(
            documents,
            storage_context=self._storage,
            embed_model=self._embedding,
            transformations=[self._splitter],
        )

    def search(self, question: str, last: datetime, limit: int) -> list[Result]:
        until = MetadataFilter(
            key="published_at", value=int(last.timestamp()), operator=FilterOperator.LTE
        )
        retriever = self._index.as_retriever(
            similarity_top_k=limit, filters=MetadataFilters(filters=[until])
        )
        found = retriever.retrieve(question)
        return [result(each.node.get_content(), each.node.metadata) for each in found]
