"""Whether a model's text says that the passages don't answer, in any words and language.

Prompts ask for one fixed token (``NO_ANSWER``), but models also use their own words. A trained
classifier tells these from answers such as "No one was hurt":
``tests/benchmarks/train_declines.py``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from bot.answering.text_classifier import TextClassifier

NO_ANSWER = "NOT_ANSWERED"
WEIGHTS = Path(__file__).with_name("declines.npz")

_TOKEN = re.compile(r"\bnot[_\s-]answered\b", re.IGNORECASE)
# What prompts asked for before, and small models write anyway; not what somebody is quoted with.
_DONT_KNOW = re.compile(
    r"^\W*i (?:do not|don.?t) know\b(?!.*[\"”])(?!.*\b(?:said|told|says)\b)", re.IGNORECASE
)
_LONGEST = 400  # characters; what is longer says something


def is_no_answer_token(text: str) -> bool:
    """Return whether the text is or contains the token that prompts ask for."""
    return bool(_TOKEN.search(text)) and len(text) < 80


def is_decline(text: str, model: TextClassifier | None = None) -> bool:
    """Return whether a sentence says that the question isn't answered. Takes 0.1 ms."""
    if is_no_answer_token(text) or _DONT_KNOW.match(text):
        return True
    if not text.strip() or len(text) > _LONGEST:
        return False
    model = model or _model()
    scores = dict(zip(model.labels, model.logits([text])[0], strict=True))
    return bool(scores["decline"] > scores["answer"])


@cache
def _model() -> TextClassifier:
    return TextClassifier.load(WEIGHTS)
