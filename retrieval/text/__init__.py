"""Text in any language: sentences, words, encodings, numbers, time expressions."""
