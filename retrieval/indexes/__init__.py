"""The two indexes of a corpus: keywords (tantivy) and vectors (Chroma). Both can be rebuilt from
the catalogue."""
