"""Digests and alerts that people subscribed to, and posts: when they are due, and that each is sent
once."""
