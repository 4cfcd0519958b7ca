"""Check numbers: they must occur in the passages, with their bounds, and count the same thing."""

from __future__ import annotations

from collections.abc import Iterator

from bot.answering.verification.alignment import Alignment
from bot.answering.verification.evidence import EvidenceSentence, EvidenceText
from bot.answering.verification.facts.base import Finding
from bot.answering.verification.tokens import Token
from retrieval.text.numbers import Quantity

_SMALL = 12
_CONTEXT = 3  # how many matching words around it make a slot
_BESIDE = 3


def quantities(sentence: EvidenceSentence) -> list[tuple[int, Quantity]]:
    """Return pairs of the index of a word in the sentence and the number that it is."""
    return [(at, t.quantity) for at, t in enumerate(sentence.words) if t.quantity is not None]


def check_numbers(
    claim: EvidenceSentence, evidence: EvidenceText, found: Alignment
) -> Iterator[Finding]:
    """Find numbers that don't occur in the passages, have other bounds there, or count something
    else."""
    mine = quantities(claim)
    if not mine:
        return
    stated = [(s, at, q) for s in evidence.sentences for at, q in quantities(s)]
    slots = _slots(found)
    for at, number in mine:
        same = [(s, place, q) for s, place, q in stated if number.equals(q)]
        rival = slots.get(at_key(claim.words[at]))
        if not same:
            if rival is not None:
                yield Finding(
                    "number_slot", 2, f"the passage has {rival.text}, not {number.text}, here"
                )
            elif number.digits or number.value > _SMALL:
                kind = "year_missing" if number.year else "number_missing"
                yield Finding(kind, 1, f"the number {number.text} is not in the passage")
            else:
                yield Finding("small_missing", 1, f"the number {number.text} is not in the passage")
            continue
        if rival is not None and not number.equals(rival):
            yield Finding(
                "number_slot", 2, f"the passage has {rival.text}, not {number.text}, here"
            )
        elif (other := _owner(claim, at, number, same, stated)) is not None:
            yield Finding(
                "number_owner", 1, f"the passage gives {other.text}, not {number.text}, for this"
            )
        yield from _bounds(number, [q for _, _, q in same])


def at_key(token: Token) -> tuple[int, str]:
    """Return what identifies a token within its sentence."""
    return token.start, token.text


def _slots(found: Alignment) -> dict[tuple[int, str], Quantity]:
    """Return the number that the passage has in the place of the claim's, between equal words."""
    slots: dict[tuple[int, str], Quantity] = {}
    for edit in found.edits:
        mine = [t for t in edit.claimed if t.quantity is not None]
        theirs = [t.quantity for t in edit.found if t.quantity is not None]
        small = len(edit.claimed) <= _BESIDE and len(edit.found) <= _BESIDE
        if len(mine) != 1 or len(theirs) != 1 or not small or edit.before + edit.after < _CONTEXT:
            continue
        number = mine[0].quantity
        if number is not None and not number.equals(theirs[0]):
            slots[at_key(mine[0])] = theirs[0]
    return slots


def _owner(
    claim: EvidenceSentence,
    at: int,
    number: Quantity,
    same: list[tuple[EvidenceSentence, int, Quantity]],
    stated: list[tuple[EvidenceSentence, int, Quantity]],
) -> Quantity | None:
    """Return another number that counts what this one counts in the claim, if this one never
    does."""
    after, before = _beside(claim, at, 1), _beside(claim, at, -1)
    if not after:
        return None
    if any(after & _beside(s, p, 1) or before & _beside(s, p, -1) for s, p, _ in same):
        return None
    return next(
        (
            q
            for s, p, q in stated
            if not number.equals(q) and q.unit == number.unit and after & _beside(s, p, 1)
        ),
        None,
    )


def _beside(sentence: EvidenceSentence, at: int, step: int) -> frozenset[str]:
    content = set(sentence.content)
    found: set[str] = set()
    place = at + step
    while 0 <= place < len(sentence.words) and len(found) < _BESIDE and abs(place - at) <= 5:
        if sentence.words[place].kind == "number":
            break
        if place in content:
            found.add(sentence.keys[place])
        place += step
    return frozenset(found)


_TURNED = {("lower", "upper"), ("upper", "lower")}


def _bounds(number: Quantity, same: list[Quantity]) -> Iterator[Finding]:
    bounds = {quantity.bound for quantity in same}
    if number.bound in bounds:
        return
    if bounds and all((number.bound, bound) in _TURNED for bound in bounds):
        yield Finding("bound_turned", 2, f"the passage bounds {number.text} the other way")
    elif not number.bound and "" not in bounds and "about" not in bounds:
        yield Finding("bound_dropped", 1, f"the passage does not say {number.text} exactly")
    elif number.bound in ("lower", "upper", "near") and "about" not in bounds:
        yield Finding("bound_added", 1, f"the passage does not bound {number.text} so")
