"""Text in any language: sentences, tokens, encodings, time expressions."""
