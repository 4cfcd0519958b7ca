"""Words and signs of numbers, by language: units, bounds, spelled numbers and their patterns."""

from __future__ import annotations

import re

UNITS = [
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
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
SPELLED = {
    **{word: float(n) for n, word in enumerate(UNITS)},
    **{word: 10.0 * n for n, word in enumerate(TENS, 2)},
}
OTHER_SPELLED = {
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
ORDINALS = {
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
    **{f"{word}th": float(n) for n, word in enumerate(UNITS) if n > 12},
    "twentieth": 20.0,
}
PARTS = {
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
SCALES = {
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
ATTACHED = {"m", "k", "b", "bn", "mn", "mln", "tn", "trn"}
PERCENT = (
    r"%|٪|percent(?:age points?)?\b|per cent\b|pct\b|prozent\b|por ciento\b|процент\w*|в процентах"
    r"|في المائة|بالمئة|في المئة|प्रतिशत"
)
BEFORE_PERCENT = re.compile(r"(?:yüzde|百分之)\s*$")
MONEY = {
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
DIGITS = (
    r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\d)|(?<!\d )\d{1,3}(?: \d{3})+(?![\d-])(?:[.,]\d+)?"
    r"|\d+[.,]\d+|\d+"
)
WORDS = "|".join(
    sorted(
        (
            re.escape(word)
            for word in {*SPELLED, *OTHER_SPELLED, *ORDINALS, *PARTS, *(f"{p}s" for p in PARTS)}
        ),
        key=len,
        reverse=True,
    )
)
NUMBER = re.compile(
    rf"(?P<money>(?:US|C|A|HK)?[$£€¥₹]\s?)?(?<![a-zA-Z0-9])(?P<digits>{DIGITS})(?P<ordinal>(?:st|nd|rd|th)\b)?"
    rf"|\b(?P<words>(?:{WORDS})(?:[ -](?:{WORDS})\b)?)\b"
    r"|\b(?P<few>(?:a|one|two|three|several) dozen|dozens?|both|couple|pair|twice|double|doubled|triple|tripled|an? (?:hundred|thousand|million|billion|trillion))\b",
    re.IGNORECASE,
)
ONE = re.compile(r"\b(?:an?|one)[ -]$", re.IGNORECASE)
ANY = re.compile(r"\d")
WORD = re.compile(r"[^\W\d_]+")
GROUPS = {"dozen": 12.0, "decade": 10.0, "decades": 10.0}
FEW = {
    "both": 2.0,
    "couple": 2.0,
    "pair": 2.0,
    "twice": 2.0,
    "double": 2.0,
    "doubled": 2.0,
    "triple": 3.0,
    "tripled": 3.0,
}
COUNTED = {
    *SPELLED,
    *OTHER_SPELLED,
    *ORDINALS,
    *PARTS,
    *(f"{part}s" for part in PARTS),
    *FEW,
    "dozen",
    "dozens",
    "hundred",
    "thousand",
    "million",
    "billion",
    "trillion",
    *(word for word in OTHER_SPELLED for word in WORD.findall(word)),
}
BEGINS = re.compile(r"(?<![a-zA-Z])[a-zA-Z]+|[$\d]")
BEGINNINGS = COUNTED | {"a", "an", "several", "us", "c", "hk"}
AFTER = re.compile(
    rf"[\s-]?(?:(?P<percent>{PERCENT})|(?P<word>(?:[^\W\d_]|[\u0900-\u0963])+))", re.IGNORECASE
)
LOWER = re.compile(
    r"\b(?:at least|more than|over|above|exceed\w*|no (?:less|fewer) than|not (?:less|fewer) than|minimum(?: of)?"
    r"|upwards of|mindestens|mehr als|über|al menos|más de|не менее|более|больше|по меньшей мере|en az"
    r"|على الأقل|أكثر من|कम से कम|से अधिक)\s+\W?$|(?:至少|超过)\s*$",
    re.IGNORECASE,
)
UPPER = re.compile(
    r"\b(?:up to|at most|less than|fewer than|under|below|as (?:many|much) as|no more than|not more than|maximum(?: of)?"
    r"|höchstens|bis zu|weniger als|unter|hasta|menos de|como máximo|не более|менее|меньше|до|en fazla"
    r"|أقل من|से कम)\s+\W?$|(?:最多|不到|少于)\s*$",
    re.IGNORECASE,
)
NEAR = re.compile(
    r"\b(?:nearly|almost|close to|just (?:under|short of)|fast|beinahe|knapp|casi|почти|neredeyse|लगभग)\s+\W?$|(?:近|将近)\s*$",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"\b(?:about|around|some|roughly|approximately|an? estimated|circa|etwa|rund|ungefähr|unos|unas|cerca de|около"
    r"|примерно|yaklaşık|حوالي|نحو|करीब)\s+(?:the\s|a\s|an\s)?\W?$|(?:大约|约)\s*$",
    re.IGNORECASE,
)
