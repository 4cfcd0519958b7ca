"""Embedders: texts in, unit vectors out. One module for each provider; ``make_embedder`` knows all."""

from retrieval.embedders.base import Embedder, EmbedderOptions, Vectors, packed, unpacked
from retrieval.embedders.factory import NAMES, make_embedder

__all__ = ["NAMES", "Embedder", "EmbedderOptions", "Vectors", "make_embedder", "packed", "unpacked"]
