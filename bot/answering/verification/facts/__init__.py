"""Facts that are exact in meaning: numbers, dates, quotations, names, negation and status."""
