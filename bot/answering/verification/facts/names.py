"""Check names of people, places and organizations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.facts.dates import day_names
from bot.answering.verification.tokens import Token

_HEADLINE = 0.75
_WIDE = 4
_CONTEXT = 3


def names(sentence: EvidenceSentence) -> list[tuple[Token, ...]]:
    """Return the runs of capitalized words within a sentence; none where everything is
    capitalized."""
    capitals = [t for t in sentence.words if t.kind == "word" and t.capital]
    cased = [t for t in sentence.words if t.kind == "word" and t.text.lower() != t.text.upper()]
    if len(cased) > 3 and len(capitals) > _HEADLINE * len(cased):
        return []
    runs: list[list[Token]] = []
    previous: Token | None = None
    start = True
    for token in sentence.tokens:
        if token.kind == "word" and token.capital and token.text not in {"I"}:
            if previous is not None and runs and runs[-1][-1] is previous:
                runs[-1].append(token)
            elif not start:
                runs.append([token])
        start = token.kind == "mark" and token.text in {".", "!", "?", ":", '"', ";"}
        previous = token if token.kind == "word" else None
    return [tuple(run) for run in runs]


def check_names(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment
) -> Iterator[Finding]:
    """Find names that don't occur in the passages, or in whose place they have another one."""
    rivals = _rivals(claim, evidence.sentences[found.best], found)
    days = day_names(evidence.language)
    for run in names(claim):
        if all(token.low in days for token in run) or _initials(run, claim):
            continue
        absent = [token for token in run if not _stands(token, evidence)]
        if not absent:
            if rivals and any(token in rivals for token in run):
                yield Finding(
                    "name_slot", 2, f"the passage has another name than {_text(run)} here"
                )
            continue
        rival = next((rivals[token] for token in absent if token in rivals), None)
        if rival is not None:
            yield Finding(
                "name_slot", 2, f"the passage has {rival} where the sentence has {_text(run)}"
            )
        elif len(absent) < len(run):
            if _other_forename(run, absent, evidence):
                yield Finding("name_other", 1, f"the passage has another name than {_text(run)}")
            else:
                yield Finding(
                    "name_longer", 1, f"the passage has only a part of the name {_text(run)}"
                )
        else:
            yield Finding("name_missing", 1, f"the name {_text(run)} is not in the passage")


def _initials(run: Sequence[Token], claim: EvidenceSentence) -> bool:
    """Return whether a name is the initials of the words before it, as in "(CDC)"."""
    if len(run) != 1 or sum(char.isupper() for char in run[0].text) < 2:
        return False
    before = [token.text for token in claim.words if token.end <= run[0].start]
    initials = "".join(word[0].lower() for word in before[-8:] if word[:1].isupper())
    letters = "".join(char.lower() for char in run[0].text if char.isupper())
    return letters in initials or initials.endswith(letters[:3])


def _text(run: Sequence[Token]) -> str:
    return " ".join(token.text for token in run)


def _stands(token: Token, evidence: EvidenceText) -> bool:
    return token.key in evidence.keys or token.key.removesuffix("s") in evidence.keys


def _other_forename(run: Sequence[Token], absent: Sequence[Token], evidence: EvidenceText) -> bool:
    """Return whether the passages always give the rest of the name with another name before it."""
    head = run[-1]
    if head in absent or run[0] not in absent:
        return False
    before: list[bool] = []
    for sentence in evidence.sentences:
        for at, word in enumerate(sentence.words):
            if word.key == head.key:
                front = sentence.words[at - 1] if at else None
                before.append(
                    front is not None and front.capital and front.end + 1 == word.start and at > 1
                )
    return bool(before) and all(before)


def _rivals(claim: EvidenceSentence, best: EvidenceSentence, found: Alignment) -> dict[Token, str]:
    """Return by token of a name the other name that the nearest sentence has in its place."""
    mine = {token for run in names(claim) for token in run}
    theirs = {token for run in names(best) for token in run}
    slots: dict[Token, str] = {}
    for edit in found.edits:
        said = [token for token in edit.claimed if token in mine]
        there = [token for token in edit.found if token in theirs]
        small = len(edit.claimed) <= _WIDE and len(edit.found) <= _WIDE
        other = not {t.key for t in said} & {t.key for t in there}
        if said and there and small and other and edit.before + edit.after >= _CONTEXT:
            slots.update(dict.fromkeys(said, _text(there)))
    return slots
