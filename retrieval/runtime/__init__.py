"""Executors, child processes, locks, and the conditions of the running service."""
