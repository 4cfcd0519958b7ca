"""Extract articles from web pages, documents and feeds."""

from retrieval.extraction.article import extract_article
from retrieval.extraction.fragments import html_to_text

__all__ = ["extract_article", "html_to_text"]
