"""Answers that were given a moment ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from bot.answering.models import Answer

_MOST = 256


class AnswerCache:
    """The last answers, by all that they depend on. Bounded; the one not used for longest goes."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    def get(self, key: Hashable) -> Answer | None:
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: Hashable, answer: Answer) -> None:
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
