"""The two indexes of a corpus: keywords (tantivy) and vectors (Chroma). Rebuilt from the catalogue."""
