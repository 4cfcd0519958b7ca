"""Rerankers: a question and passages in, scores out. One module per provider; ``make_reranker``
knows them all."""

from retrieval.rerankers.base import Reranker, RerankerOptions
from retrieval.rerankers.factory import NAMES, make_reranker

__all__ = ["NAMES", "Reranker", "RerankerOptions", "make_reranker"]
