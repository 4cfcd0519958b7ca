"""Numbers in text, in digits of any script or in words: their value, unit and bounds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SPELLED = {
    **{word: float(n) for n, word in enumerate(_UNITS)},
    **{word: 10.0 * n for n, word in enumerate(_TENS, 2)},
}
_OTHER_SPELLED = {
    word: float(n)
    for line in (
        "- zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
        "- dos tres cuatro cinco seis siete ocho nueve diez - doce",
        "- два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать",
        "- двух трех четырех пяти шести семи восьми девяти десяти одиннадцати двенадцати",
        "- اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة",
        "- iki üç dört beş altı yedi sekiz dokuz",
        "- दो तीन चार पांच छह सात आठ नौ दस ग्यारह बारह",
    )
    for n, word in enumerate(line.split(), 1)
    if word != "-"
}
_ORDINALS = {
    **{
        word: float(n)
        for n, word in enumerate(
            [
                "first",
                "second",
                "third",
                "fourth",
                "fifth",
                "sixth",
                "seventh",
                "eighth",
                "ninth",
                "tenth",
                "eleventh",
                "twelfth",
            ],
            1,
        )
    },
    **{f"{word}th": float(n) for n, word in enumerate(_UNITS) if n > 12},
    "twentieth": 20.0,
}
_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
_SCALES = {
    "hundred": 1e2,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
    "trillion": 1e12,
    "bn": 1e9,
    "m": 1e6,
    "mn": 1e6,
    "mln": 1e6,
    "tn": 1e12,
    "trn": 1e12,
    "k": 1e3,
    "b": 1e9,
    "hundreds": 1e2,
    "thousands": 1e3,
    "millions": 1e6,
    "billions": 1e9,
    "tausend": 1e3,
    "millionen": 1e6,
    "milliarden": 1e9,
    "milliarde": 1e9,
    "mio": 1e6,
    "mrd": 1e9,
    "mil": 1e3,
    "millones": 1e6,
    "millón": 1e6,
    "тысяч": 1e3,
    "тысячи": 1e3,
    "тысяча": 1e3,
    "тыс": 1e3,
    "миллион": 1e6,
    "миллиона": 1e6,
    "миллионов": 1e6,
    "млн": 1e6,
    "миллиард": 1e9,
    "миллиарда": 1e9,
    "миллиардов": 1e9,
    "млрд": 1e9,
    "ألف": 1e3,
    "آلاف": 1e3,
    "مليون": 1e6,
    "ملايين": 1e6,
    "مليار": 1e9,
    "bin": 1e3,
    "milyon": 1e6,
    "milyar": 1e9,
    "हजार": 1e3,
    "हज़ार": 1e3,
    "लाख": 1e5,
    "करोड़": 1e7,
    "万": 1e4,
    "萬": 1e4,
    "亿": 1e8,
    "億": 1e8,
    "千": 1e3,
}
_ATTACHED = {"m", "k", "b", "bn", "mn", "mln", "tn", "trn"}
_PERCENT = (
    r"%|٪|percent(?:age points?)?\b|per cent\b|pct\b|prozent\b|por ciento\b|процент\w*|в процентах"
    r"|في المائة|بالمئة|في المئة|प्रतिशत"
)
_BEFORE_PERCENT = re.compile(r"(?:yüzde|百分之)\s*$")
_MONEY = {
    "$": "$",
    "dollar": "$",
    "dollars": "$",
    "usd": "$",
    "£": "£",
    "pound": "£",
    "pounds": "£",
    "gbp": "£",
    "€": "€",
    "euro": "€",
    "euros": "€",
    "eur": "€",
    "¥": "¥",
    "yen": "¥",
    "yuan": "¥",
    "₹": "₹",
    "rupees": "₹",
    "cents": "c",
    "pence": "p",
    "p": "p",
}
_DIGITS = (
    r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\d)|(?<!\d )\d{1,3}(?: \d{3})+(?![\d-])(?:[.,]\d+)?"
    r"|\d+[.,]\d+|\d+"
)
_WORDS = "|".join(
    sorted(
        (
            re.escape(word)
            for word in {*SPELLED, *_OTHER_SPELLED, *_ORDINALS, *_PARTS, *(f"{p}s" for p in _PARTS)}
        ),
        key=len,
        reverse=True,
    )
)
_NUMBER = re.compile(
    rf"(?P<money>(?:US|C|A|HK)?[$£€¥₹]\s?)?(?<![a-zA-Z0-9])(?P<digits>{_DIGITS})(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"|\b(?P<words>(?:{_WORDS})(?:[ -](?:{_WORDS})\b)?)\b"
    r"|\b(?P<few>(?:a|one|two|three|several) dozen|dozens?|both|couple|pair|twice|double|doubled|triple|tripled|an? (?:hundred|thousand|million|billion|trillion))\b",
    re.IGNORECASE,
)
_ONE = re.compile(r"\b(?:an?|one)[ -]$", re.IGNORECASE)
_ANY = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+")
_GROUPS = {"dozen": 12.0, "decade": 10.0, "decades": 10.0}
_FEW = {
    "both": 2.0,
    "couple": 2.0,
    "pair": 2.0,
    "twice": 2.0,
    "double": 2.0,
    "doubled": 2.0,
    "triple": 3.0,
    "tripled": 3.0,
}
_COUNTED = {
    *SPELLED,
    *_OTHER_SPELLED,
    *_ORDINALS,
    *_PARTS,
    *(f"{part}s" for part in _PARTS),
    *_FEW,
    "dozen",
    "dozens",
    "hundred",
    "thousand",
    "million",
    "billion",
    "trillion",
    *(word for word in _OTHER_SPELLED for word in _WORD.findall(word)),
}
_AFTER = re.compile(
    rf"[\s-]?(?:(?P<percent>{_PERCENT})|(?P<word>(?:[^\W\d_]|[\u0900-\u0963])+))", re.IGNORECASE
)
_LOWER = re.compile(
    r"\b(?:at least|more than|over|above|exceed\w*|no (?:less|fewer) than|not (?:less|fewer) than|minimum(?: of)?"
    r"|upwards of|mindestens|mehr als|über|al menos|más de|не менее|более|больше|по меньшей мере|en az"
    r"|على الأقل|أكثر من|कम से कम|से अधिक)\s+\W?$|(?:至少|超过)\s*$",
    re.IGNORECASE,
)
_UPPER = re.compile(
    r"\b(?:up to|at most|less than|fewer than|under|below|as (?:many|much) as|no more than|not more than|maximum(?: of)?"
    r"|höchstens|bis zu|weniger als|unter|hasta|menos de|como máximo|не более|менее|меньше|до|en fazla"
    r"|أقل من|से कम)\s+\W?$|(?:最多|不到|少于)\s*$",
    re.IGNORECASE,
)
_NEAR = re.compile(
    r"\b(?:nearly|almost|close to|just (?:under|short of)|fast|beinahe|knapp|casi|почти|neredeyse|लगभग)\s+\W?$|(?:近|将近)\s*$",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:about|around|some|roughly|approximately|an? estimated|circa|etwa|rund|ungefähr|unos|unas|cerca de|около"
    r"|примерно|yaklaşık|حوالي|نحو|करीब)\s+(?:the\s|a\s|an\s)?\W?$|(?:大约|约)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number from ``start`` to ``end``.

    ``values`` are its readings ("1.500" is 1,500 or 1.5), in full ("1.5 million" is 1,500,000).
    ``unit`` is "%", a currency sign, "th" for an ordinal, "part" for a fraction or empty; ``bound``
    is "lower" (at least), "upper" (up to), "near" (almost), "about" or empty.
    """

    values: tuple[float, ...]
    unit: str
    start: int
    end: int
    bound: str = ""
    scaled: bool = False
    digits: bool = True
    text: str = field(default="", compare=False)

    @property
    def value(self) -> float:
        return self.values[0]

    @property
    def key(self) -> str:
        return f"#{self.value:.10g}"

    @property
    def year(self) -> bool:
        """Whether it looks like a year of the calendar."""
        bare = not self.unit and not self.scaled and self.digits and self.text.isdigit()
        return bare and len(self.text) == 4 and 1500 <= self.value < 2100

    def equals(self, other: Quantity) -> bool:
        """Whether ``other``, of a passage, says this number or one that this one rounds."""
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
    """The place of the last digit that isn't nought: 0.1 of 1.4, 100 of 1,500."""
    text = f"{abs(value):.6f}".rstrip("0").rstrip(".")
    if "." in text:
        return float(10.0 ** -len(text.split(".")[1]))
    return float(10 ** (len(text) - len(text.rstrip("0")))) if value else 1.0


@lru_cache(maxsize=4096)
def parse_numbers(text: str) -> tuple[Quantity, ...]:
    """Return the numbers of a text in order."""
    if not _ANY.search(text) and _COUNTED.isdisjoint(_WORD.findall(text.lower())):
        return ()
    return tuple(_numbers(text))


def _numbers(text: str) -> Iterator[Quantity]:
    at = 0
    while (match := _NUMBER.search(text, at)) is not None:
        quantity = _quantity(text, match)
        if quantity is None:
            at = match.end()
            continue
        yield quantity
        at = max(quantity.end, match.end())


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    start, end = match.span()
    unit = ""
    scaled = False
    digits = match["digits"] is not None
    if digits:
        values = _readings(match["digits"])
        if match["money"]:
            unit = match["money"].strip()[-1]
        if match["ordinal"]:
            unit = "th"
    elif match["few"]:
        values = (_few(match["few"].lower()),)
    else:
        spelled = _spelled(match["words"].lower())
        if spelled is None:
            return None
        value, unit, length = spelled
        if unit == "th" and match["words"].lower() in _PARTS and _ONE.search(text[:start]):
            value, unit = 1 / _PARTS[match["words"].lower()], "part"
        values = (value,)
        end = start + length
    while (after := _AFTER.match(text, end)) is not None:
        word = (after["word"] or "").lower()
        if after["percent"] and not unit:
            unit, end = "%", after.end()
        elif word in _SCALES and (word not in _ATTACHED or digits) and unit not in ("th", "part"):
            if word in {"m", "b", "p", "k"} and after.group()[0].isspace() and word != "m":
                break
            if after.group()[0] == "-" and word in _ATTACHED:
                break
            values = tuple(value * _SCALES[word] for value in values)
            scaled, end = True, after.end()
        elif word in _MONEY and not unit and (word != "p" or text[end : end + 1] == "p"):
            unit, end = _MONEY[word], after.end()
        elif word in _GROUPS:
            values, end = tuple(value * _GROUPS[word] for value in values), after.end()
        else:
            break
    for scale in ("万", "萬", "亿", "億"):
        if text.startswith(scale, end):
            values, scaled, end = tuple(v * _SCALES[scale] for v in values), True, end + 1
    before = text[max(0, start - 24) : start]
    if not unit and _BEFORE_PERCENT.search(before):
        unit = "%"
    return Quantity(values, unit, start, end, _bound(before), scaled, digits, text[start:end])


def _bound(before: str) -> str:
    for name, pattern in (("upper", _UPPER), ("lower", _LOWER), ("near", _NEAR), ("about", _ABOUT)):
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
        return _SCALES[last]
    return _FEW.get(first, 12.0)


def _spelled(text: str) -> tuple[float, str, int] | None:
    """The value, the unit and the length of a number in words."""
    parts = re.split(r"[ -]", text)
    first = parts[0]
    second = parts[1] if len(parts) > 1 else ""
    if second in _PARTS and 0 < SPELLED.get(first, 0.0) < _PARTS[second]:
        return SPELLED[first] / _PARTS[second], "part", len(text)
    if second.removesuffix("s") in _PARTS and first in SPELLED and second.endswith("s"):
        return SPELLED[first] / _PARTS[second.removesuffix("s")], "part", len(text)
    if first in _TENS and second in SPELLED and 0 < SPELLED[second] < 10:
        return SPELLED[first] + SPELLED[second], "", len(text)
    if first in _TENS and second in _ORDINALS and _ORDINALS[second] < 10:
        return SPELLED[first] + _ORDINALS[second], "th", len(text)
    if first == "half":
        return 0.5, "part", len(first)
    if first in SPELLED or first in _OTHER_SPELLED:
        value = SPELLED.get(first, _OTHER_SPELLED.get(first, 0.0))
        return (value, "", len(first)) if first != "one" else None
    if first in _ORDINALS and first not in {"first", "second"}:
        return _ORDINALS[first], "th", len(first)
    if first in {"quarter"}:
        return 0.25, "part", len(first)
    return None
