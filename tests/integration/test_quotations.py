"""Answers made of quotations over real news: every one stands word for word in its article."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.web.urls import canonical_url
from tests.benchmarks import weekly_news
from tests.integration.conftest import Newsdesk, article, lines


def test_every_quotation_stands_word_for_word_in_its_article(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    if not weekly_news.FOLDER.exists():
        pytest.skip("the dev set is not beside the project (../shared/data/weekly-news)")
    questions = [q for q in weekly_news.counting_questions() if q.asked_at <= "2023-08-18"]
    wanted = {url for question in questions for url in question.gold}
    articles = [a for a in weekly_news.load_articles() if canonical_url(a["url"]) in wanted]
    texts = {record["url"]: record["text"] for record in articles}
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, articles)))
    (tmp_path / "questions.jsonl").write_text(
        "\n".join(
            json.dumps({"id": q.id, "question": q.question, "asked_at": q.asked_at})
            for q in questions
        )
    )
    assert newsdesk("ingest", "news.jsonl").returncode == 0
    answers = lines(newsdesk("ask", "--batch", "questions.jsonl", "--json").stdout)
    quotations = [citation for answer in answers for citation in answer["citations"]]
    assert len(quotations) >= len(questions)
    for quotation in quotations:
        assert quotation["quote"] in texts[quotation["url"]]
    for answer in answers:
        assert len(answer["sentences"]) <= 4


def test_a_pasted_page_answers_what_it_says_and_nothing_else(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    pasted = weekly_news.SHARED / "data" / "articles" / "scale-ai-deepseek.txt"
    if not pasted.exists():
        pytest.skip("the pasted article is not beside the project (../shared/data/articles)")
    asked = {
        "How much will be invested in Stargate, and over how many years?": "$500 billion over the next four years",
        "When does Alexandr Wang expect AGI?": "two to four years",
        "Which companies are Stargate's technology partners?": "semiconductor company Arm",
        "What did Jared Kaplan say about Computer Use?": "use computers in basically the same way",
        "Who won the Champions League?": "",
    }
    batch = tmp_path / "questions.jsonl"
    batch.write_text("\n".join(json.dumps({"question": question}) for question in asked))
    assert newsdesk("ingest", str(pasted)).returncode == 0
    answers = lines(newsdesk("ask", "--batch", str(batch), "--json").stdout)
    for answer, says in zip(answers, asked.values(), strict=True):
        assert answer["abstained"] == (not says), answer["question"]
        assert says in " ".join(answer["answer"].split())


def test_eval_measures_abstention_over_the_first_half_of_the_dates(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    (tmp_path / "news.jsonl").write_text("\n".join(json.dumps(article(n)) for n in range(6)))
    (tmp_path / "questions.jsonl").write_text(
        "\n".join(
            json.dumps(
                {"id": n, "question": f"What will topic{n} in Town{n} cost?", "answer": f"{n + 10} million",
                 "asked_at": f"2023-11-0{n + 3}", "gold_urls": [f"https://example.com/news/{n}"]}
            )
            for n in range(6)
        )
    )  # fmt: skip
    files = ("--articles", "news.jsonl", "--questions", "questions.jsonl", "--json")
    record = lines(newsdesk("eval", *files, "--abstention").stdout)[0]["abstention"]
    assert (record["articles"], record["answerable"], record["unanswerable"]) == (3, 3, 3)
    assert record["answered"]["value"] == 1.0
    assert record["abstained"]["value"] == 1.0
    assert record["area"] == 1.0
    assert record["curve"][0]["answered"] == 1.0
    assert lines(newsdesk("eval", *files).stdout)[0]["abstention"] is None
