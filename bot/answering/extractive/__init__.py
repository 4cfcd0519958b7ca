"""Answers without a model: the sentences that answer the question, word for word."""

from bot.answering.extractive.selection import Quotation, Selection, select

__all__ = ["Quotation", "Selection", "select"]
