"""Reply to every kind of message that isn't a plain question."""

from bot.answering.replies.service import Replies, ReplyRequest

__all__ = ["Replies", "ReplyRequest"]
