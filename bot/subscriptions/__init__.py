"""Digests and alerts that people subscribed to: when they are due, and that each comes once."""
