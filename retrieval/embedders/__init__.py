"""Embedders: texts in, unit vectors out. One module for each provider; ``make_embedder`` knows all."""

from retrieval.embedders.base import Embedder, Vectors, packed, unpacked
from retrieval.embedders.factory import NAMES, EmbedderOptions, make_embedder

__all__ = ["NAMES", "Embedder", "EmbedderOptions", "Vectors", "make_embedder", "packed", "unpacked"]
