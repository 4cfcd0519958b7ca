"""Run all checks of facts."""

from __future__ import annotations

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.facts.copies import check_addition
from bot.answering.verification.facts.dates import check_dates
from bot.answering.verification.facts.names import check_names
from bot.answering.verification.facts.negation import check_negation
from bot.answering.verification.facts.numbers import check_numbers
from bot.answering.verification.facts.quotations import check_quotations
from bot.answering.verification.facts.status import check_kinship, check_status

KINDS = (
    "number_slot",
    "year_missing",
    "number_missing",
    "small_missing",
    "number_owner",
    "bound_turned",
    "bound_dropped",
    "bound_added",
    "negation_slot",
    "negation",
    "negation_alone",
    "opposite_slot",
    "opposite",
    "stage_justice",
    "stage_decision",
    "stage_attempt",
    "stage_scale",
    "stage_window",
    "unsure_slot",
    "unsure",
    "kinship",
    "quotation",
    "date_slot",
    "date_missing",
    "name_slot",
    "name_other",
    "name_longer",
    "name_missing",
)


def check_facts(claim: EvidenceSentence, evidence: EvidenceText, found: Alignment) -> list[Finding]:
    """Return the findings of all checks of facts."""
    language = evidence.language
    return [
        *check_numbers(claim, evidence, found),
        *check_dates(claim, evidence, found, language),
        *check_names(claim, evidence, found),
        *check_negation(claim, evidence, found, language),
        *check_status(claim, evidence, found, language),
        *check_kinship(claim, evidence, found),
        *check_quotations(claim, evidence),
        *check_addition(claim, evidence, found),
    ]
