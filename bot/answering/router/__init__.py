"""Decide what kind of message somebody sent, and what in it to search for."""
