"""The whole path, as its user walks it: the real command, the real stores, no network."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from retrieval.runtime.writer_lock import WriterLock
from tests.deadlines import scaled
from tests.integration.conftest import ROOT, Newsdesk, article, lines


def _write(path: Path, *records: Any) -> str:
    text = "\n".join(r if isinstance(r, str) else json.dumps(r) for r in records)
    path.write_text(text + "\n", encoding="utf-8")
    return str(path)


def test_demo_answers_with_citations_and_knows_what_it_does_not_know(newsdesk: Newsdesk) -> None:
    answers = lines(newsdesk("demo", "--json").stdout)
    assert len(answers) >= 5
    assert "412 million crowns" in answers[0]["answer"]
    assert "280" in answers[4]["answer"]
    for answer in answers[:-1]:
        assert not answer["abstained"]
        quotes = {c["n"]: c["quote"] for c in answer["citations"]}
        assert all(s["text"] in quotes[n] for s in answer["sentences"] for n in s["citations"])
    assert answers[-1]["abstained"]
    assert answers[-1]["form"] == "declined"
    assert answers[-1]["sentences"] == answers[-1]["citations"] == answers[-1]["nearest"] == []


def test_an_article_is_found_updated_and_forgotten_as_the_contract_says(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    first = _write(
        tmp_path / "a.jsonl", article(1), article(2), article(1), article(3, article(2)["text"])
    )
    done = newsdesk("ingest", first, "--json")
    assert done.returncode == 0, done.stderr
    results = lines(done.stdout)
    assert [r["status"] for r in results] == ["indexed", "indexed", "unchanged", "duplicate"]
    assert set(results[0]) == {"source", "status", "article_id", "url", "title", "reason"}
    changed = article(
        1,
        "Everything about zanzibar was rewritten by the editors on Friday evening.",
        title="Zanzibar, by the editors",
    )
    changed["url"] = "http://www.example.com/news/1/?utm_source=x#top"
    again = newsdesk("ingest", _write(tmp_path / "b.jsonl", changed), "--json")
    assert lines(again.stdout)[0]["status"] == "updated"
    questions = _write(
        tmp_path / "q.jsonl",
        {"id": "new", "question": "zanzibar"},
        {"id": "old", "question": "topic1 cost"},
        {"id": "twin", "question": "What will topic2 cost?"},
        {"id": "early", "question": "topic2", "asked_at": "2023-11-02"},
        {"id": "same day", "question": "topic2", "asked_at": "2023-11-03T00:00:01Z"},
    )
    found = {r["id"]: r for r in lines(newsdesk("search", "--batch", questions, "--json").stdout)}
    assert found["new"]["hits"][0]["text"] == changed["text"]
    assert all("topic1" not in hit["text"] for r in found.values() for hit in r["hits"])
    assert len({hit["text"] for hit in found["twin"]["hits"]}) == len(found["twin"]["hits"])
    assert len(found["twin"]["hits"][0]["also"]) == 1
    assert found["early"]["hits"] == []
    assert found["same day"]["hits"]
    other = newsdesk("search", "topic2", "--source", "BBC", "--json")
    assert lines(other.stdout)[0]["hits"] == []
    assert "BBC" in lines(other.stdout)[0]["notes"][0]
    for command in ("ask", "search"):
        elsewhere = newsdesk(command, "topic2", "--corpus", "other", "--json")
        assert elsewhere.returncode == 2
        assert elsewhere.stdout == ""
        assert "local" in elsewhere.stderr
    since = lines(newsdesk("ask", "topic2", "--since", "2024-01-01", "--json").stdout)[0]
    assert since["abstained"]
    assert since["answer"] == since["notes"][0]
    assert len(since["nearest"]) == len(since["notes"]) == 1
    rebuilt = newsdesk("reindex")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert lines(newsdesk("search", "topic2 cost", "--json").stdout)[0]["hits"]
    assert newsdesk("doctor").returncode == 0
    counts = lines(newsdesk("status", "--json").stdout)[0]["corpora"][0]
    assert (counts["articles"], counts["unfinished"]) == (3, 0)


def test_good_lines_are_in_and_bad_ones_are_listed_by_number(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    file = _write(
        tmp_path / "a.jsonl",
        article(1),
        '{"url": broken',
        article(2, published_at="yesterday"),
        {**article(3), "text": "x" * 5_100_000},
        article(4),
    )
    done = newsdesk("ingest", file, "--json")
    assert done.returncode == 1
    assert [r["status"] for r in lines(done.stdout)] == ["indexed", "rejected", "rejected", "rejected", "indexed"]  # fmt: skip
    assert lines(done.stdout)[1]["source"].endswith("a.jsonl:2")
    assert len(done.stderr.splitlines()) == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "kind", ["missing", "empty", "binary", "folder", "page", "cut gzip", "docx"]
)
def test_bad_input_is_one_clear_line_and_exit_code_1(
    newsdesk: Newsdesk, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "bad.txt"
    match kind:
        case "empty":
            path.touch()
        case "binary":
            path.write_bytes(b"\x7fELF\x00\x01\x02" * 99)
        case "folder":
            path.mkdir()
        case "page":
            path = tmp_path / "bad.html"
            path.write_text("<html><body><nav><a href='/'>Home</a></nav></body></html>")
        case "cut gzip":
            path = tmp_path / "bad.jsonl.gz"
            path.write_bytes(gzip.compress(json.dumps(article(1)).encode() * 200)[:-20])
        case "docx":
            path = tmp_path / "bad.docx"
            path.touch()
    done = newsdesk("ingest", str(path))
    assert done.returncode == 1
    assert done.stderr.startswith(f"rejected {path}")
    assert len(done.stderr.splitlines()) == 1


class _Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        story = "".join(
            f"<p>{paragraph}</p>"
            for n in (7, 8, 9)
            for paragraph in article(n)["text"].split("\n\n")
        )
        page = f"<html lang=en><head><title>A story</title></head><body><article><h1>A story</h1>{story}</article></body></html>"
        status, kind, body = {
            "/story": (200, "text/html", page.encode()),
            "/pdf": (200, "application/pdf", b"%PDF-1.7"),
            "/500": (500, "text/html", b""),
        }.get(self.path, (404, "text/html", b""))
        if self.path == "/nothing":
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_addresses_are_fetched_only_if_public_or_allowed(newsdesk: Newsdesk) -> None:
    site = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{site.server_port}"
    try:
        refused = newsdesk("ingest", f"{base}/story")
        assert refused.returncode == 1
        assert "isn't a public address" in refused.stderr
        paths = ("/story", "/404", "/500", "/pdf", "/nothing")
        urls = [base + path for path in paths]
        done = newsdesk(
            "ingest", *urls, "--json", NEWSDESK_FETCH_ALLOW=base.removeprefix("http://")
        )
        results = {r["source"].removeprefix(base): r for r in lines(done.stdout)}
        assert results["/story"]["status"] == "indexed"
        assert "404" in results["/404"]["reason"]
        assert "500" in results["/500"]["reason"]
        assert "PDF" in results["/pdf"]["reason"]
        assert results["/nothing"]["reason"]
    finally:
        site.shutdown()
        site.server_close()


def test_a_second_writer_is_refused_by_name_while_readers_work(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    file = _write(tmp_path / "a.jsonl", article(1))
    assert newsdesk("ingest", file).returncode == 0
    lock = WriterLock(tmp_path / "data")
    lock.acquire("newsdesk run")
    try:
        second = newsdesk("ingest", file)
        assert second.returncode == 1
        assert "newsdesk run (process" in second.stderr
        assert lines(newsdesk("ask", "What will topic1 cost?", "--json").stdout)[0]["sentences"]
    finally:
        lock.release()


def test_a_folder_of_a_newer_version_is_left_alone(newsdesk: Newsdesk, tmp_path: Path) -> None:
    import sqlite3

    newsdesk("status")
    with sqlite3.connect(tmp_path / "data" / "catalogue.sqlite3") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.close()
    for command in (("status",), ("ask", "x"), ("ingest", "a.txt")):
        done = newsdesk(*command)
        assert done.returncode == 1
        assert "newer version of Newsdesk" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_pasted_text_and_json_lines_come_through_a_pipe(newsdesk: Newsdesk) -> None:
    text = article(5)["text"]
    assert lines(newsdesk("ingest", "-", "--json", stdin=json.dumps(article(5))).stdout)[0]["status"] == "indexed"  # fmt: skip
    pasted = lines(newsdesk("ingest", "-", "--json", stdin=f"A headline\n\n{text}").stdout)[0]
    assert (pasted["status"], pasted["title"], pasted["url"]) == ("duplicate", "A headline", None)
    talk = newsdesk("chat", "--json", stdin="What will topic5 cost?\nquit\n")
    assert "15 million crowns" in lines(talk.stdout)[0]["answer"]


def test_wrong_usage_is_exit_code_2(newsdesk: Newsdesk) -> None:
    assert newsdesk("search", "x", "--as-of", "yesterday").returncode == 2
    assert newsdesk("search").returncode == 2
    assert newsdesk("ask", "x", NEWSDESK_NO_SUCH="1").returncode == 1


def test_an_interrupted_ingest_says_so_and_keeps_what_was_accepted(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    many = _write(tmp_path / "many.jsonl", *(article(n) for n in range(3_000)))
    command = [sys.executable, "-m", "bot", "ingest", many, "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSDESK_DATA_DIR": str(tmp_path / "data")}
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # What runs in the background of a shell ignores interruptions, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stderr is not None
        try:
            first = running.stdout.readline()
            assert first, running.stderr.read()
            running.send_signal(signal.SIGINT)
            rest, said = running.stdout.read(), running.stderr.read()
        finally:
            running.terminate()
    assert running.returncode == 130
    assert said.strip() == "newsdesk: interrupted; articles already accepted are kept."
    reported = len(lines(first + rest))
    assert 0 < reported < 3_000
    assert lines(newsdesk("status", "--json").stdout)[0]["corpora"][0]["articles"] >= reported
    assert newsdesk("doctor").returncode == 0


def test_one_text_in_many_outlets_is_one_hit_and_an_update_stays_in_its_story(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    wire = " ".join(
        f"Mayor Anna Berg of Maravel said in point {n} that the flood barrier would cost {n} million crowns."
        for n in range(20, 40)
    )
    outlets = [
        {**article(n, wire + closing), "source": source, "title": "Berg names the price"}
        for n, source, closing in (
            (1, "Wire", ""),
            (2, "Courier", " Sign up for the newsletter of the Courier."),
            (3, "Radio", " This report was first published by our partners."),
        )
    ]
    other = article(
        4, "Anna Berg of Maravel opened a library. The flood barrier was not her topic."
    )
    file = _write(tmp_path / "a.jsonl", *outlets, other)
    assert newsdesk("ingest", file).returncode == 0
    hits = lines(newsdesk("search", "What does the flood barrier cost?", "--json").stdout)[0][
        "hits"
    ]
    wire_hits = [hit for hit in hits if hit["title"] == "Berg names the price"]
    assert len({hit["article_id"] for hit in wire_hits}) == 1
    told = {wire_hits[0]["source"], *(also["source"] for also in wire_hits[0]["also"])}
    assert {"Wire", "Courier", "Radio"} <= told
    only = newsdesk("search", "flood barrier", "--source", "Radio", "--json")
    only_hits = lines(only.stdout)[0]["hits"]
    assert {hit["source"] for hit in only_hits} == {"Radio"}
    assert all(also["source"] == "Radio" for hit in only_hits for also in hit["also"])
    changed = {**outlets[0], "text": outlets[0]["text"].replace("20 million", "21 million")}
    updated = newsdesk("ingest", _write(tmp_path / "b.jsonl", changed), "--json")
    assert lines(updated.stdout)[0]["status"] == "updated"
    again = lines(newsdesk("search", "What does the flood barrier cost?", "--json").stdout)[0][
        "hits"
    ]
    assert len({hit["article_id"] for hit in again if hit["title"] == "Berg names the price"}) == 1
    assert newsdesk("doctor").returncode == 0


def test_eval_measures_and_compares(newsdesk: Newsdesk, tmp_path: Path) -> None:
    articles = _write(tmp_path / "a.jsonl", *(article(n) for n in range(12)))
    questions = [
        {"id": str(n), "question": f"What will topic{n} cost?", "answer": f"{n + 10} million crowns",
         "asked_at": "2023-11-04", "gold_urls": [f"https://example.com/news/{n}"]}
        for n in range(12)
    ]  # fmt: skip
    questions += [
        {"question": "Who won the Champions League?", "answer": "Inter", "asked_at": "2023-11-04",
         "gold_urls": ["https://example.com/elsewhere"]},
        {"question": "Nothing to score", "asked_at": "2023-11-04"},
    ]  # fmt: skip
    file = _write(tmp_path / "q.jsonl", *questions)
    done = newsdesk(
        "eval", "--articles", articles, "--questions", file, "--compare", "bm25", "--json"
    )
    assert done.returncode == 0, done.stderr
    record = lines(done.stdout)[0]
    assert (record["questions"], record["answerable"], record["without_coverage"]) == (13, 12, 1)
    assert record["retrieval"]["Hits@1"]["value"] == 1.0
    assert record["answers"]["right"]["value"] == 1.0
    assert record["answers"]["abstained without coverage"]["value"] == 1.0
    assert record["compared"][0]["difference"]["MRR@10"]["low"] >= 0
    assert record["weeks"]["2023-11-04"]["questions"] == 12
    assert "Hits@5" in newsdesk("eval", "--articles", articles, "--questions", file).stdout
    wrong = newsdesk("eval", "--articles", articles, "--questions", file, "--compare", "magic=1")
    assert wrong.returncode == 1
    assert "magic=1" in wrong.stderr


def test_a_corpus_that_is_not_there_is_told_with_those_that_are(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    assert newsdesk("feeds", "list").returncode == 0
    assert newsdesk("reindex").stdout == "There is nothing to reindex yet.\n"
    begin = newsdesk("digest")
    assert begin.returncode == 1
    assert "`newsdesk ingest FILE`" in begin.stderr
    assert newsdesk("ingest", _write(tmp_path / "a.jsonl", article(1))).returncode == 0
    said = "newsdesk: There is no corpus called locl; existing corpora: local.\n"
    for command in (
        ("articles", "find", "topic1"), ("stories", "show", "https://example.com/news/1"),
        ("audit",), ("feeds", "list"), ("jobs", "list"), ("reindex",), ("digest",),
        ("summarize", "topic1"), ("timeline", "topic1"), ("chat",),
    ):  # fmt: skip
        done = newsdesk(*command, "--corpus", "locl")
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said), command
    for command in (("ask", "topic1"), ("search", "topic1")):
        done = newsdesk(*command, "--corpus", "locl", "--json")
        assert (done.returncode, done.stdout) == (2, "")
        assert "There is no corpus called locl; existing corpora: local." in done.stderr
    assert newsdesk("audit", "--about", "nothing").stdout == "Nothing has been done to nothing.\n"


def test_status_names_the_newest_by_its_date_and_the_model_that_answers(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    undated = {**article(2), "title": "An undated note"}
    del undated["published_at"]
    newsdesk("ingest", _write(tmp_path / "undated.jsonl", undated))
    assert "last ingested: An undated note (undated)" in newsdesk("status").stdout
    newsdesk("ingest", _write(tmp_path / "dated.jsonl", {**article(1), "title": "A dated report"}))
    assert "newest: A dated report (3 November 2023" in newsdesk("status").stdout
    assert "answers: quotations" in newsdesk("status").stdout
    named = newsdesk("status", OPENAI_BASE_URL="http://127.0.0.1:9/v1", OPENAI_MODEL="tiny")
    assert "answers: tiny" in named.stdout


def test_an_article_quoted_twice_is_listed_once_behind_its_numbers(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    newsdesk("ingest", _write(tmp_path / "a.jsonl", article(1)))
    record = lines(newsdesk("ask", "What will topic1 cost?", "--json").stdout)[0]
    numbers = [citation["n"] for citation in record["citations"]]
    assert len(numbers) > 1
    shown = newsdesk("ask", "What will topic1 cost?").stdout
    marks = "".join(f"[{n}]" for n in numbers)
    assert [line for line in shown.splitlines() if line.startswith("  [")] == [
        f"  {marks} {article(1)['title']}"
    ]


def test_a_batch_whose_gzip_is_cut_off_is_told_of(newsdesk: Newsdesk, tmp_path: Path) -> None:
    whole = gzip.compress(b'{"question": "Who won?"}\n' * 1_000)
    (tmp_path / "q.jsonl.gz").write_bytes(whole[:-20])
    told = newsdesk("ask", "--batch", str(tmp_path / "q.jsonl.gz"))
    assert told.returncode == 1
    assert "gzip" in told.stderr


def test_a_question_and_a_batch_at_once_are_told_apart(newsdesk: Newsdesk) -> None:
    both = newsdesk("ask", "x", "--batch", "q.jsonl")
    assert both.returncode == 2
    assert "not both" in both.stderr
    assert "not both" not in newsdesk("ask").stderr


def test_ctrl_c_ends_a_conversation_without_another_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "chat", "--demo"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSDESK_DATA_DIR": str(tmp_path / "data")}
    with subprocess.Popen(
        command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as running:  # fmt: skip
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdin.write("Who won the mayoral election in Maravel?\n")
        running.stdin.flush()
        try:
            shown = ""
            for line in running.stdout:
                shown += line
                if "calder-wins" in line:
                    break
            else:
                pytest.fail(f"it ended without an answer: {shown}{running.stderr.read()}")
            running.send_signal(signal.SIGINT)
            assert running.wait(timeout=scaled(60)) == 130
        finally:
            running.kill()


@pytest.mark.parametrize(
    ("arguments", "content", "words"),
    [
        ("ask --batch FILE", "", 'is empty; each line must look like {"question"'),
        ("eval --articles FILE --questions FILE", "", "contains no articles"),
        ("eval --articles FILE --questions FILE", '{"url": "https://a.example/1", "title": "T", "text": "x"}',
         "contains no questions with an answer; each line must look like"),
        ("eval --articles FILE --questions FILE", '{"id": "q7", "question": "x", "answer": "y", "asked_at": "soon"}',
         "The question q7 has no text, an invalid asked_at"),
    ],
)  # fmt: skip
def test_a_file_with_nothing_to_work_on_is_one_clear_line(
    newsdesk: Newsdesk, tmp_path: Path, arguments: str, content: str, words: str
) -> None:
    (tmp_path / "given.jsonl").write_text(content)
    done = newsdesk(*arguments.replace("FILE", "given.jsonl").split())
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("newsdesk: ")
    assert words in line


def test_a_corpus_without_a_name_is_wrong_usage_of_newsdesk(newsdesk: Newsdesk) -> None:
    done = newsdesk("ask", "What will topic1 cost?", "--corpus", " ")
    assert done.returncode == 2
    assert "Usage: newsdesk ask" in done.stderr
    assert "the corpus's name is empty" in " ".join(done.stderr.split())


def test_whoever_reads_a_new_folder_first_keeps_nobody_from_writing(newsdesk: Newsdesk) -> None:
    found = {each["check"]: each for each in lines(newsdesk("doctor", "--json").stdout)}
    assert found["writer"]["detail"] == "no process is writing"


@pytest.mark.parametrize("arguments", ["demo", "demo --json", "status", "--help"])
def test_a_command_whose_reader_has_gone_ends_without_a_word(
    tmp_path: Path, arguments: str
) -> None:
    unread, theirs = os.pipe()
    os.close(unread)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSDESK_DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *arguments.split()], env=env, stdout=theirs,
        stderr=subprocess.PIPE, text=True, timeout=scaled(60), check=False,
    )  # fmt: skip
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_long_answer_breaks_between_words_on_a_narrow_terminal(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    import pty

    newsdesk("ingest", _write(tmp_path / "a.jsonl", article(1)))
    ours, theirs = pty.openpty()
    env = {**os.environ, "PYTHONPATH": str(ROOT), "NEWSDESK_DATA_DIR": str(tmp_path / "data"),
           "COLUMNS": "40", "TERM": "xterm", "NO_COLOR": "1"}  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "ask", "What will topic1 cost?"], env=env, stdout=theirs
    ) as running:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4_096):
                shown += piece
        except OSError:  # Linux says so at the end
            pass
        assert running.wait() == 0
    os.close(ours)
    answer = shown.decode().replace("\r", "").partition("\n  [")[0]
    written = lines(newsdesk("ask", "What will topic1 cost?", "--json").stdout)[0]["answer"]
    assert len(answer.splitlines()) > 2
    assert all(len(line) <= 40 for line in answer.splitlines())
    dated = re.compile(r"\(\d+ \w+ \d{4}\)")
    assert dated.sub("", " ".join(answer.split())).split() == dated.sub("", written).split()


def test_an_article_commands_no_terminal(newsdesk: Newsdesk, tmp_path: Path) -> None:
    hostile = article(1)
    hostile["title"] += " \x1b]0;owned\x07"
    hostile["text"] = hostile["text"].replace("It will", "\x1b[31mIt\x9b2J will")
    hostile |= {"source": "The\x1b[8mTimes", "authors": ["Eva\x1b[0m"]}
    newsdesk("ingest", _write(tmp_path / "a.jsonl", hostile))
    for command in (
        ("ask", "What will topic1 cost?"), ("search", "topic1"), ("articles", "find", "topic1"),
        ("articles", "show", hostile["url"]), ("digest", "--as-of", "2023-11-03"), ("status",),
    ):  # fmt: skip
        shown = newsdesk(*command)
        assert shown.returncode == 0, shown.stderr
        assert "topic1" in shown.stdout
        assert not set("\x1b\x9b\x07") & set(shown.stdout), command


def test_commands_are_listed_as_discord_gets_them(newsdesk: Newsdesk) -> None:
    told = {each["name"]: each for each in lines(newsdesk("commands", "--json").stdout)}
    assert {"ask", "digest", "compare", "Ask about this"} <= told.keys()
    compare = told["compare"]
    assert compare["description_localizations"]["de"] != compare["description"]
    assert [option["name"] for option in compare["options"]] == ["topic", "since", "private"]
    assert "compare: " in newsdesk("commands").stdout
