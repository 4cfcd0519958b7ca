"""The gate on several passages, on claims in lower case, and on text that means it harm."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.answering.verification.legacy import Evidence, best_support, check
from bot.answering.verification.legacy.words import MAX_CHARS, read
from bot.cli import check_claims
from bot.cli.main import app
from retrieval.errors import UnreadableSource

FIRE = "Firefighters in Lisbon rescued 14 people from a burning hotel on Tuesday. Nobody was seriously hurt."
CAUSE = "A faulty heater caused the hotel fire in Lisbon, the city’s fire chief, Rui Costa, told reporters."


def test_two_passages_support_together_what_neither_says_alone() -> None:
    claim = "Firefighters rescued 14 people from a burning hotel in Lisbon after a faulty heater caused the fire."
    assert check(claim, [Evidence(FIRE), Evidence(CAUSE)]).supported
    assert not check(claim, [Evidence(CAUSE)]).supported


def test_the_title_counts_as_part_of_the_passage() -> None:
    passage = "The company said on Monday that it will close two plants."
    claim = "Ford will close two plants, the company said."
    assert not check(claim, [Evidence(passage)]).supported
    assert check(claim, [Evidence(passage, title="Ford to close plants")]).supported


def test_without_a_day_of_publication_a_date_must_stand_there() -> None:
    claim = "Firefighters in Lisbon rescued 14 people from a burning hotel on October 31."
    assert check(claim, [Evidence(FIRE, published=dt.date(2023, 11, 1))]).supported
    assert not check(claim, [Evidence(FIRE)]).supported


def test_a_sentence_is_moved_to_the_passage_that_supports_it() -> None:
    candidates = [Evidence(FIRE), Evidence(CAUSE)]
    assert best_support("A faulty heater caused the hotel fire in Lisbon.", candidates) == 1
    assert (
        best_support(
            "Fourteen people were rescued from a burning hotel in Lisbon on Tuesday.", candidates
        )
        == 0
    )
    assert (
        best_support("Fifteen people were rescued from a burning hotel in Lisbon.", candidates)
        is None
    )
    assert best_support("Anything at all.", []) is None


def test_a_sentence_of_the_passage_is_fully_supported() -> None:
    assert check("Nobody was seriously hurt.", [Evidence(FIRE)]).support == 1.0


def test_tokenized_lower_case_claims_are_read_too() -> None:
    passage = "A new trailer for `` jurassic world'' came out monday morning. It took in $ 56, 000 and ran for 2. 4 minutes, universal said."
    assert check(
        "The new trailer for `` jurassic world'' came out monday morning.", [Evidence(passage)]
    ).supported
    assert check(
        "It took in $ 56,000 and ran for 2.4 minutes, universal said.", [Evidence(passage)]
    ).supported
    wrong = check(
        "It took in $ 65,000 and ran for 2.4 minutes, universal said.", [Evidence(passage)]
    )
    assert "$ 65,000" in wrong.reasons[0]


@pytest.mark.parametrize("claim", ["", "  ", "…", "“”", "!!!"])
def test_a_claim_without_words_is_not_supported(claim: str) -> None:
    verdict = check(claim, [Evidence(FIRE)])
    assert not verdict.supported
    assert verdict.reasons


@pytest.mark.parametrize("passages", [[], [Evidence("")], [Evidence("\n\n"), Evidence("…")]])
def test_nothing_is_supported_by_nothing(passages: list[Evidence]) -> None:
    assert not check("Nobody was hurt.", passages).supported


ODD = [
    '"', "'", "`", "‘a ", "a ", "1,", "1,000", "2. 4", "A", "not ", "\n", ". ", '"a" ', "U.S.", "January 1 ", "one million ", "ﷺ",
    "\u0301", "$", "said Bob ", "$1.5bn ", "a third of ", "It's ", "一二三", "[…]", "\x00", "\ud7ff", "Bob beat Al by 3-1, ", "from 1 to 2 ",
]  # fmt: skip


@pytest.mark.parametrize("piece", ODD)
def test_of_a_hundred_kilobytes_of_anything_only_the_head_is_read(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert len(read(text)) <= MAX_CHARS
    for claim, passage in (
        (text, FIRE),
        ("The mayor said “no” to 12 people in May.", text),
        (text[:400], text),
    ):
        verdict = check(claim, [Evidence(passage, title=text[:500])])
        assert 0.0 <= verdict.support <= 1.0
        assert sum(map(len, verdict.reasons)) < 2_000
        assert verdict == check(
            claim[:MAX_CHARS], [Evidence(passage[:MAX_CHARS], title=text[:500])]
        )


def _run(*arguments: str, stdin: str | None = None) -> list[dict[str, object]]:
    result = CliRunner().invoke(app, ["check-claims", *arguments, "--json"], input=stdin)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_check_claims_answers_line_for_line_as_the_contract_says() -> None:
    claims = [
        {"claim": "Nobody was seriously hurt.", "passages": [FIRE], "label": True},
        {"claim": "Four people died in Lisbon.", "passages": [FIRE, CAUSE]},
    ]
    lines = "\n\n".join(json.dumps(claim) for claim in claims)
    first, second = _run("-", stdin=lines)
    assert first == {
        "claim": "Nobody was seriously hurt.", "support": 1.0, "supported": True, "reasons": [],
    }  # fmt: skip
    assert second["supported"] is False
    assert second["reasons"]


def test_check_claims_names_the_bad_line(tmp_path: Path) -> None:
    good = json.dumps({"claim": "a", "passages": ["a"]})
    for bad in ("nonsense", '{"claim": "a"}', '{"claim": 1, "passages": []}', '{"claim": "a", "passages": "b"}', "[1]", '{"claim": "\\ud800", "passages": []}', "[" * 9_000):  # fmt: skip
        file = tmp_path / "claims.jsonl"
        file.write_text(f"{good}\n{bad}\n", encoding="utf-8")
        with pytest.raises(UnreadableSource, match=r"claims\.jsonl:2 is not a claim"):
            list(check_claims.read_claims(file))


def test_check_claims_refuses_what_is_no_file_of_claims(
    tmp_path: Path,
) -> None:
    torn = tmp_path / "claims.jsonl.gz"
    torn.write_bytes(b"\x1f\x8b\x08nothing")
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    for path, words in (
        (torn, "not a whole gzip"),
        (empty, "is empty"),
        (tmp_path, "can't be read"),
    ):
        with pytest.raises(UnreadableSource, match=words):
            list(check_claims.read_claims(path))
