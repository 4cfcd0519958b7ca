"""A model that writes what a message expects, if the passages that it is given have it.

It stands for the best model there can be: it copies the sentences that hold what an answer must have,
the newest first, and declines where the passages lack some of it. What is wrong with it is wrong
with the search, with the kind that a message was taken for, or with what the check lets through.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from bot.answering.declines import NO_ANSWER
from bot.answering.extractive.sentences import readable_sentences
from bot.answering.providers.base import ChatModel, Message, StreamEnd, StreamEvent, TextDelta
from bot.answering.providers.capabilities import Capabilities

_PASSAGE = re.compile(
    r'<passage number="(\d+)"[^>]*published="([^"]*)" title="[^"]*">\n(.*?)\n</passage>', re.DOTALL
)
_MOST = 4
Expected = Mapping[str, Any]


class PerfectModel(ChatModel):
    """Knows what the message that is answered now expects: ``expected`` of its line."""

    def __init__(self) -> None:
        self.name = "perfect"
        self.capabilities = Capabilities()
        self.expected: Expected = {}

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        schema: Mapping[str, Any] | None = None,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Write the answer at once; nothing where no passages are given."""
        passages = _PASSAGE.findall(messages[-1].content)
        if passages and schema is None:
            yield TextDelta(self._answer(passages))
        yield StreamEnd("stop")

    async def check(self) -> None:
        """There is nothing that could be missing."""

    def _answer(self, passages: Sequence[tuple[str, str, str]]) -> str:
        newest_first = sorted(passages, key=lambda each: each[1], reverse=True)
        said = [
            (number, text[span.start : span.end])
            for number, _, text in newest_first
            for span in readable_sentences(text)
        ]
        unwanted = self.expected.get("must_not", ())
        said = [each for each in said if not any(_has(each[1], one) for one in unwanted)]
        wanted = [*self.expected.get("first", ()), *self.expected.get("must", ())]
        if self.expected.get("form") == "declined" or not said:
            return NO_ANSWER
        if not wanted:
            return _cited(said[:1])
        chosen: list[tuple[str, str]] = []
        for pattern in wanted:
            if any(_has(text, pattern) for _, text in chosen):
                continue
            # What has the most of what is wanted needs the fewest sentences.
            able = [each for each in said if _has(each[1], pattern)]
            if not able:
                return NO_ANSWER
            chosen.append(max(able, key=lambda each: sum(_has(each[1], one) for one in wanted)))
        return _cited(chosen[:_MOST])


def _cited(sentences: Sequence[tuple[str, str]]) -> str:
    return " ".join(f"{text} [{number}]" for number, text in sentences)


def _has(text: str, pattern: str) -> bool:
    return re.search(pattern, text.replace("’", "'"), re.IGNORECASE) is not None
