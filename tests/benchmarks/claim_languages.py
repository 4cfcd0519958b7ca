"""Verification in other languages: `python -m tests.benchmarks.claim_languages`.

Sentences of encyclopaedic paragraphs against the paragraph they stand in: as they stand, with
another number, with a negation put in or taken out, and against another article.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict

from bot.answering.verification import Evidence, create_verifier
from bot.answering.verification.facts.lexicon import negations
from bot.evaluation.questions import read_records
from retrieval.text.sentences import sentences
from tests.benchmarks import weekly_news

LANGUAGES = ("en", "de", "es", "ru", "ar", "tr", "zh", "hi")
_NOT = {"en": "not", "de": "nicht", "es": "no", "ru": "не", "ar": "لم", "tr": "değil", "zh": "不", "hi": "नहीं"}  # fmt: skip
_EACH = 60
_NUMBER = re.compile(r"\d+")


def with_another_number(sentence: str, generator: random.Random) -> str | None:
    """Return the sentence with one of its numbers changed, None if it has none."""
    numbers = list(_NUMBER.finditer(sentence))
    if not numbers:
        return None
    one = generator.choice(numbers)
    value = int(one[0]) + generator.choice([1, 2, 3, 7, 10])
    return f"{sentence[: one.start()]}{value}{sentence[one.end() :]}"


def with_negation_turned(sentence: str, language: str, generator: random.Random) -> str:
    """Return the sentence without its negation, or with one put in the middle."""
    if language == "zh":
        if "不" in sentence:
            return sentence.replace("不", "", 1)
        at = generator.randrange(len(sentence) // 3, 2 * len(sentence) // 3)
        return f"{sentence[:at]}不{sentence[at:]}"
    words = sentence.split()
    denying = [
        n for n, word in enumerate(words) if word.strip(",.;").lower() in negations(language)
    ]
    if denying:
        del words[denying[0]]
    else:
        words.insert(generator.randrange(len(words) // 3, 2 * len(words) // 3 + 1), _NOT[language])
    return " ".join(words)


def main() -> None:
    verifier = create_verifier()
    for language in LANGUAGES:
        generator = random.Random(language)
        folder = weekly_news.SHARED / "data" / "languages"
        articles = read_records(folder / f"{language}-articles.jsonl.gz")
        said = [
            (article, sentence)
            for article in articles
            for sentence in sentences(article["text"])
            if 40 <= len(sentence) * (3 if language == "zh" else 1) <= 400
        ]
        counts: dict[str, list[bool]] = defaultdict(list)
        for article, sentence in generator.sample(said, min(_EACH, len(said))):
            other = generator.choice(
                [
                    one
                    for one in articles
                    if one["url"].split("/")[-2] != article["url"].split("/")[-2]
                ]
            )
            claims = {
                "as it stands": (sentence, article),
                "another number": (with_another_number(sentence, generator), article),
                "negation": (with_negation_turned(sentence, language, generator), article),
                "another article": (sentence, other),
            }
            for kind, (claim, source) in claims.items():
                if claim is not None:
                    evidence = Evidence(source["text"])
                    counts[kind].append(verifier.check(claim, [evidence]).supported)
        shares = ", ".join(
            f"{kind} {sum(n) / len(n):.2f} of {len(n)}" for kind, n in counts.items()
        )
        print(f"{language}: supported {shares}")


if __name__ == "__main__":
    main()
