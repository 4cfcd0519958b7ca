"""Executors, child processes and the lock of the data folder."""
