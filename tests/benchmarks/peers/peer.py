"""What every compared system does: take in a file of articles, then answer searches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from retrieval.embedders.wordllama import sentence_vectors
from retrieval.timestamps import parse_span


@dataclass(frozen=True, slots=True)
class Result:
    """A passage found: of the article at ``url``, which other addresses in ``also`` hold too."""

    url: str
    title: str
    text: str
    also: tuple[str, ...] = ()


class Peer(Protocol):
    """Made with an empty folder of its own; whatever has to be loaded is loaded by then."""

    packages: tuple[str, ...]

    def __init__(self, folder: Path) -> None: ...

    def ingest(self, articles: Path) -> None:
        """Take in articles in JSON Lines."""

    def search(self, question: str, last: datetime, limit: int) -> list[Result]:
        """The best passages published no later than ``last``, best first."""


def read(articles: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The text of each article and its metadata; when it was published is a number to filter by."""
    with articles.open(encoding="utf-8") as file:
        for line in file:
            article = json.loads(line)
            published_at = int(parse_span(article["published_at"]).start.timestamp())
            metadata = {"url": article["url"], "title": article["title"]}
            yield article["text"], {**metadata, "published_at": published_at}


def result(text: str, metadata: dict[str, Any]) -> Result:
    return Result(metadata["url"], metadata["title"], text)


class SharedEmbedder:
    """Newsdesk's own embedder without its threads, for the peers that take one."""

    def __init__(self) -> None:
        self.embed(["warm up"])

    def embed(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = sentence_vectors(texts).tolist()
        return vectors
