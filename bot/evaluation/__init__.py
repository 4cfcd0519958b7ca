"""Measuring answers and search on questions with known answers."""
