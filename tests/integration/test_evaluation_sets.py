"""Several sets measured together: each with its own articles, counted by year and pooled."""

from __future__ import annotations

import json
from pathlib import Path

from bot.evaluation.runner import BM25, EvaluationSet, compare, evaluate
from retrieval.library import LibraryConfig


def _set(folder: Path, year: int, text: str, question: str, answer: str) -> EvaluationSet:
    url = f"https://example.com/{year}"
    articles, questions = folder / f"a{year}.jsonl", folder / f"q{year}.jsonl"
    article = {"url": url, "title": "Ferry", "text": text, "published_at": f"{year}-03-01"}
    articles.write_text(json.dumps(article), encoding="utf-8")
    line = {"id": f"{year}", "question": question, "answer": answer, "asked_at": f"{year}-03-03", "gold_urls": [url]}  # fmt: skip
    questions.write_text(json.dumps(line), encoding="utf-8")
    return EvaluationSet(articles, questions)


async def test_sets_are_asked_apart_and_counted_together(tmp_path: Path) -> None:
    question = "Where did the ferry sink?"
    sets = [
        _set(tmp_path, 2022, "The ferry sank off Maravel on Tuesday.", question, "Maravel"),
        # Found only if the articles of the first set were searched too.
        _set(tmp_path, 2023, "The ferry sank off Calder on Tuesday.", question, "Calder"),
    ]
    ours, plain = await evaluate(
        sets, LibraryConfig(tmp_path / "unused"), [BM25], search_only=[BM25]
    )
    assert [outcome.rank for outcome in ours.outcomes] == [1, 1]
    assert ours.articles == 2
    assert {year: means["questions"] for year, means in ours.by_year().items()} == {"2022": 1, "2023": 1}  # fmt: skip
    assert len(ours.of_year("2023").outcomes) == 1
    assert ours.answers()
    assert not plain.answers()
    gain = compare(ours, plain)
    assert gain["MRR@10"].value == 0
    assert "right" not in gain
