"""Write the names of months and weekdays that the program knows: `python -m tests.calendar_names`.

They are Babel's. Loading as many languages from Babel at run time would take a second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from babel import Locale

from retrieval.text.calendar_names import PATH

_LANGUAGES = (
    "af am ar as az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy"
    " id is it ja ka kk km kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no or pa pl ps pt ro ru"
    " si sk sl sq sr sv sw ta te tg th tr ug uk ur uz vi yi yue zh"
).split()
# Names of months that a language has in some countries, from January on.
_REGIONAL = {
    "ar": "كانون الثاني|جانفي, شباط|فيفري, آذار, نيسان|أفريل, أيار|ماي, حزيران|جوان, تموز|جويلية|يوليوز,"
    " آب|أوت|غشت, أيلول|شتنبر, تشرين الأول, تشرين الثاني|نونبر, كانون الأول|دجنبر",
}
_CONTEXTS = ("format", "stand-alone")


def names_of(code: str) -> dict[str, list[str]]:
    """The names of a language in small letters, without full stops; forms of one are separated by
    "|"."""
    locale = Locale.parse(code)
    months, days = locale.months, locale.days
    regional = _REGIONAL[code].split(", ") if code in _REGIONAL else [""] * 12
    return {
        "months": [
            "|".join(
                filter(None, [_forms(months[c]["wide"][n] for c in _CONTEXTS), regional[n - 1]])
            )
            for n in range(1, 13)
        ],
        "weekdays": [_forms(days[c]["wide"][n] for c in _CONTEXTS) for n in range(7)],
        "short_months": [
            _forms(months[c]["abbreviated"][n] for c in _CONTEXTS) for n in range(1, 13)
        ],
        "short_weekdays": [_forms(days[c]["abbreviated"][n] for c in _CONTEXTS) for n in range(7)],
    }


def _forms(names: Iterable[str]) -> str:
    return "|".join(dict.fromkeys(name.lower().strip(".") for name in names))


def main() -> None:
    lines = [
        f" {json.dumps(code)}: {json.dumps(names_of(code), ensure_ascii=False)}"
        for code in sorted(_LANGUAGES)
    ]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
