"""The gate: do these passages support this sentence?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.answering.verification.legacy import (
    clauses,
    dates,
    deeds,
    names,
    numbers,
    polarity,
    quotations,
    slots,
    speakers,
)
from bot.answering.verification.legacy.alignment import (
    MAX_TOKENS,
    Alignment,
    Line,
    align,
    best_window,
    content,
    lines,
    words,
)
from bot.answering.verification.legacy.lexicon import word_set
from bot.answering.verification.legacy.material import Evidence, Material, gather
from bot.answering.verification.legacy.support import learned_weights, measure, probability
from bot.answering.verification.legacy.words import read

THRESHOLD = 0.5
_MAX_REASONS = 6
_STRANGE_RUN = 4  # words of content in a row that no passage has
_STRANGE_SHARE = 0.34  # of a clause, in the sentences of a passage that say most of it
_JOINING = word_set("and but because although while as after before who which that when")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``support`` is 0 to 1; ``reasons`` say what is not supported, in plain words."""

    support: float
    supported: bool
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Findings:
    """What was found wrong by rule, by kind, and the features of the rest."""

    reasons: dict[str, list[str]] = field(default_factory=dict)
    features: dict[str, float] = field(default_factory=dict)
    lacking: str = ""

    def add(self, kind: str, reason: str) -> None:
        self.reasons.setdefault(kind, []).append(reason)

    @property
    def all_reasons(self) -> list[str]:
        return list(dict.fromkeys(r for reasons in self.reasons.values() for r in reasons))


def check(claim: str, passages: Sequence[Evidence]) -> Verdict:
    """Whether the passages together support the claim."""
    if stands_whole(claim, passages):
        return Verdict(1.0, True)
    findings = examine(claim, passages)
    if not findings.features:
        return Verdict(0.0, False, tuple(findings.all_reasons))
    support = probability(findings.features, learned_weights())
    reasons = findings.all_reasons[:_MAX_REASONS]
    if reasons:
        support *= THRESHOLD
    elif support < THRESHOLD:
        reasons = [findings.lacking]
    return Verdict(support, support >= THRESHOLD, tuple(reasons))


def stands_whole(claim: str, passages: Sequence[Evidence]) -> bool:
    """Whether the claim is, word for word, one or more whole sentences of a passage."""
    said = [quotations.literal(token) for token in words(read(claim))]
    if not said:
        return False
    for passage in passages:
        sentences = [[quotations.literal(t) for t in words(line)] for line in lines(passage.text)]
        for first in range(len(sentences)):
            rest = said
            for sentence in sentences[first:]:
                if not sentence or rest[: len(sentence)] != sentence:
                    break
                rest = rest[len(sentence) :]
                if not rest:
                    return True
    return False


def best_support(claim: str, candidates: Sequence[Evidence]) -> int | None:
    """Which of the candidates supports the claim best by itself; none if none does."""
    verdicts = [check(claim, [candidate]) for candidate in candidates]
    supporting = [n for n, verdict in enumerate(verdicts) if verdict.supported]
    return max(supporting, key=lambda n: verdicts[n].support, default=None)


def examine(claim: str, passages: Sequence[Evidence]) -> Findings:
    """Everything that the rules find and the model reads."""
    findings = Findings()
    tokens = read(claim)
    if not any(token.kind != "mark" for token in tokens):
        findings.add("empty", "the sentence has no words")
        return findings
    if len(tokens) > MAX_TOKENS:
        findings.add("long", "the sentence is too long to be checked")
        return findings
    material = gather(passages)
    if not material.stems:
        findings.add("empty", "the passage has no words")
        return findings
    settled = dates.without_equal(numbers.with_equal(tokens, material), material)
    window, coverage = best_window(settled, material.passages)
    alignment = align(tokens, window, coverage)
    _rules(tokens, material, alignment, findings)
    for reason in _added(settled, material):
        findings.add("added", reason)
    findings.features = measure(settled, material)
    findings.lacking = _lacking(settled, material)
    findings.features["problems"] = min(2.0, float(len(findings.all_reasons)))
    return findings


def _rules(claim: Line, material: Material, alignment: Alignment, findings: Findings) -> None:
    for reason, gone in numbers.misplaced(claim, material):
        findings.add("number" if gone else "owner", reason)
    for reason in dates.unstated(claim, material):
        findings.add("date", reason)
    for reason in names.missing(claim, material):
        findings.add("name", reason)
    for reason in names.torn(claim, material):
        findings.add("torn", reason)
    for reason in quotations.altered(claim, material):
        findings.add("quotation", reason)
    for reason in speakers.misattributed(claim, material, alignment.lines, alignment.coverage):
        findings.add("speaker", reason)
    for reason in deeds.untold(claim, material):
        findings.add("grave", reason)
    if material.uncased:
        for reason in names.strange_forenames(claim, material):
            findings.add("name", reason)
    else:
        for reason in deeds.wrong_doers(claim, material):
            findings.add("doer", reason)
        for reason in deeds.misplaced(claim, material):
            findings.add("place", reason)
    best = _best_line(claim, alignment)
    for reason in clauses.moved(claim, material):
        findings.add("moved", reason)
    for reason in clauses.mispaired(claim, material):
        findings.add("paired", reason)
    if not material.uncased:
        for reason in clauses.displaced(claim, best):
            findings.add("displaced", reason)
        for reason in clauses.framed(claim, material):
            findings.add("framed", reason)
        for reason in slots.exchanged(claim, best, material):
            findings.add("exchanged", reason)
    for reason in polarity.likened(claim, material):
        findings.add("unlike", reason)
    for reason in polarity.flipped(claim, alignment, best):
        findings.add("polarity", reason)
    for reason in slots.swapped(claim, best, cased=not material.uncased):
        findings.add("slot", reason)
    for reason in slots.turned_round(claim, best):
        findings.add("roles", reason)


def _lacking(claim: Line, material: Material) -> str:
    """Why a claim that breaks no rule is not supported."""
    strange = [t.text for t in claim if t.content and t.stem not in material.stems]
    if not strange:
        return "the passage does not say this in one place"
    return f"the passage has no word of {', '.join(f'“{word}”' for word in strange[:5])}"


def _added(claim: Line, material: Material) -> Iterator[str]:
    """A stretch of the claim of which the passages have no word."""
    told = [token for token in claim if token.content]
    run: list[str] = []
    for token in [*told, None]:
        if token is not None and token.stem not in material.stems:
            run.append(token.text)
            continue
        if len(run) >= _STRANGE_RUN:
            yield f"nothing of “{' … '.join(run[:5])}” is in the passage"
            return
        run = []
    for clause in _clauses(claim):
        _, share = best_window(clause, material.passages)
        if share <= _STRANGE_SHARE:
            text = " ".join(token.text for token in clause[:8])
            yield f"next to nothing of “{text}” is in the passage"
            return


def _clauses(claim: Line) -> Iterator[Line]:
    """The stretches of a claim between marks and conjunctions that say three things or more."""
    start = 0
    for at in range(len(claim) + 1):
        ends = at == len(claim) or (claim[at].kind == "mark" and claim[at].text != "-")
        if ends or claim[at].text.lower() in _JOINING:
            clause = claim[start:at]
            if len(set(content(clause))) > 2:
                yield clause
            start = at + 1


def _best_line(claim: Line, alignment: Alignment) -> Line:
    wanted = set(content(claim))
    return max(alignment.lines, key=lambda line: len(wanted & set(content(line))), default=())
