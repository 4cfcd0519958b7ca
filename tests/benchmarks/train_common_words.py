"""Count in how many passages of news each common word stands:
`python -m tests.benchmarks.train_common_words [--write]`.

A corpus of a few passages can't tell which words are common: "got" may stand in none of them. The
counts are of the articles of 2022 and 2024, so that what is measured on other years says what they
are worth. With `--write` they are kept beside the keyword index.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections import Counter
from collections.abc import Iterator

from bot.evaluation.questions import read_records
from retrieval.indexes import common_words
from retrieval.text.chunking import passage_spans
from retrieval.text.stemming import stems
from tests.benchmarks.weekly_news import SHARED

SETS = ("weekly-news-2022", "weekly-news-2024")
_EVERY = 6  # articles: what is common is common in a sixth of them
# What stands in fewer passages, one in 2,000, is rare enough everywhere.
_LEAST = 1 / 2_000
# A form of a word has so much of all its occurrences.
_USUAL = 0.05
_WORD = re.compile(r"[^\W_]+")


def passages() -> Iterator[str]:
    for name in SETS:
        path = SHARED / "data" / name / "articles.jsonl.gz"
        for number, record in enumerate(read_records(path)):
            if number % _EVERY == 0:
                text = record["text"]
                yield from (text[start:end] for start, end in passage_spans(text))


def counted() -> dict[str, tuple[float, list[str]]]:
    """By stem the share of passages that have it, the most common first, and the forms it is
    written in. Without names, which change with the times: what is written small less often than
    not."""
    counts, all_ = Counter[str](), Counter[str]()
    forms: dict[str, Counter[str]] = {}
    total = 0
    for text in passages():
        words, own = _WORD.findall(text), stems(text)
        counts.update(set(own))
        total += 1
        if len(words) == len(own):
            all_.update(own)
            for word, stem in zip(words, own, strict=True):
                if word.islower():
                    forms.setdefault(stem, Counter())[word] += 1
    print(f"{total} passages, {len(counts)} stems")
    return {
        stem: (count / total, _usual(forms[stem]))
        for stem, count in counts.most_common()
        if count / total >= _LEAST and forms.get(stem, Counter()).total() > all_[stem] / 2
    }


def _usual(forms: Counter[str]) -> list[str]:
    """The forms that are no slips themselves."""
    return sorted(form for form, count in forms.items() if count >= _USUAL * forms.total())


def main() -> None:
    if not (SHARED / "data" / SETS[0]).exists():
        print(f"not learned: {SHARED / 'data' / SETS[0]} is not there")
        return
    shares = counted()
    print(f"{len(shares)} stand in one passage of 2,000 or more")
    if "--write" in sys.argv:
        lines = "".join(
            f"{stem} {round(share * 1e5)} {' '.join(forms)}\n"
            for stem, (share, forms) in shares.items()
        )
        # No time in its header: the same words make the same file.
        common_words.WORDS.write_bytes(gzip.compress(lines.encode(), mtime=0))


if __name__ == "__main__":
    main()
