"""Group reports of one event."""
