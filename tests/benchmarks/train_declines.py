"""Learn to tell a decline from an answer: `python -m tests.benchmarks.train_declines [--write]`.

Learns from templates in nine languages and from real sentences that begin with "no",
"unfortunately" or say what is not known. Prints how it does on 200 declines and 200 answers in
eight languages, none of which it learns from; with `--write` keeps the weights.
"""

from __future__ import annotations

import random
import re
import sys
import tomllib
from typing import Any

from bot.answering.declines import WEIGHTS, is_decline
from bot.answering.text_classifier import TextClassifier
from tests.benchmarks.order_data import FOLDER, LEARNED_YEARS, articles
from tests.benchmarks.softmax import learn

_SLOT = re.compile(r"\{(\w+)\}")
_SOUNDS_LIKE = re.compile(
    r"^(?:no\b|not\b|none\b|nothing\b|nobody\b|unfortunately|sadly|neither\b|there (?:is|was|were|are) no\b|it (?:is|was|remains) (?:not|un)|“?i don.t|sorry)"
    r"|\b(?:unclear|unknown|not (?:say|known|clear|named|mention|disclosed?|comment|specify)|did not answer|declined to|no information)\b",
    re.IGNORECASE,
)
_REAL = 5_000
_WEIGHT = 1.5


def templates() -> list[tuple[str, str]]:
    """Text and label, in all languages."""
    table = tomllib.loads((FOLDER / "declines.toml").read_text(encoding="utf-8"))
    draw = random.Random(3)
    found: dict[tuple[str, str], None] = {}
    for lists in table.values():
        for label, kind in (("decline", "declines"), ("answer", "answers")):
            for template in lists[kind]:
                rounds = 30 if "{" in template else 4
                for _ in range(rounds):
                    found[_filled(template, lists, draw), label] = None
    return list(found)


def real() -> list[str]:
    """Real sentences that sound like declines, and others."""
    draw = random.Random(4)
    sounding: list[str] = []
    others: list[str] = []
    for year in LEARNED_YEARS:
        for _, sentences in articles(year):
            for sentence in sentences:
                (sounding if _SOUNDS_LIKE.search(sentence) else others).append(sentence)
    return draw.sample(sounding, _REAL) + draw.sample(others, _REAL)


def held_out() -> dict[str, dict[str, list[str]]]:
    """The declines and answers that nothing is learned from, by language."""
    return tomllib.loads((FOLDER / "declines_test.toml").read_text(encoding="utf-8"))


def learned() -> TextClassifier:
    pairs = templates() + [(text, "answer") for text in real()]
    texts, labels = [text for text, _ in pairs], [label for _, label in pairs]
    return learn(
        texts, labels, [_WEIGHT if label == "decline" else 1.0 for label in labels], epochs=6
    )


def main() -> None:
    model = learned()
    if "--write" in sys.argv:
        model.save(WEIGHTS)
    for kind, by_language in held_out().items():
        right = total = 0
        for language, texts in by_language.items():
            wrong = [text for text in texts if is_decline(text, model) != (kind == "declines")]
            right += len(texts) - len(wrong)
            total += len(texts)
            print(
                f"{kind} {language}: {len(texts) - len(wrong)} of {len(texts)}",
                *wrong,
                sep="\n    ",
            )
        print(f"{kind}: {right} of {total} ({right / total:.3f})")


def _filled(template: str, lists: dict[str, Any], draw: random.Random) -> str:
    text = _SLOT.sub(lambda match: draw.choice(lists[match[1]]), template)
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    main()
