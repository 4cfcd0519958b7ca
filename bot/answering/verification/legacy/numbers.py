"""Figures: they must stand in the passage, and belong to the same thing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.answering.verification.legacy.alignment import Line
from bot.answering.verification.legacy.lexicon import word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.words import Token, is_month, ordinal

_ABOVE = word_set("over than least exceeding above")
_BELOW = word_set("nearly almost under below up close")
_LESS = word_set("less fewer lower")
_ROUGHLY = _ABOVE | _BELOW | word_set("about around some roughly approximately estimated to")
_WORDS_FOR = {
    "both": 2.0, "couple": 2.0, "pair": 2.0, "duo": 2.0, "twice": 2.0, "twins": 2.0, "double": 2.0, "doubled": 2.0,
    "trio": 3.0, "triple": 3.0, "tripled": 3.0, "quartet": 4.0, "half": 0.5, "century": 100.0,
}  # fmt: skip
_PARTS = {
    "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
_RANGE = {"-", "to", "and", "or"}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with the words beside it."""

    value: float
    unit: str
    text: str
    after: frozenset[str]
    previous: frozenset[str]
    rounded: str = ""  # "above", "below" or "about", if it says so
    scaled: bool = False

    def equals(self, other: Figure) -> bool:
        """Whether ``other``, of a passage, says this number."""
        if not _same_unit(self.unit, other.unit):
            return False
        if math.isclose(self.value, other.value, rel_tol=1e-9):
            return True
        if "part" in (self.rounded, other.rounded):
            return abs(self.value - other.value) < 1.0
        if not (self.rounded or self.scaled) or other.value == 0:
            return False
        step = _last_digit(self.value)
        if step < _last_digit(other.value) or step > abs(other.value):
            return False
        nearest = round(other.value / step) * step
        down = math.floor(other.value / step) * step
        up = math.ceil(other.value / step) * step
        accepted = {nearest}
        if self.rounded == "above":
            accepted = {nearest, down} if nearest <= other.value else {down}
        elif self.rounded == "below":
            accepted = {nearest, up}
        return any(math.isclose(self.value, value, rel_tol=1e-9) for value in accepted)


def figures(line: Line) -> Iterator[Figure]:
    """The figures of a sentence but its dates."""
    skipped = set()
    for at, token in enumerate(line):
        if (part := _fraction(line, at)) is not None:
            yield Figure(part, "%", token.text, frozenset(), frozenset(), "part")
            skipped |= {at, at - 1, at - 2} if line[at - 1].text == "-" else {at, at - 1}
    for at, token in enumerate(line):
        if at in skipped:
            continue
        value = ordinal(token) if token.value is None else token.value
        if value is None or _of_a_date(line, at):
            continue
        unit = "th" if token.kind == "word" else token.unit
        around = [t.text.lower() for t in line[max(0, at - 3) : at]]
        yield Figure(
            value, unit or _unit_of_range(line, at), token.text,
            frozenset(_words_beside(line, at, 1)), frozenset(_words_beside(line, at, -1)),
            _rounding(around), " " in token.text and any(c.isalpha() for c in token.text),
        )  # fmt: skip
    for token in line:
        if token.kind == "word" and (value := _WORDS_FOR.get(token.text.lower())) is not None:
            yield Figure(value, "", token.text, frozenset(), frozenset())


def _fraction(line: Line, at: int) -> float | None:
    """What percentage "a third of" and "three quarters" are."""
    low = line[at].text.lower()
    of = at + 1 < len(line) and line[at + 1].text.lower() == "of"
    if low == "half" and of:
        return 50.0
    whole = _PARTS.get(low.removesuffix("s"))
    if whole is None or not at or not (of or low.endswith("s")):
        return None
    front = line[at - 2] if line[at - 1].text == "-" and at > 1 else line[at - 1]
    count = 1.0 if front.text.lower() in {"a", "one"} else front.value
    return 100 * count / whole if count is not None and count < whole else None


def _rounding(around: Sequence[str]) -> str:
    said = _ROUGHLY.intersection(around)
    if said & _ABOVE:
        return "below" if _LESS.intersection(around) else "above"
    if said & _BELOW:
        return "below"
    return "about" if said else ""


def _same_unit(claimed: str, found: str) -> bool:
    if claimed == found:
        return True
    if "%" in (claimed, found):
        return False
    return not (claimed and found)


def _last_digit(value: float) -> float:
    """The place of the last digit that is not nought: 0.1 of 1.4, 100 of 1,500."""
    text = f"{abs(value):.10g}"
    if "e" in text:
        return abs(value) or 1.0
    if "." in text:
        return float(10.0 ** -len(text.split(".")[1]))
    return float(10 ** (len(text) - len(text.rstrip("0")))) if value else 1.0


def _of_a_date(line: Line, at: int) -> bool:
    token = line[at]
    if year_of(token) is not None:
        return True
    if token.value is None or token.value > 31 or token.unit not in ("", "th"):
        return False
    neighbours = [line[i] for i in (at - 1, at + 1) if 0 <= i < len(line)]
    if at + 2 < len(line) and line[at + 1].text.lower() == "of":
        neighbours.append(line[at + 2])
    if at >= 2 and line[at - 1].text == ".":
        neighbours.append(line[at - 2])
    return any(is_month(neighbour) for neighbour in neighbours)


def _unit_of_range(line: Line, at: int) -> str:
    """ "20" of "20-25%" counts percent too."""
    if at + 2 < len(line) and line[at + 1].text.lower() in _RANGE and line[at + 2].kind == "number":
        return line[at + 2].unit if line[at + 2].unit != "th" else ""
    return ""


def _words_beside(line: Line, at: int, step: int) -> list[str]:
    found: list[str] = []
    place = at + step
    while 0 <= place < len(line) and len(found) < 3:
        token = line[place]
        if token.kind == "number" or token.text in {".", ";", ":", '"', ",", "(", ")"}:
            break
        if token.content:
            found.append(token.stem)
        place += step
    return found


def with_equal(claim: Line, material: Material) -> Line:
    """The claim with the figures of the passages for those that say the same in another way."""
    strange = [t for t in claim if t.kind == "number" and t.stem not in material.stems]
    if not strange:
        return claim
    stated = [figure for line in material.lines for figure in figures(line)]
    stems: dict[str, str] = {}
    for figure in figures(claim):
        for other in stated:
            if figure.equals(other):
                stems[figure.text] = f"#{other.value:.10g}"
                break
    return tuple(
        replace(t, stem=stems[t.text]) if t in strange and t.text in stems else t for t in claim
    )


def misplaced(claim: Line, material: Material) -> Iterator[tuple[str, bool]]:
    """What is wrong with the figures of a claim, each with whether it is missing altogether."""
    evidence = list(material.lines)
    found = [figure for line in evidence for figure in figures(line)]
    for figure in figures(claim):
        if (figure.text.lower() in _WORDS_FOR and not figure.unit) or (
            figure.unit == "th" and figure.value == 1
        ):
            continue
        same = [other for other in found if figure.equals(other)]
        if not same:
            yield f"the number {figure.text} is not in the passage", True
        elif (other := _owner(figure, same, found)) is not None:
            yield f"the passage gives {other.text}, not {figure.text}, for the same thing", False
    yield from _reversed(claim, evidence)


def _owner(figure: Figure, same: Sequence[Figure], found: Sequence[Figure]) -> Figure | None:
    """Another figure that stands where this one stands in the claim, if this one never does."""
    if not figure.after or any(figure.after & other.after for other in same):
        return None
    if any(figure.previous & other.previous for other in same):
        return None
    rivals = [
        o
        for o in found
        if o not in same and o.after & figure.after and _same_unit(figure.unit, o.unit)
    ]
    return rivals[0] if rivals else None


def _reversed(claim: Line, evidence: Sequence[Line]) -> Iterator[tuple[str, bool]]:
    """From one figure to another, where the passage goes the other way."""
    pairs = set(_from_to(claim))
    if not pairs:
        return
    stated = {pair for line in evidence for pair in _from_to(line)}
    for start, end in pairs - stated:
        if (end, start) in stated:
            yield f"the passage goes from {end:g} to {start:g}, not the other way", False


def _from_to(line: Line) -> Iterator[tuple[float, float]]:
    ends: dict[str, float] = {}
    for at, token in enumerate(line):
        if token.value is not None and at and line[at - 1].text.lower() in {"from", "to"}:
            ends.setdefault(line[at - 1].text.lower(), token.value)
    if len(ends) == 2:
        yield ends["from"], ends["to"]


def year_of(token: Token) -> int | None:
    """The year that a token names, if it may be one."""
    if token.unit or token.value is None or not token.text.isdigit():
        return None
    return int(token.value) if 1900 <= token.value <= 2099 else None
