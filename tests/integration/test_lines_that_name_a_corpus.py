"""Lines of articles and questions that name the corpus that they belong to."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.conftest import Newsdesk, article, lines


def test_a_line_names_its_corpus_and_reads_and_follows_no_other(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    news = [
        {**article(1), "corpus": "harbour"},
        article(2),
        {**article(3), "corpus": "harbour"},
        {**article(4), "corpus": 7},
    ]
    questions = [
        {"id": "own", "question": "What will topic1 cost?", "corpus": "harbour"},
        {"id": "other", "question": "What will topic2 cost?", "corpus": "harbour"},
        {"id": "said", "question": "What will topic2 cost?", "corpus": None},
        {"id": "follows", "question": "And when does work begin?", "after": "own"},
    ]
    for name, records in (("news.jsonl", news), ("questions.jsonl", questions)):
        (tmp_path / name).write_text("\n".join(map(json.dumps, records)))
    brought = lines(newsdesk("ingest", "news.jsonl", "--json", "--corpus", "town").stdout)
    assert [each["status"] for each in brought] == ["indexed"] * 3 + ["rejected"]

    batch = ("--batch", "questions.jsonl", "--json", "--corpus", "town")
    found = {each["id"]: each for each in lines(newsdesk("search", *batch).stdout)}
    titles = {name: {hit["title"] for hit in each["hits"]} for name, each in found.items()}
    harbour = {"Town1 approves topic1", "Town3 approves topic3"}
    assert titles["own"] <= harbour
    assert "Town1 approves topic1" in titles["own"]
    assert titles["other"] <= harbour
    assert titles["said"] == {"Town2 approves topic2"}

    answers = {each["id"]: each for each in lines(newsdesk("ask", *batch).stdout)}
    assert "11 million" in answers["own"]["answer"]
    assert "12 million" in answers["said"]["answer"]
    assert "Town1" not in answers["follows"]["answer"]

    (tmp_path / "wrong.jsonl").write_text('{"question": "x", "corpus": 7}')
    wrong = newsdesk("search", "--batch", "wrong.jsonl")
    assert wrong.returncode == 1
    assert "wrong.jsonl:1" in wrong.stderr
