"""Measures of the project, each a program of its own."""

import retrieval  # noqa: F401 - before numpy, for which it says how many threads it has
