"""From a source to indexed articles."""
