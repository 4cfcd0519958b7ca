"""Articles in, passages out: reading, extraction, the catalogue, the indexes and search.

Nothing here knows of Discord, of prompts or of the application around it.
"""
