"""A second opinion on sentences that are neither clearly supported nor clearly refuted.

The call to a model is passed in: this module knows neither providers nor budgets.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import prompts

MAX_SENTENCES = 16
TOKENS_EACH = 24
TOKENS_MORE = 40
SECONDS = 15.0

SCHEMA: dict[str, Any] = {
    "name": "verdicts",
    "strict": True,
    "schema": {
        "type": "object",
        "additionalProperties": False,
        "required": ["verdicts"],
        "properties": {
            "verdicts": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["sentence", "supported"],
                    "properties": {
                        "sentence": {"type": "integer"},
                        "supported": {"type": "boolean"},
                    },
                },
            }
        },
    },
}
"""What an answer may look like, for servers that hold a model to a schema; lines do as well."""

_LINE = re.compile(r"^\W*(\d{1,3})\W+\s*(yes|no|true|false)\b", re.IGNORECASE | re.MULTILINE)
_WORD = re.compile(r"^\W*(yes|no|true|false)\b", re.IGNORECASE)

Ask = Callable[[str, int], Awaitable[str | None]]
"""Takes a prompt and the most tokens of an answer; returns the answer, None if none can be had."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A sentence with the passages that it cites, as the model is to read them."""

    sentence: str
    passages: tuple[str, ...]


async def second_opinions(questions: Sequence[OpenQuestion], ask: Ask) -> list[bool | None]:
    """Ask about up to 16 sentences in one call; return for each whether it is confirmed.

    None where the model said nothing about a sentence, or couldn't be asked.
    """
    asked = questions[:MAX_SENTENCES]
    if not asked:
        return []
    passages = list(dict.fromkeys(text for one in asked for text in one.passages))
    prompt = prompts.render(
        "second_opinion",
        passages="\n\n".join(passages),
        sentences="\n".join(f"{n}. {one.sentence}" for n, one in enumerate(asked, 1)),
    )
    answer = await ask(prompt, TOKENS_MORE + TOKENS_EACH * len(asked))
    found = read_opinions(answer or "", len(asked))
    return [found.get(n) for n in range(1, len(questions) + 1)]


def read_opinions(answer: str, count: int) -> dict[int, bool]:
    """Return verdicts by the number of their sentence, read from JSON or from lines like ``2:
    no``."""
    found = _from_json(answer)
    if not found:
        found = {int(n): word.lower() in ("yes", "true") for n, word in _LINE.findall(answer)}
    if not found and count == 1 and (match := _WORD.match(answer)):
        found = {1: match[1].lower() in ("yes", "true")}
    return {n: verdict for n, verdict in found.items() if 1 <= n <= count}


def _from_json(answer: str) -> dict[int, bool]:
    try:
        record = json.loads(answer)
        return {
            int(one["sentence"]): one["supported"] is True
            for one in record["verdicts"]
            if isinstance(one["sentence"], int)
        }
    except (ValueError, TypeError, KeyError, RecursionError):
        return {}
