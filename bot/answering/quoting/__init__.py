"""Answers without a model: the sentences that answer the question, word for word."""

from bot.answering.quoting.choosing import Quotation, Reason, Selection, select

__all__ = ["Quotation", "Reason", "Selection", "select"]
