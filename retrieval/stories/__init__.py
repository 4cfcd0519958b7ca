"""Reports of one event, brought together."""
