"""Embedders: texts in, unit vectors out. One module per provider; ``make_embedder`` knows them
all."""

from retrieval.embedders.base import (
    Embedder,
    EmbedderOptions,
    Vectors,
    nearest_rows,
    normalised,
    packed,
    unpacked,
)
from retrieval.embedders.factory import NAMES, make_embedder

__all__ = [
    "NAMES",
    "Embedder",
    "EmbedderOptions",
    "Vectors",
    "make_embedder",
    "nearest_rows",
    "normalised",
    "packed",
    "unpacked",
]
