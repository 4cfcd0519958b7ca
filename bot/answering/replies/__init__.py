"""The bot's way to reply to each kind of message that is no plain question."""

from bot.answering.replies.service import Replies, ReplyRequest

__all__ = ["Replies", "ReplyRequest"]
