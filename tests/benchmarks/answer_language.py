"""Choose how plainly an answer must be in another language: `python -m tests.benchmarks.answer_language`.

Questions of eight languages, each with a sentence of its own language (an answer as it should be) and
with one of each other language. The threshold is chosen on half of the subjects, at what costs least
(an answer that is refused for nothing costs as much as ten that pass in another language), and its
shares are printed for the other half, with sentences of real news whose names are of anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from bot.answering.answer_language import (
    PERHAPS,
    PLAINLY,
    is_in_another_language,
    likelier_elsewhere,
    possible_languages,
)
from bot.evaluation.questions import read_records
from retrieval.text.sentences import sentences
from tests.benchmarks.weekly_news import ARTICLES, SHARED

FOLDER = SHARED / "data" / "languages"
LANGUAGES = ("en", "de", "es", "ru", "ar", "zh", "tr", "hi")
_COST = 10.0
_PERHAPS = (2.0, 4.0, 8.0, 12.0)
_NEWS = 20_000

Values = npt.NDArray[np.float64]


def subjects(language: str, rest: int) -> Iterator[tuple[list[str], list[str]]]:
    """Questions and sentences of every second subject."""
    questions: dict[str, list[str]] = {}
    for record in read_records(FOLDER / f"{language}-questions.jsonl"):
        subject = record["gold_urls"][0].split("/")[3]
        questions.setdefault(subject, []).append(record["question"])
    told: dict[str, list[str]] = {}
    for record in read_records(FOLDER / f"{language}-articles.jsonl.gz"):
        told.setdefault(record["url"].split("/")[3], []).extend(sentences(record["text"]))
    for subject in sorted(questions, key=int)[rest::2]:
        yield questions[subject], told[subject]


def measured(rest: int, perhaps: float) -> tuple[Values, Values, float]:
    """How much likelier another language is for answers in the right one and in a wrong one; and the
    share of questions whose language can be told."""
    draw = random.Random(rest)
    right, wrong, clear = [], [], []
    every = {language: list(subjects(language, rest)) for language in LANGUAGES}
    for language, entries in every.items():
        for number, (asked, told) in enumerate(entries):
            for question in asked:
                expected = possible_languages([question], perhaps=perhaps)
                clear.append(bool(expected))
                right.append(likelier_elsewhere(draw.choice(told), expected))
                for other in LANGUAGES:
                    if other != language:
                        text = draw.choice(every[other][number][1])
                        wrong.append(likelier_elsewhere(text, expected))
    return np.array(right), np.array(wrong), float(np.mean(clear))


def cheapest(perhaps: float) -> tuple[float, float]:
    """What costs least on the first half, and the threshold for it."""
    right, wrong, _ = measured(0, perhaps)
    candidates = np.unique(np.round(np.concatenate([right, wrong])))
    costs = [_COST * (right > at).mean() + (wrong <= at).mean() for at in candidates]
    # The middle of what costs least: the costs are level between the two crowds.
    best = candidates[np.flatnonzero(np.isclose(costs, min(costs)))]
    return min(costs), float(best.mean())


def main() -> None:
    found = {perhaps: cheapest(perhaps) for perhaps in _PERHAPS}
    perhaps = min(found, key=lambda each: found[each][0])
    print(f"chosen on half of the subjects: PERHAPS {perhaps:.0f}, PLAINLY {found[perhaps][1]:.0f} "
          f"(in use: {PERHAPS:.0f}, {PLAINLY:.0f})")  # fmt: skip
    right, wrong, clear = measured(1, PERHAPS)
    print(f"other half: {clear:.3f} of {len(right)} questions have a language; "
          f"answers in it refused {(right > PLAINLY).mean():.4f}, "
          f"answers in another one told {(wrong > PLAINLY).mean():.4f} of {len(wrong)}")  # fmt: skip
    draw = random.Random(5)
    every = [s for record in read_records(ARTICLES) for s in sentences(record["text"])]
    english = frozenset(["en"])
    news = [each for each in draw.sample(every, _NEWS) if is_in_another_language(each, english)]
    print(f"of {_NEWS} sentences of English news refused {len(news) / _NEWS:.4f}, such as")
    for text in news[:10]:
        print(f"  {text[:140]!r}")


if __name__ == "__main__":
    main()
