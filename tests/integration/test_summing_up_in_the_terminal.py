"""`newsdesk summarize`, `digest` and `timeline` as a user runs them."""

from __future__ import annotations

import asyncio
import json
import re
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from retrieval.models import Article, IngestItem
from retrieval.timestamps import parse_span
from tests.integration.answering_fixtures import fill
from tests.integration.conftest import Newsdesk, article, lines

AT = ("--as-of", "2023-11-04")


FERRY = (
    "The ferry Albatross burned in the harbour of Oskar on Tuesday, and 34 people were hurt. "
    "Its owner, Osslink, will buy two electric ships for 90 million crowns."
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with three articles of one day, two of them the same story. To be read only."""
    folder = tmp_path_factory.mktemp("summing")
    first = article(1, source="Courier")
    told = [
        first,
        article(2, FERRY, source="Radio <b>& Co", title="Ferry *burns* [now](x)"),
        article(
            3, first["text"], url="https://wire.example/1", title=first["title"], source="Wire"
        ),
    ]
    incoming = [IngestItem(f"a:{n}", Article(
        a["title"], a["text"], a["url"], a["source"], published=parse_span(a["published_at"]),
    )) for n, a in enumerate(told)]  # fmt: skip
    asyncio.run(fill(folder, incoming))
    return folder


@pytest.fixture
def desk(newsdesk: Newsdesk, folder: Path) -> Newsdesk:
    return partial(newsdesk, NEWSDESK_DATA_DIR=str(folder))


def one(output: str) -> dict[str, Any]:
    (record,) = lines(output)
    return record


def test_an_article_summed_up_as_json_has_every_key(desk: Newsdesk) -> None:
    record = one(desk("summarize", "https://example.com/news/2", "--json").stdout)
    assert list(record) == [
        "kind", "title", "story_id", "sections", "figures", "citations", "articles", "outlets", "model", "usage", "notes", "ms",
    ]  # fmt: skip
    assert record["model"] == "quotations"
    figures = {figure["text"]: figure for figure in record["figures"]}
    assert list(figures) == ["34 people", "90 million crowns"]
    assert figures["90 million crowns"]["sentence"].startswith("Its owner, Osslink")
    assert all(citation["quote"] in FERRY for citation in record["citations"])


def test_a_summary_reads_well_in_a_pipe(desk: Newsdesk) -> None:
    shown = desk("summarize", "ferry *burns*").stdout
    assert shown.startswith("Ferry *burns* [now](x)\n")
    assert "and 34 people were hurt. [1]" in shown
    assert "Key figures" in shown
    assert "Radio <b>& Co, 3 November 2023, https://example.com/news/2" in shown


def test_a_story_that_was_split_off_is_named_by_what_summarize_takes(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(json.dumps(article(2, FERRY)))
    taken = one(newsdesk("ingest", str(file), "--json").stdout)
    assert newsdesk("stories", "split", taken["article_id"]).returncode == 0
    shown = newsdesk("digest", *AT, "--period", "week").stdout
    named = re.search(r"Story (\S+)\.", shown)
    assert named is not None, shown
    assert "34 people" in newsdesk("summarize", named[1], "--story", *AT).stdout


def test_a_story_is_summed_up_by_the_number_that_a_digest_gives(desk: Newsdesk) -> None:
    digest = one(desk("digest", *AT, "--period", "week", "--json").stdout)
    first = digest["stories"][0]
    assert first["outlets"] == ["Courier", "Wire"], "the story that most outlets tell comes first"
    assert [story["articles"] for story in digest["stories"]] == [2, 1]
    assert {report["source"] for report in first["reports"]} == {"Courier", "Wire"}
    story = one(desk("summarize", str(first["story_id"]), "--story", "--json").stdout)
    assert f"Story {first['story_id']}." in desk("digest", *AT, "--period", "week").stdout
    assert story["kind"] == "story"
    assert story["story_id"] == first["story_id"]


def test_a_digest_as_markdown_cannot_be_given_other_links_by_an_article(desk: Newsdesk) -> None:
    shown = desk("digest", *AT, "--period", "week", "--markdown", "-").stdout
    assert shown.startswith("# The news, 29 October 2023 to 4 November 2023\n")
    assert " [now](x)" not in shown
    assert "Ferry \\*burns\\* \\[now\\](x)" in shown
    assert "Radio \\<b\\>" in shown


def test_a_digest_as_rss_is_a_feed_that_a_reader_can_parse(desk: Newsdesk, tmp_path: Path) -> None:
    import feedparser

    desk("digest", *AT, "--period", "week", "--rss", "news.xml")
    raw = (tmp_path / "news.xml").read_text(encoding="utf-8")
    assert ElementTree.fromstring(raw).tag == "rss"
    feed = feedparser.parse(raw)
    assert len(feed.entries) == 2
    assert not feed.bozo
    assert {entry.link for entry in feed.entries} <= {"https://example.com/news/1", "https://example.com/news/2", "https://wire.example/1"}  # fmt: skip


def test_a_timeline_is_listed_and_drawn(desk: Newsdesk, tmp_path: Path) -> None:
    record = one(desk("timeline", "ferry Albatross", *AT, "--png", "t.png", "--json").stdout)
    (event,) = record["events"]
    # It burned on the Tuesday before the report.
    assert event["date"] == "2023-10-31"
    assert "ferry Albatross burned" in event["text"]
    assert record["coverage"] == {"2023-11-03": {"Radio <b>& Co": 1}}
    assert record["alt"].startswith("Bar chart: 1 article on “ferry Albatross”")
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    assert "31 October 2023\n  1. " in desk("timeline", "ferry Albatross", *AT).stdout


def test_a_comparison_has_a_row_for_all_who_agree(newsdesk: Newsdesk, tmp_path: Path) -> None:
    agreed = (
        "The ferry Albatross burned in the harbour of Oskar on Tuesday, and {} people were hurt."
    )
    told = [
        article(
            n, f"{agreed.format(hurt)} {more}", title=f"Ferry burns in Oskar ({n})", source=source
        )
        for n, source, hurt, more in (
            (1, "Courier", 34, "Its owner will buy two electric ships next year."),
            (2, "Radio", 34, "The council meets on Friday to talk about the old quay."),
            (3, "Wire", 51, "Divers looked for the bell of the ship until the evening."),
        )
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, told)))
    newsdesk("ingest", "a.jsonl")
    record = one(newsdesk("compare", "ferry Albatross", *AT, "--json").stdout)
    assert list(record) == ["topic", "rows", "citations", "model", "usage", "notes", "ms"]
    rows = {tuple(sorted(row["publishers"])): row for row in record["rows"]}
    assert set(rows) == {("Courier", "Radio"), ("Wire",)}
    assert "51" in rows["Wire",]["text"]
    assert len(rows["Courier", "Radio"]["citations"]) == 2
    quotes = {citation["n"]: citation["quote"] for citation in record["citations"]}
    for row in record["rows"]:
        assert all("Albatross" in quotes[n] for n in row["citations"])
    shown = newsdesk("compare", "ferry Albatross", *AT).stdout
    assert shown.startswith("Who says what about ferry Albatross\n")
    assert "\nWire: The ferry" in shown
    asked = one(
        newsdesk("ask", "What do outlets say about the ferry Albatross?", *AT, "--json").stdout
    )
    assert "Wire, 3 November 2023: " in asked["answer"]


def test_a_timeline_has_one_heading_for_each_day(newsdesk: Newsdesk, tmp_path: Path) -> None:
    told = [
        "Anna Berg won the election in Oskar with 61 percent of the votes on Friday.",
        "The election in Oskar was followed by fireworks that burned two boats, firemen said.",
        "Losers of the election in Oskar asked a court to count 900 ballots again.",
    ]
    articles = [article(n, text, title=text) for n, text in enumerate(told)]
    articles[2]["published_at"] = "2023-11-04"
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, articles)))
    newsdesk("ingest", "a.jsonl")
    shown = newsdesk("timeline", "election in Oskar", *AT).stdout
    marks = [line.partition(". ")[0].strip() for line in shown.splitlines()]
    assert [mark for mark in marks if mark.isdigit() or mark.endswith("2023")] == [
        "3 November 2023", "1", "2", "4 November 2023", "3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("summarize", "https://example.com/other"), "newsdesk ingest https://example.com/other"),
        (("summarize", "nothing like it"), "No article here has the id or the title"),
        (("summarize", "4"), "or a story's number with `--story`"),
        (("summarize", "77", "--story"), "There is no story 77"),
        (("summarize", "99999999", "--story"), "There is no story 99999999"),
        (
            ("digest", "--since", "2023-11-02", "--until", "2023-11-02"),
            "The newest article here is from",
        ),
        (("digest", "--corpus", "elsewhere"), "There is no corpus called elsewhere"),
        (("digest", "--as-of", "2001-01-01"), "Nothing was published in that period"),
        (
            ("digest", *AT, "--period", "week", "--topic", "zebras"),
            "Nothing about “zebras” was found",
        ),
        (("digest", *AT, "--period", "week", "--source", "Curier"), "did you mean Courier?"),
        (("timeline", "zebras"), "No article here is about “zebras”."),
        (("compare", "zebras"), "No article here is about “zebras”."),
        (("compare", "zebras", "--since", "2023-11-01"), "Nothing about “zebras” was found"),
        (("timeline", "ferry Albatross", "--png", "no/such/folder.png"), "can't write to"),
    ],
)
def test_bad_input_is_one_helpful_sentence(
    desk: Newsdesk, arguments: tuple[str, ...], words: str
) -> None:
    result = desk(*arguments)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert words in line


def test_a_period_beside_since_is_wrong_usage(desk: Newsdesk) -> None:
    result = desk("digest", "--since", "2023-11-01", "--period", "day")
    assert result.returncode == 2
    assert "either --since or --period" in " ".join(result.stderr.split())
