"""Read numbers in text, in digits of any script or in words: their value, unit and bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from retrieval.text.numbers.number_words import (
    ABOUT,
    AFTER,
    ANY,
    ATTACHED,
    BEFORE_PERCENT,
    BEGINNINGS,
    BEGINS,
    COUNTED,
    FEW,
    GROUPS,
    JOINS,
    LOWER,
    MONEY,
    NEAR,
    NUMBER,
    ONE,
    ORDINALS,
    OTHER_SPELLED,
    PARTS,
    ROUND,
    SCALES,
    SPELLED,
    TENS,
    UPPER,
    WORD,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at the characters ``start`` to ``end``.

    ``values`` are its possible readings ("1.500" is 1,500 or 1.5), multiplied out ("1.5 million" is
    1,500,000). ``unit`` is "%", a currency sign, "th" for an ordinal, "part" for a fraction, or
    empty; ``bound`` is "lower" (at least), "upper" (up to), "near" (almost), "about" or empty.
    ``amount_end`` is where the number ends without a currency's name after it.
    """

    values: tuple[float, ...]
    unit: str
    start: int
    end: int
    bound: str = ""
    scaled: bool = False
    digits: bool = True
    text: str = field(default="", compare=False)
    amount_end: int = field(default=0, compare=False)

    @property
    def value(self) -> float:
        """The likeliest reading."""
        return self.values[0]

    @property
    def key(self) -> str:
        """The value as a token that equal numbers share: ``#1500``."""
        return f"#{self.value:.10g}"

    @property
    def year(self) -> bool:
        """Whether it looks like a calendar year."""
        bare = not self.unit and not self.scaled and self.digits and self.text.isdigit()
        return bare and len(self.text) == 4 and 1500 <= self.value < 2100

    def equals(self, other: Quantity) -> bool:
        """Return whether ``other``, from a passage, is this number or one that this one rounds."""
        if not _same_unit(self.unit, other.unit):
            return False
        if any(math.isclose(a, b, rel_tol=1e-6) for a in self._all() for b in other._all()):
            return True
        if "part" in (self.unit, other.unit):
            return any(abs(a - b) < 0.011 for a in self._all() for b in other._all())
        if not (self.bound or self.scaled) or not other.value:
            return False
        return any(self._rounds(a, b) for a in self.values for b in other.values)

    def _all(self) -> Iterator[float]:
        for value in self.values:
            yield value
            if self.unit == "%":
                yield value / 100

    def _rounds(self, value: float, exact: float) -> bool:
        step = last_digit(value)
        if step < last_digit(exact) or step > abs(exact) or not exact:
            return False
        down, up = math.floor(exact / step) * step, math.ceil(exact / step) * step
        nearest = round(exact / step) * step
        accepted = {"lower": {down, nearest} if nearest <= exact else {down}}
        accepted["upper"] = accepted["near"] = {up, nearest} if nearest >= exact else {up}
        return any(
            math.isclose(value, one, rel_tol=1e-9) for one in accepted.get(self.bound, {nearest})
        )


def _same_unit(claimed: str, found: str) -> bool:
    if claimed == found or {claimed, found} in ({"%", "part"}, {"part", ""}):
        return True
    if "%" in (claimed, found) or "part" in (claimed, found):
        return False
    if "th" in (claimed, found):
        return not (claimed and found)
    return not (claimed and found)


def last_digit(value: float) -> float:
    """Return the place value of the last digit that isn't zero: 0.1 for 1.4, 100 for 1,500."""
    text = f"{abs(value):.6f}".rstrip("0").rstrip(".")
    if "." in text:
        return float(10.0 ** -len(text.split(".")[1]))
    return float(10 ** (len(text) - len(text.rstrip("0")))) if value else 1.0


@lru_cache(maxsize=4096)
def parse_numbers(text: str, *, ones: bool = False) -> tuple[Quantity, ...]:
    """Return the numbers of a text in order; "one", which seldom counts anything, only with
    ``ones``."""
    if not ANY.search(text) and COUNTED.isdisjoint(WORD.findall(text.lower())):
        return ()
    return tuple(_numbers(text, ones=ones))


def _numbers(text: str, *, ones: bool) -> Iterator[Quantity]:
    at = 0
    while (match := _next_number(text, at)) is not None:
        quantity = _quantity(text, match, ones=ones)
        if quantity is None:
            # In "first two rounds" the second word is a number.
            at = match.start() + len(re.split("[ -]", match["words"])[0])
            continue
        yield quantity
        at = max(quantity.end, match.end())


def _next_number(text: str, at: int) -> re.Match[str] | None:
    """Return what `NUMBER.search` finds from ``at`` on; in ASCII text it is tried only where a
    number can begin."""
    if not text.isascii():
        return NUMBER.search(text, at)
    for begins in BEGINS.finditer(text, at):
        word = begins[0].lower()
        if (not word.isalpha() or word in BEGINNINGS) and (
            match := NUMBER.match(text, begins.start())
        ):
            return match
    return None


def _quantity(text: str, match: re.Match[str], *, ones: bool) -> Quantity | None:
    start, end = match.span()
    amount_end = 0
    unit = ""
    scaled = False
    scale = 0.0
    digits = match["digits"] is not None
    if digits:
        values = _readings(match["digits"])
        if match["money"]:
            unit = match["money"].strip()[-1]
        if match["ordinal"]:
            unit = "th"
    elif match["few"]:
        values = (_few(match["few"].lower()),)
        scale = SCALES.get(match["few"].lower().partition(" ")[2], 0.0)
    else:
        counted = AFTER.match(text, end)
        ones = ones or (counted is not None and (counted["word"] or "").lower() in ROUND)
        spelled = _spelled(match["words"].lower(), ones=ones)
        if spelled is None:
            return None
        value, unit, length = spelled
        if unit == "th" and match["words"].lower() in PARTS and ONE.search(text[:start]):
            value, unit = 1 / PARTS[match["words"].lower()], "part"
        values = (value,)
        end = start + length
    while (after := AFTER.match(text, end)) is not None:
        word = (after["word"] or "").lower()
        if after["percent"] and not unit:
            unit, end = "%", after.end()
        elif word in SCALES and (word not in ATTACHED or digits) and unit not in ("th", "part"):
            if word in {"m", "b", "p", "k"} and after.group()[0].isspace() and word != "m":
                break
            if after.group()[0] == "-" and word in ATTACHED:
                break
            scale = SCALES[word]
            values = tuple(value * scale for value in values)
            scaled, end = True, after.end()
        elif word in MONEY and not unit and (word != "p" or text[end : end + 1] == "p"):
            amount_end, unit, end = end, MONEY[word], after.end()
        elif word in GROUPS:
            values, end = tuple(value * GROUPS[word] for value in values), after.end()
        else:
            break
    for sign in ("万", "萬", "亿", "億"):
        if text.startswith(sign, end):
            values, scaled, end = tuple(v * SCALES[sign] for v in values), True, end + 1
    if scale and not digits and not unit and (rest := _rest(text, end, scale)) is not None:
        values, unit = (values[0] + rest.value,), rest.unit
        end, amount_end = rest.end, rest.amount_end
    before = text[max(0, start - 24) : start]
    if not unit and BEFORE_PERCENT.search(before):
        unit = "%"
    return Quantity(
        values,
        unit,
        start,
        end,
        _bound(before),
        scaled,
        digits,
        text[start:end],
        amount_end or end,
    )


def _rest(text: str, at: int, below: float) -> Quantity | None:
    """Return the "twenty" of "one hundred and twenty", if it is below the hundred."""
    joined = JOINS.match(text, at)
    match = NUMBER.match(text, joined.end()) if joined is not None else None
    if joined is None or match is None or not match["words"]:
        return None
    rest = _quantity(text, match, ones=True)
    if rest is None or rest.unit == "part" or not 0 < rest.value < below:
        return None
    # "Two hundred two-year-olds" and "two million and one of them" continue differently.
    least = 2 if joined["and"] else 10
    return rest if rest.value >= least else None


def _bound(before: str) -> str:
    for name, pattern in (("upper", UPPER), ("lower", LOWER), ("near", NEAR), ("about", ABOUT)):
        if pattern.search(before):
            return name
    return ""


def _readings(digits: str) -> tuple[float, ...]:
    groups = re.split(r"[.,'’\u00a0\u202f ]", digits)
    joined = float("".join(groups))
    if len(groups) == 1:
        return (joined,)
    marks = [c for c in digits if not c.isdigit()]
    last = groups[-1]
    decimal = float("".join(groups[:-1]) + "." + last)
    if marks[-1] not in ".,":
        return (joined, float(last)) if marks[-1] == " " else (joined,)
    if len(last) != 3 or groups[0] == "0":
        return (decimal,)
    if len(groups) > 2:
        return (joined,) if len(set(marks)) == 1 else (decimal,)
    return (joined, decimal) if marks[-1] == "," else (decimal, joined)


def _few(text: str) -> float:
    first, _, last = text.partition(" ")
    if last == "dozen":
        return {"a": 12.0, "one": 12.0, "two": 24.0, "three": 36.0}.get(first, 36.0)
    if last:
        return SCALES[last]
    return FEW.get(first, 12.0)


def _spelled(text: str, *, ones: bool) -> tuple[float, str, int] | None:
    """Return the value, the unit and the length of a number in words; None if it isn't one."""
    parts = re.split(r"[ -]", text)
    first = parts[0]
    second = parts[1] if len(parts) > 1 else ""
    if second in PARTS and 0 < SPELLED.get(first, 0.0) < PARTS[second]:
        return SPELLED[first] / PARTS[second], "part", len(text)
    if second.removesuffix("s") in PARTS and first in SPELLED and second.endswith("s"):
        return SPELLED[first] / PARTS[second.removesuffix("s")], "part", len(text)
    if first in TENS and second in SPELLED and 0 < SPELLED[second] < 10:
        return SPELLED[first] + SPELLED[second], "", len(text)
    if first in TENS and second in ORDINALS and ORDINALS[second] < 10:
        return SPELLED[first] + ORDINALS[second], "th", len(text)
    if first == "half":
        return 0.5, "part", len(first)
    if first in SPELLED or first in OTHER_SPELLED:
        value = SPELLED.get(first, OTHER_SPELLED.get(first, 0.0))
        return (value, "", len(first)) if ones or first != "one" else None
    if first in ORDINALS and first not in {"first", "second"}:
        return ORDINALS[first], "th", len(first)
    if first in {"quarter"}:
        return 0.25, "part", len(first)
    return None
