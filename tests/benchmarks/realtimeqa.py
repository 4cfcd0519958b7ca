"""From the public RealTime QA repository (Kasai and others, 2023) to articles and questions.

    git clone https://github.com/realtimeqa/realtimeqa_public
    python -m tests.benchmarks.realtimeqa realtimeqa_public/past out --first 20230811 --last 20231222

writes ``articles.jsonl.gz`` and ``questions.jsonl`` in the contract's form: the articles that a web
search found for each question of a weekly news quiz, and the questions with their right answers.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_TAG = re.compile(r"<[^>]+>")


def convert(past: Path, first: str, last: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Articles and questions of the weeks from ``first`` to ``last``, both as ``20230811``."""
    articles: dict[str, dict[str, Any]] = {}
    questions = []
    for quiz in sorted(past.glob("*/*_qa.jsonl")):
        week = quiz.name.removesuffix("_qa.jsonl")
        found = quiz.with_name(f"{week}_gcs.jsonl")
        if not first <= week <= last or not found.exists():
            continue
        asked_at = f"{week[:4]}-{week[4:6]}-{week[6:]}"
        urls: dict[str, list[str]] = {}
        for record in _records(found):
            results = [
                r for r in record["search_result"] if r.get("text") and r.get("publish_date")
            ]
            urls[record["question_id"]] = [result["url"] for result in results]
            for result in results:
                articles.setdefault(result["url"], _article(result))
        questions += [
            _question(record, asked_at, urls.get(record["question_id"], []))
            for record in _records(quiz)
        ]
    return list(articles.values()), questions


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _article(result: dict[str, Any]) -> dict[str, Any]:
    return {
        "url": result["url"],
        "title": result["title"],
        "text": result["text"],
        "authors": result.get("authors") or [],
        "published_at": result["publish_date"].replace("/", "-"),
    }


def _question(record: dict[str, Any], asked_at: str, urls: list[str]) -> dict[str, Any]:
    choices = record["choices"]
    return {
        "id": record["question_id"],
        "question": record["question_sentence"],
        "asked_at": asked_at,
        "choices": choices,
        "answer": choices[int(record["answer"][0])],
        "gold_urls": urls,
        "evidence": html.unescape(_TAG.sub("", record.get("evidence") or "")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.realtimeqa", description=__doc__
    )
    parser.add_argument("past", type=Path, help="the folder `past` of the repository")
    parser.add_argument("out", type=Path, help="where the two files go")
    parser.add_argument("--first", default="20230811")
    parser.add_argument("--last", default="20231222")
    wanted = parser.parse_args()
    articles, questions = convert(wanted.past, wanted.first, wanted.last)
    wanted.out.mkdir(parents=True, exist_ok=True)
    with gzip.open(wanted.out / "articles.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
    with (wanted.out / "questions.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
    print(f"{len(articles)} articles, {len(questions)} questions")


if __name__ == "__main__":
    main()
