"""The verifier without a network: exact facts, near-copies and a small learned model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.verification.alignment import align
from bot.answering.verification.base import Outcome, Verdict, Verifier
from bot.answering.verification.evidence import (
    MAX_TOKENS,
    Evidence,
    EvidenceSentence,
    EvidenceText,
    read_evidence,
    read_sentence,
)
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.facts.check import KINDS, check_facts
from bot.answering.verification.facts.copies import Copy, copied
from bot.answering.verification.features import measure
from bot.answering.verification.support_model import SupportModel, support_model
from bot.answering.verification.tokens import plain, without_references

# Findings that contradict a claim; at most one of a hundred faithful claims has one of them.
REFUTING = frozenset(
    {
        ("bound_turned", 2),
        ("opposite_slot", 2),
        ("stage_justice", 2),
        ("stage_attempt", 2),
        ("stage_scale", 2),
        ("kinship", 2),
        ("date_slot", 2),
        ("number_slot", 2),
    }
)
# A claim with one of these findings is never supported.
_DOUBTS = (
    "number_slot year_missing number_missing bound_turned bound_dropped bound_added negation_slot "
    "negation_scope opposite_slot stage_justice stage_decision stage_attempt stage_scale kinship quotation "
    "speaker date_slot date_missing name_slot name_other name_missing addition"
)
DOUBTFUL = frozenset(_DOUBTS.split())
_MAX_REASONS = 6
FAITHFUL = 0.97
# The most support, as a share of the threshold, of a claim that a rule keeps below it.
BELOW_SUPPORTED, BELOW_REFUTED = 0.999, 0.99


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found and measured in a claim."""

    findings: tuple[Finding, ...]
    features: dict[str, float]
    copy: Copy

    @property
    def refuted(self) -> bool:
        """Whether a fact is certainly contradicted."""
        return any((finding.kind, finding.weight) in REFUTING for finding in self.findings)

    @property
    def doubtful(self) -> bool:
        """Whether a finding keeps the claim uncertain; in an altered copy any finding does."""
        altered = self.copy == "altered"
        return any(altered or finding.kind in DOUBTFUL for finding in self.findings)


class RulesVerifier(Verifier):
    """Needs no download, no key and no network."""

    def __init__(self, model: SupportModel | None = None) -> None:
        self._model = model

    def check(self, claim: str, passages: Sequence[Evidence]) -> Verdict:
        sentence = read_sentence(without_references(plain(claim)))
        if not sentence.words:
            return Verdict(0.0, "refuted", ("the sentence has no words",))
        if len(sentence.words) >= MAX_TOKENS:
            return Verdict(0.0, "refuted", ("the sentence is too long to be checked",))
        evidence = read_evidence(passages)
        if not evidence.sentences:
            return Verdict(0.0, "refuted", ("the passage has no words",))
        if stands_whole(sentence, evidence):
            return Verdict(1.0, "supported", sure=True)
        if not sentence.content:
            return Verdict(0.0, "uncertain", ("the sentence says nothing that can be checked",))
        return self._judge(sentence, evidence, read_claim(sentence, evidence))

    def _judge(self, claim: EvidenceSentence, evidence: EvidenceText, reading: Reading) -> Verdict:
        model = self._model or support_model()
        limits = model.thresholds
        support = model.probability(reading.features)
        reasons = tuple(dict.fromkeys(f.reason for f in reading.findings))[:_MAX_REASONS]
        if reading.copy == "faithful":
            return Verdict(max(support, FAITHFUL), "supported", sure=True)
        if reading.refuted:
            return Verdict(min(support, BELOW_REFUTED * limits.refuted), "refuted", reasons)
        # An altered copy without a finding may be a paraphrase, which keeps its support.
        if reading.doubtful:
            support = min(support, BELOW_SUPPORTED * limits.supported)
        outcome: Outcome = (
            "supported"
            if support >= limits.supported and reading.copy != "altered"
            else "uncertain"
            if support >= limits.refuted
            else "refuted"
        )
        if outcome == "supported":
            return Verdict(support, outcome, sure=support >= limits.sure)
        return Verdict(support, outcome, reasons or (_lacking(claim, evidence, reading),))


def read_claim(claim: EvidenceSentence, evidence: EvidenceText) -> Reading:
    """Check the facts of a claim and measure it; both it and the evidence must have content
    words."""
    found = align(claim, evidence)
    findings = check_facts(claim, evidence, found)
    features = measure(claim, evidence, found)
    features |= dict.fromkeys((f"fact_{kind}" for kind in KINDS), 0.0)
    for finding in findings:
        name = f"fact_{finding.kind}"
        if name in features:
            features[name] = max(features[name], float(finding.weight))
    learned = [finding for finding in findings if finding.kind in KINDS]
    features["facts_strong"] = float(sum(finding.weight > 1 for finding in learned))
    features["facts_weak"] = float(sum(finding.weight == 1 for finding in learned))
    copy = copied(claim, evidence, found)
    if copy == "faithful" and any(finding.kind == "quotation" for finding in findings):
        copy = "altered"  # a quotation has to be verbatim, including function words
    return Reading(tuple(findings), features, copy)


def stands_whole(claim: EvidenceSentence, evidence: EvidenceText) -> bool:
    """Return whether the claim is, word for word, one or more whole sentences of a passage."""
    said = claim.literal
    sentences = [sentence.literal for sentence in evidence.sentences]
    for first in range(len(sentences)):
        rest = said
        for sentence in sentences[first:]:
            if rest[: len(sentence)] != sentence:
                break
            rest = rest[len(sentence) :]
            if not rest:
                return True
    return False


def _lacking(claim: EvidenceSentence, evidence: EvidenceText, reading: Reading) -> str:
    """Return why a claim that contradicts no fact isn't supported."""
    if reading.copy == "altered":
        return "the passage says this with other words in the places that count"
    strange = [claim.words[at].text for at in claim.content if claim.keys[at] not in evidence.keys]
    if not strange:
        return "the passage does not say this in one place"
    return f"the passage has no word of {', '.join(f'“{word}”' for word in strange[:5])}"
