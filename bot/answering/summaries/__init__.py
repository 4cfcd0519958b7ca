"""Summaries of articles and stories, digests and timelines: checked and cited like answers."""
