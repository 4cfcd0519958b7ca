"""Details that stand in the passage, but belong to somebody or something else there."""

from __future__ import annotations

import datetime as dt

import pytest

from bot.answering.verification.legacy import Evidence, check

PUBLISHED = dt.date(2023, 11, 3)  # a Friday

FLAW = (
    "The flaw was reported to Nordbank on Monday and the update was sent out on Thursday night. Hannah Weiss, who leads the "
    "bank's security team, apologized to customers. The engineers found the flaw in a library maintained by Petra Lund and "
    "Omar Said. The bank put its losses at $4 million in 2021 and at $9 million in 2022. Customers were told to change their "
    "passwords, and the union asked for better protection of employees in the coming year."
)
VOTE = (
    "In Norway, 23 of the 120 mayors will not run again. In Sweden, a third of the seats stay empty, said Lena Holm, a "
    "researcher. Unlike paper ballots, the machines leave no trace that can be counted. The boxes were flown to Oslo on a "
    "plane from Bergen with a Finnish crew. Two of her children voted for the first time. Her parents had voted in Bergen."
)


def verdict_on(claim: str, passage: str) -> tuple[bool, str]:
    verdict = check(claim, [Evidence(passage, published=PUBLISHED)])
    return verdict.supported, " ".join(verdict.reasons)


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("The update was sent out on Thursday night.", FLAW),
        ("Nordbank sent out the update on November 2.", FLAW),
        ("The flaw was reported on Monday, and an update was sent out on Thursday.", FLAW),
        ("Hannah Weiss, the leader of the security team, apologized to customers.", FLAW),
        ("The flaw was in a library maintained by Omar Said.", FLAW),
        ("Petra Lund and Omar Said maintained the library.", FLAW),
        ("The bank put its losses at $9 million in 2022.", FLAW),
        ("In Norway, 23 of 120 mayors are not going to run again.", VOTE),
        ("The machines, unlike paper ballots, leave no trace that can be counted.", VOTE),
        ("The boxes were flown to Oslo from Bergen.", VOTE),
        ("Two of her children voted for the first time.", VOTE),
    ],
)
def test_what_the_clause_says_is_supported(claim: str, passage: str) -> None:
    supported, reasons = verdict_on(claim, passage)
    assert supported, reasons


@pytest.mark.parametrize(
    ("claim", "passage", "reason"),
    [
        ("The update was sent out on Monday.", FLAW, "another date"),
        ("Hannah Weiss maintained the library with the flaw.", FLAW, "maintained"),
        ("The bank put its losses at $4 million in 2022.", FLAW, "another year"),
        ("In Sweden, 23 of the 120 mayors will not run again.", VOTE, "another place"),
        ("Paper ballots leave no trace that can be counted.", VOTE, "unlike"),
        ("The boxes were flown to Oslo on a plane from Finland.", VOTE, "Bergen"),
        ("Two of her parents voted for the first time.", VOTE, "children"),
    ],
)
def test_what_belongs_to_another_clause_is_stopped(claim: str, passage: str, reason: str) -> None:
    supported, reasons = verdict_on(claim, passage)
    assert not supported
    assert reason in reasons


def test_a_made_up_forename_is_seen_in_text_without_capitals() -> None:
    passage = "Hsbc has named tucker as its chairman . The insurer said he would start in october ."
    supported, reasons = verdict_on("Hsbc has named alex tucker as its chairman.", passage)
    assert not supported
    assert "alex tucker" in reasons
