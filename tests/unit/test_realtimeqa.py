"""The converter of the public quiz repository."""

from __future__ import annotations

import json
from pathlib import Path

from tests.benchmarks.realtimeqa import convert


def test_weeks_become_articles_and_questions(tmp_path: Path) -> None:
    folder = tmp_path / "2023"
    folder.mkdir()
    question = {
        "question_id": "20230811_0", "question_date": "2023/08/10", "question_sentence": "What did it cost?",
        "choices": ["One crown", "Two crowns"], "answer": ["1"], "evidence": "It cost <a href='x'>two</a> &amp; more.",
    }  # fmt: skip
    found = {
        "question_id": "20230811_0",
        "search_result": [
            {"url": "https://a.example/1", "title": "Price", "text": "Two crowns.", "authors": ["A"], "publish_date": "2023/08/09"},
            {"url": "https://a.example/2", "title": "Without a text"},
        ],
    }  # fmt: skip
    for week in ("20230811", "20240105"):
        (folder / f"{week}_qa.jsonl").write_text(json.dumps(question) + "\n")
        (folder / f"{week}_gcs.jsonl").write_text(json.dumps(found) + "\n")
    articles, questions = convert(tmp_path, "20230801", "20231231")
    assert articles == [
        {"url": "https://a.example/1", "title": "Price", "text": "Two crowns.", "authors": ["A"], "published_at": "2023-08-09"}
    ]  # fmt: skip
    assert len(questions) == 1
    assert questions[0]["answer"] == "Two crowns"
    assert questions[0]["asked_at"] == "2023-08-11"
    assert questions[0]["gold_urls"] == ["https://a.example/1"]
    assert questions[0]["evidence"] == "It cost two & more."
