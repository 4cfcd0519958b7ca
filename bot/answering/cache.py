"""A cache of recent answers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from bot.answering.models import Answer

_MOST = 256


class AnswerCache:
    """Recent answers, by everything that they depend on. The size is limited: the least recently
    used answer is dropped."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()

    def get(self, key: Hashable) -> Answer | None:
        """Return the answer stored under ``key``; None if there is none."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def put(self, key: Hashable, answer: Answer) -> None:
        """Store an answer under ``key``."""
        self._answers[key] = answer
        self._answers.move_to_end(key)
        while len(self._answers) > self._most:
            self._answers.popitem(last=False)
