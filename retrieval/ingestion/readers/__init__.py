"""Sources to articles: one module for each kind of source, chosen by ``read_source``."""

from retrieval.ingestion.readers.dispatch import KINDS, read_source, read_sources, read_stdin

__all__ = ["KINDS", "read_source", "read_sources", "read_stdin"]
