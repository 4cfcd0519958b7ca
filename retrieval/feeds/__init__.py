"""Feeds: reading their documents, fetching politely, and taking in what is new."""
