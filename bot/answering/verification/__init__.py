"""Deciding whether a claim is supported by its evidence."""
