"""Answer without a model: with the sentences that answer the question, word for word."""

from bot.answering.extractive.selection import Quotation, Selection, select

__all__ = ["Quotation", "Selection", "select"]
