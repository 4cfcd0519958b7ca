"""What `--show-dropped` prints of sentences that are not shown."""

from __future__ import annotations

import pytest

from bot.answering.models import Answer, RejectedSentence
from bot.cli.output import AnswerPrinter, answer_record

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


def test_only_claims_that_were_really_left_out_are_counted() -> None:
    assert [dropped.left_out for dropped in DROPPED] == [False, True, False]


def test_without_the_option_nothing_of_them_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    AnswerPrinter().finish(ANSWER)
    assert "5 crowns" not in capsys.readouterr().out
    assert "dropped" not in answer_record(ANSWER, None, 1.0)
