"""How answers look in a terminal: their lines, and what `--show-dropped` prints."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot.answering.models import Answer, AnswerSentence, Citation, Form, RejectedSentence
from bot.cli.output import AnswerPrinter, answer_record, print_line
from retrieval.models import Reference

DROPPED = (
    RejectedSentence("It cost 5 crowns.", ("the passage has 412, not 5, here",), "refuted", True),
    RejectedSentence("It may be the longest.", ("no passage says so",), "uncertain"),
    RejectedSentence("Sure!", ("it cites nothing",)),
)
ANSWER = Answer("What did it cost?", "It cost 412 crowns. [1]", False, dropped=DROPPED)


def test_each_verdict_is_printed_with_its_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    AnswerPrinter().finish(ANSWER, show_dropped=True)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    for dropped, verdict in zip(DROPPED, ("refuted", "uncertain", "no claim"), strict=True):
        at = next(n for n, line in enumerate(lines) if line.endswith(dropped.text))
        assert lines[at + 1] == f"{verdict}: {dropped.reasons[0]}"
    record = answer_record(ANSWER, None, 1.0, show_dropped=True)
    assert [one["verdict"] for one in record["dropped"]] == ["refuted", "uncertain", None]


@pytest.mark.parametrize("indent", [0, 3, 6])
def test_a_long_line_keeps_its_indent_on_a_terminal(indent: int) -> None:
    text = "Harbour Herald, 3 November 2023, 09:00 UTC, https://harbour.example/a/long/address"
    shown, piped = io.StringIO(), io.StringIO()
    print_line(Console(file=shown, width=30), text, indent=indent)
    print_line(Console(file=piped, width=30, soft_wrap=True), text, indent=indent)
    lines = shown.getvalue().splitlines()
    assert len(lines) > 2
    assert all(len(line) <= 30 and line.startswith(" " * indent) for line in lines)
    assert "".join(line[indent:] for line in lines).replace(" ", "") == text.replace(" ", "")
    assert piped.getvalue() == f"{' ' * indent}{text}\n"


@pytest.mark.parametrize(("form", "lines"), [("answer", 1), ("digest", 2), ("timeline", 3)])
def test_stories_and_events_have_lines_of_their_own(
    capsys: pytest.CaptureFixture[str], form: Form, lines: int
) -> None:
    articles = [Reference(str(n), None, f"Story {n}", "Courier", None) for n in (1, 2)]
    citations = tuple(
        Citation(n, article, "…")
        for n, article in enumerate([articles[0], articles[0], articles[1]], 1)
    )
    sentences = tuple(AnswerSentence(f"Sentence {n}.", (n,)) for n in (1, 2, 3))
    printer = AnswerPrinter()
    printer.say_all(Answer("?", "…", False, sentences, citations, form=form), sentences)
    told = capsys.readouterr().out
    assert len(told.splitlines()) == lines
    assert told.split() == [word for n in (1, 2, 3) for word in ("Sentence", f"{n}.", f"[{n}]")]


def test_only_claims_that_were_really_left_out_are_counted() -> None:
    assert [dropped.left_out for dropped in DROPPED] == [False, True, False]


def test_without_the_option_nothing_of_them_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    AnswerPrinter().finish(ANSWER)
    assert "5 crowns" not in capsys.readouterr().out
    assert "dropped" not in answer_record(ANSWER, None, 1.0)
