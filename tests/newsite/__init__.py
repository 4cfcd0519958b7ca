"""A site of news for tests: pages, feeds of every kind, and what goes wrong with them."""

from tests.newsite.site import NewsSite, Seen

__all__ = ["NewsSite", "Seen"]
