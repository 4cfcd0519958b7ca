"""What the small classifiers of `bot/answering` learn from and are measured with."""
