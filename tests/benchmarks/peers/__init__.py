"""Newsdesk beside other retrieval stacks: same articles, questions and scoring, in one run."""
