"""Rerankers: a question and passages in, scores out. One module for each provider; ``make_reranker``
knows all."""

from retrieval.rerankers.base import Reranker, RerankerOptions
from retrieval.rerankers.factory import NAMES, make_reranker

__all__ = ["NAMES", "Reranker", "RerankerOptions", "make_reranker"]
