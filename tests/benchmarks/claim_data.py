"""Claims with people's verdicts and altered sentences, in one form, to measure and train the gate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from bot.answering.verification import Evidence
from bot.evaluation.questions import read_records
from tests.benchmarks import altering, weekly_news

CLAIMS = {
    name: weekly_news.SHARED / "data" / "claims" / f"{name}-dev.jsonl"
    for name in ("qags-cnndm", "qags-xsum")
}


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, its passages and whether they support it; ``group`` is the article it comes from."""

    claim: str
    passages: tuple[Evidence, ...]
    label: bool
    kind: str
    group: str


def claims(name: str) -> list[Case]:
    return [
        Case(
            record["claim"],
            tuple(Evidence(passage) for passage in record["passages"]),
            record["label"],
            name,
            record["passages"][0],
        )
        for record in read_records(CLAIMS[name])
    ]


def altered(half: str) -> Iterator[Case]:
    """The altered and fair sentences of one half, "dev" or "held-out"."""
    articles = {article["url"]: article for article in weekly_news.load_articles()}
    for row in altering.rows():
        if row["half"] != half:
            continue
        article = articles[row["url"]]
        text = article["text"]
        evidence = Evidence(
            text[slice(*row["evidence"])],
            article["title"],
            dt.date.fromisoformat(article["published_at"][:10]),
        )
        sentence = row["sentence"] if "sentence" in row else text[slice(*row["span"])]
        yield Case(sentence, (evidence,), row["label"], row["kind"], row["url"])
