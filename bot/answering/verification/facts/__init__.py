"""Check facts with an exact meaning: numbers, dates, quotations, names, negation and status."""
