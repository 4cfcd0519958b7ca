"""How to judge an answer to a message that may continue the turn before it or stand alone."""

from __future__ import annotations

from bot.answering.conversation import Conversation
from bot.answering.models import Answer
from bot.answering.router.leaning import word_beginnings


def says_nothing_new(answer: Answer, before: Conversation, *, repeating: bool) -> bool:
    """Return whether an answer declines or, if ``repeating``, begins as the last one did."""
    told = before.last.sentences if before.last is not None else ()
    if answer.abstained or not (repeating and told and answer.sentences):
        return answer.abstained
    return answer.sentences[0].text == told[0].text


def tells_of(answer: Answer, message: str, share: float) -> bool:
    """Return whether an answer's sources have at least this ``share``, from 0 to 1, of a message's
    content words.

    A message that was read wrongly still finds something by one word or another.
    """
    quoted = " ".join(f"{each.article.title} {each.quote}" for each in answer.citations)
    told, asked = set(word_beginnings(quoted)), set(word_beginnings(message))
    return len(asked & told) >= share * len(asked)
