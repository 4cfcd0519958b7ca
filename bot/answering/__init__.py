"""From a question to a cited answer. Knows nothing of Discord."""
