"""Extractive summaries beside the article's first three sentences: `python -m tests.benchmarks.summaries`.

The measure is of our own making, on public data: QAGS (Wang, Cho and Lewis, 2020) has sentences of
machine summaries of news articles with people's verdict. The sentences that people found supported
are what a summary of that article says; ROUGE-1 and ROUGE-2 recall and F1 (Lin, 2004) of three
extracted sentences are taken against them, article by article. By that measure nothing we tried beats
the first three sentences of news: ours are equal to them. The other measure asks news of one
week: whether the answer of a quiz question stands in the summary of the article that answers it.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence

from bot.answering.summaries.lexrank import CentralityWeights, extract
from bot.evaluation.questions import holds, plain, read_records
from bot.evaluation.scoring import difference, interval
from retrieval.models import Passage, Reference
from retrieval.text.chunking import passage_spans
from retrieval.text.sentences import sentences
from retrieval.web.urls import canonical_url
from tests.benchmarks import weekly_news

CLAIMS = weekly_news.SHARED / "data" / "claims"
_SENTENCES = 3

Summary = Callable[[str], str]


def passages(text: str) -> list[Passage]:
    article = Reference("a", None, "", None, None)
    return [
        Passage(n, article, start, end, text[start:end])
        for n, (start, end) in enumerate(passage_spans(text))
    ]


def lead(text: str) -> str:
    long_enough = [s for s in sentences(text) if len(s) >= 30]
    return " ".join(long_enough[:_SENTENCES])


def extracted(weights: CentralityWeights | None = None) -> Summary:
    def summary(text: str) -> str:
        return " ".join(e.text for e in extract([passages(text)], _SENTENCES, weights))

    return summary


def articles_with_references() -> list[tuple[str, str]]:
    """Articles of QAGS with the supported sentences of machine summaries of them."""
    found: dict[str, list[str]] = {}
    for name in ("cnndm", "xsum"):
        for record in read_records(CLAIMS / f"qags-{name}-dev.jsonl"):
            if record["label"]:
                found.setdefault("\n".join(record["passages"]), []).append(record["claim"])
    return [(text, " ".join(claims)) for text, claims in found.items()]


def articles_with_answers() -> list[tuple[str, str]]:
    """Articles of the dev set with the answer of a question that they answer."""
    by_url = {canonical_url(a["url"]): a["text"] for a in weekly_news.load_articles()}
    return [
        (by_url[url], question.answer)
        for question in weekly_news.counting_questions()
        for url in sorted(question.gold)
        if len(plain(question.answer)) > 5 and holds(question.answer, by_url[url])
    ]


def rouge(summary: str, reference: str, n: int) -> float:
    ours, theirs = _grams(summary, n), _grams(reference, n)
    shared = (ours & theirs).total()
    if not shared:
        return 0.0
    precision, recall = shared / ours.total(), shared / theirs.total()
    return 2 * precision * recall / (precision + recall)


def _grams(text: str, n: int) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def main() -> None:
    referenced, answered = articles_with_references(), articles_with_answers()

    def scores(summary: Summary) -> dict[str, Sequence[float]]:
        made = [summary(text) for text, _ in referenced]
        pairs = [(s, reference) for s, (_, reference) in zip(made, referenced, strict=True)]
        return {
            "ROUGE-1": [rouge(s, r, 1) for s, r in pairs],
            "ROUGE-2": [rouge(s, r, 2) for s, r in pairs],
            "answers": [float(holds(answer, summary(text))) for text, answer in answered],
        }

    first, ours = scores(lead), scores(extracted())
    print(
        f"{len(referenced)} articles with references, {len(answered)} with answers; three sentences each"
    )
    for name in first:
        gain = difference(ours[name], first[name])
        mean = interval(ours[name])
        print(f"{name}: lead {statistics.mean(first[name]):.3f}, ours {mean.value:.3f}, gain {gain.value:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})")  # fmt: skip


if __name__ == "__main__":
    main()
