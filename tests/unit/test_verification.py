"""Verification: what stands in a passage passes, what differs in a fact does not."""

from __future__ import annotations

import pytest

from bot.answering.verification import Evidence, VerifierError, create_verifier
from retrieval.text.numbers import parse_numbers

PASSAGE = (
    "The council of Maravel approved the new tram line on Tuesday. Mayor Ines Calder said that the "
    "line would cost 412 million crowns and carry at least 30,000 people a day. Her husband, Tomas "
    "Calder, was charged with fraud in March. The opposition may ask the court to stop the works. "
    "The builders did not meet the union. Nearly 300 houses have to be pulled down."
)
VERIFIER = create_verifier()


def outcome(claim: str, passage: str = PASSAGE) -> str:
    return VERIFIER.check(claim, [Evidence(passage)]).outcome


@pytest.mark.parametrize(
    "claim",
    [
        "The council of Maravel approved the new tram line on Tuesday.",
        "The builders did not meet the union. Nearly 300 houses have to be pulled down.",
        "Additionally, the council of Maravel approved the new tram line on Tuesday.",
        "However, the opposition may ask the court to stop the works.",
        "In short, nearly 300 houses have to be pulled down.",
    ],
)
def test_whole_sentences_pass_and_so_they_do_behind_an_opener(claim: str) -> None:
    assert outcome(claim) == "supported"


@pytest.mark.parametrize(
    "claim",
    [
        "The council of Maravel rejected the new tram line on Tuesday.",
        "Mayor Ines Calder said that the line would cost 421 million crowns and carry at least 30,000 people a day.",
        "Mayor Ines Calder said that the line would cost 412 million crowns and carry up to 30,000 people a day.",
        "Her wife, Tomas Calder, was charged with fraud in March.",
        "Her husband, Tomas Calder, was convicted of fraud in March.",
        "Her husband, Tomas Calder, was charged with fraud in May.",
        "The opposition will ask the court to stop the works.",
        "The builders did meet the union.",
        "The builders met the union.",
        "300 houses have to be pulled down.",
        "The river Oss froze for the first time in a century.",
    ],
)
def test_what_differs_in_one_fact_does_not_pass(claim: str) -> None:
    assert outcome(claim) != "supported"


def test_a_quotation_without_one_of_its_little_words_does_not_pass() -> None:
    passage = Evidence('"At midnight tonight, hip-hop turns 50 years old," she said to the crowd.')
    shorter = '"At midnight tonight, hip-hop turns 50 old," she said to the crowd.'
    verdict = VERIFIER.check(shorter, [passage])
    assert verdict.outcome == "uncertain"
    assert any("quoted" in reason for reason in verdict.reasons)
    assert VERIFIER.check(passage.text, [passage]).supported


def test_a_quotation_does_not_end_where_the_passage_goes_on() -> None:
    passage = Evidence('Tom Kelley asked for a copy and stated "we never hid anything from them."')
    cut = 'Tom Kelley asked for a copy and stated "we never hid anything."'
    assert not VERIFIER.check(cut, [passage]).supported
    title = Evidence('Ann Lee sang on "The Late Show" with two friends on Monday.')
    sung = 'Ann Lee sang on "The Late Show."'
    assert all("Show" not in reason for reason in VERIFIER.check(sung, [title]).reasons)


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("Her wife, Tomas Calder, was charged with fraud in March.", "husband"),
        ("Her husband, Tomas Calder, was convicted with fraud in March.", "convicted"),
    ],
)
def test_a_contradicted_fact_refutes_and_says_which(claim: str, reason: str) -> None:
    verdict = VERIFIER.check(claim, [Evidence(PASSAGE)])
    assert verdict.outcome == "refuted"
    assert any(reason in each for each in verdict.reasons)


@pytest.mark.parametrize(
    ("sentence", "altered"),
    [
        ("Die Regierung hat das Gesetz am Montag nicht verabschiedet.", "Die Regierung hat das Gesetz am Montag verabschiedet."),
        ("Bei dem Brand starben 14 Menschen in der Altstadt.", "Bei dem Brand starben 41 Menschen in der Altstadt."),
        ("El gobierno aprobó la ley con 120 votos a favor.", "El gobierno no aprobó la ley con 120 votos a favor."),
        ("Правительство не приняло закон о выборах в понедельник.", "Правительство приняло закон о выборах в понедельник."),
        ("政府星期一没有通过这项法律。", "政府星期一通过这项法律。"),
        ("सरकार ने सोमवार को यह कानून पारित नहीं किया।", "सरकार ने सोमवार को यह कानून पारित किया।"),
        ("Hükümet yasayı pazartesi günü 120 oyla kabul etti.", "Hükümet yasayı pazartesi günü 210 oyla kabul etti."),
        ("لم توافق الحكومة على القانون يوم الاثنين.", "توافق الحكومة على القانون يوم الاثنين."),
    ],
)  # fmt: skip
def test_a_sentence_passes_and_its_altered_form_does_not_in_other_languages(
    sentence: str, altered: str
) -> None:
    assert outcome(sentence, f"{sentence} {sentence}") == "supported"
    assert outcome(altered, f"{sentence} {sentence}") != "supported"


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("", PASSAGE),
        ("...", PASSAGE),
        ("\x00\x07", PASSAGE),
        ("word " * 5_000, PASSAGE),
        ("The council approved the tram line.", ""),
        ("The council approved the tram line.", "Maravel"),
        ("The council\x00 approved\x1b[31m the tram line.", "\x00\x01\x02"),
    ],
)
def test_bad_input_gets_a_verdict_with_one_line_of_reason(claim: str, passage: str) -> None:
    verdict = VERIFIER.check(claim, [Evidence(passage)])
    assert not verdict.supported
    assert verdict.reasons
    assert all(reason.isprintable() and len(reason) < 300 for reason in verdict.reasons)


def test_an_unknown_verifier_and_an_empty_folder_are_refused(tmp_path: object) -> None:
    with pytest.raises(VerifierError, match="verifier-unknown"):
        create_verifier("oracle")
    with pytest.raises(VerifierError, match="verifier-folder-incomplete"):
        create_verifier("network", str(tmp_path))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("$1.5bn", {1.5e9}), ("1,500", {1500.0, 1.5}), ("1.500", {1500.0, 1.5}), ("1 500", {1500.0, 500.0}),
        ("half of them", {0.5}), ("two dozen", {24.0}), ("a third of it", {1 / 3}), ("two-thirds", {2 / 3}),
        ("twenty-one", {21.0}), ("3 Millionen", {3e6}), ("१२ लाख", {1.2e6}), ("300万", {3e6}), ("٥ ملايين", {5e6}),
        ("One hundred and twenty", {120.0}), ("one million", {1e6}), ("a hundred and five", {105.0}),
        ("five hundred and sixty-seven", {567.0}), ("two thousand three hundred", {2300.0}),
        ("three million two hundred thousand", {3.2e6}), ("one hundred percent", {100.0}),
    ],
)  # fmt: skip
def test_numbers_are_read_in_full(text: str, values: set[float]) -> None:
    [number] = parse_numbers(text)
    assert set(number.values) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("between two hundred and five hundred", [200.0, 500.0]),
        ("a hundred and two thousand", [100.0, 2000.0]),
        ("two million, five of them ill", [2e6, 5.0]),
        ("two hundred two-year-olds", [200.0, 2.0]),
    ],
)
def test_two_numbers_are_not_read_as_one(text: str, values: list[float]) -> None:
    assert [number.value for number in parse_numbers(text)] == values


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("at least 30", "lower"), ("more than 30", "lower"), ("up to 30", "upper"),
        ("fewer than 30", "upper"), ("nearly 30", "near"), ("about 30", "about"), ("the 30", ""),
    ],
)  # fmt: skip
def test_bounds_belong_to_numbers(text: str, bound: str) -> None:
    [number] = parse_numbers(text)
    assert number.bound == bound
