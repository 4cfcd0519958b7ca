"""LangChain as its tutorial on semantic search sets it up: recursive splitter and Chroma."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from tests.benchmarks.peers.peer import Result, SharedEmbedder, read, result


class _Embeddings(Embeddings):  # type: ignore[misc]
    def __init__(self) -> None:
        self._embedder = SharedEmbedder()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.embed(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.embed([text])[0]


class LangChain:
    packages: tuple[str, ...] = (
        "langchain-chroma", "langchain-core", "langchain-text-splitters", "chromadb",
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
        self._store = Chroma(
            collection_name="articles",
            embedding_function=_Embeddings(),
            persist_directory=str(folder),
        )

    def ingest(self, articles: Path) -> None:
        documents = [
            Document(page_content=text, metadata=metadata) for text, metadata in read(articles)
        ]
        splits = self._splitter.split_documents(documents)
        # Chroma refuses more at once, and add_documents passes on whatever it is given.
        most = self._store._client.get_max_batch_size()
        for first in range(0, len(splits), most):
            self._store.add_documents(splits[first : first + most])

    def search(self, question: str, last: datetime, limit: int) -> list[Result]:
        within = {"published_at": {"$lte": int(last.timestamp())}}
        found = self._store.similarity_search(question, k=limit, filter=within)
        return [result(document.page_content, document.metadata) for document in found]
