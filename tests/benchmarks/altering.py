"""Altered and fair sentences, to measure the gate: `python -m tests.benchmarks.altering`.

Each row of altered_sentences.jsonl names an article of the dev set, the offsets of the passage that
is cited, and a sentence: either one that says something else than the passage (``kind``: number,
date, name, speaker, quotation, negation or invention) or a fair one (``kind``: verbatim, the
offsets of the sentence in its place, or paraphrase). Rows with ``"made": "hand"`` were written by
people who read the passage and are kept; the others are made by the rules below. These were fixed
before the gate was written, but for some by hand in "dev" that its first misses asked for. The halves
are split by article; "held-out" is for final figures only.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from bot.evaluation.questions import read_records
from retrieval.text.chunking import passage_spans
from retrieval.text.sentences import sentence_spans

FILE = Path(__file__).with_name("altered_sentences.jsonl")
ALTERED = ("number", "date", "name", "speaker", "quotation", "negation", "invention")
_EACH = 45
_FAIR = {"verbatim": 110, "paraphrase": 200}

Row = dict[str, Any]
Article = dict[str, Any]

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_SMALL = (
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip
_DIGITS = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])(?!,\d)")
_NUMBER = re.compile(rf"{_DIGITS.pattern}|\b(?:{'|'.join(_SMALL)})\b")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DAY = re.compile(rf"\b(?:{'|'.join(_DAYS)})\b")
_MONTH = re.compile(rf"\b(?:{'|'.join(m for m in _MONTHS if m != 'May')})\b")
_NAME = re.compile(r"(?<=[a-z,;”] )[A-Z][a-z][\w’'-]*(?: [A-Z][a-z][\w’'-]*){0,2}")
_PERSON = re.compile(r"(?<=[a-z,;”] )[A-Z][a-z]+ [A-Z][a-z]{2,}\b")
_QUOTE = re.compile(r"“([^“”]{20,})”|\"([^\"]{20,})\"")
_SPEAKER = re.compile(
    r"(?:(?<=\bsaid )|(?<=\btold ))([A-Z][a-z]+(?: [A-Z][a-z]+)*)|\b([A-Z][a-z]+(?: [A-Z][a-z]+)*)(?= said\b| told\b)"
)
_WORD = re.compile(r"[A-Za-z]{4,}")
_NO_NAME = {*_DAYS, *_MONTHS, "Mr", "Mrs", "Ms", "Dr", "The", "But", "And", "It", "He", "She"}
_BOILERPLATE = re.compile(
    r"@|http|USA TODAY|Contributing|[Ss]ign up|newsletter|Follow |More:|READ|CNN —|\bI\b|\|"
)

_SAME = {
    "said": "stated", "people": "persons", "began": "started", "about": "around", "killed": "slain",
    "also": "too", "however": "but", "buy": "purchase", "bought": "purchased", "attack": "assault",
    "big": "large", "often": "frequently", "children": "kids", "near": "close to", "help": "aid",
    "because": "since", "many": "a lot of", "get": "receive", "show": "reveal", "allow": "let",
    "company": "firm", "workers": "employees", "injured": "hurt", "agreed": "consented",
    "announced": "made known", "physician": "doctor", "film": "movie", "car": "automobile",
    "approximately": "about", "before": "ahead of", "tried": "attempted", "needs": "requires",
    "house": "home", "ended": "finished", "nearly": "almost", "during": "in the course of",
}  # fmt: skip
_OPPOSITE = (
    ("rose", "fell"), ("won", "lost"), ("increased", "decreased"), ("more", "less"), ("before", "after"),
    ("accepted", "rejected"), ("approved", "rejected"), ("higher", "lower"), ("supports", "opposes"),
    ("supported", "opposed"), ("best", "worst"), ("gained", "lost"), ("guilty", "innocent"), ("opened", "closed"),
    ("increase", "decrease"), ("always", "never"), ("success", "failure"), ("allowed", "banned"), ("legal", "illegal"),
    ("started", "stopped"), ("arrived", "left"), ("alive", "dead"), ("strong", "weak"), ("safe", "dangerous"),
    ("first", "last"), ("agreed", "refused"), ("early", "late"), ("possible", "impossible"), ("likely", "unlikely"),
)  # fmt: skip
_OPPOSITES = dict(_OPPOSITE) | {b: a for a, b in _OPPOSITE}
_HELPERS = re.compile(
    r"\b(is|are|was|were|will|would|can|could|should|has|have|had)\b(?! not|n[’'])"
)
_NEGATED = re.compile(
    r"\b(is|are|was|were|will|would|could|should|has|have|had|do|does|did)(?:n[’']t| not) "
)
_INVENTED = (
    "{} has agreed to pay a fine over the matter.",
    "{} was taken to a hospital and is said to be in stable condition.",
    "{} plans to write a book about it next year.",
    "{} has hired a law firm to look into the allegations.",
    "{} apologized on television and offered to resign.",
    "{} sold a house in Florida to cover the costs.",
    "{} was criticized by environmental groups for the decision.",
    "{} had warned of exactly this in a letter to regulators.",
    "{} will travel to Brussels to negotiate an agreement.",
    "{} received an award from the United Nations for the work.",
    "{} has been accused of hiding evidence from investigators.",
    "{} was born in a small village near the border.",
)  # fmt: skip
_TAILS = (
    ", and a court is expected to rule on it next month",
    ", which analysts called a serious mistake",
    ", although two former employees dispute that account",
    ", and the families have demanded an apology",
    ", as the cost doubled within a year",
    ", because the weather made it impossible to continue",
    ", after months of secret talks in Geneva",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence of an article, in its passage."""

    article: Article
    passage: tuple[int, int]
    span: tuple[int, int]

    @property
    def sentence(self) -> str:
        text: str = self.article["text"]
        return text[slice(*self.span)]

    @property
    def evidence(self) -> str:
        text: str = self.article["text"]
        return text[slice(*self.passage)]


def half_of(url: str) -> str:
    return "dev" if hashlib.sha256(url.encode()).digest()[0] % 2 else "held-out"


def make(articles: Sequence[Article], *, seed: int = 4) -> list[Row]:
    """The generated rows: ``_EACH`` of every kind that alters, and the fair ones."""
    generator = random.Random(seed)
    places = list(_places(articles, generator))
    wanted = dict.fromkeys(ALTERED, _EACH) | _FAIR
    rows: list[Row] = []
    for place in places:
        kinds = [kind for kind, left in wanted.items() if left]
        # The kinds that few sentences allow come first.
        kinds.sort(key=lambda kind: _RARE.get(kind, 9))
        for kind in kinds:
            changed = _RULES[kind](place, generator)
            if changed is None or changed == place.sentence:
                continue
            wanted[kind] -= 1
            rows.append(_row(place, kind, changed))
            break
        if not any(wanted.values()):
            break
    return rows


def _row(place: Place, kind: str, changed: str) -> Row:
    row: Row = {"url": place.article["url"], "evidence": list(place.passage)}
    row |= {"span": list(place.span)} if kind == "verbatim" else {"sentence": changed}
    supported = kind not in ALTERED
    half = half_of(place.article["url"])
    return row | {"label": supported, "kind": kind, "half": half, "made": "rule"}


def _places(articles: Sequence[Article], generator: random.Random) -> Iterator[Place]:
    """One sentence of each article, in random order."""
    usable = [a for a in articles if a.get("published_at") and len(a["text"]) > 1_200]
    generator.shuffle(usable)
    for article in usable:
        passages = passage_spans(article["text"])
        first, last = generator.choice(passages[:4])
        spans = [
            (first + start, first + end)
            for start, end in sentence_spans(article["text"][first:last])
            if _fit(article["text"][first + start : first + end])
        ]
        if spans and last - first > 300:
            yield Place(article, (first, last), generator.choice(spans))


def _fit(sentence: str) -> bool:
    return (
        50 <= len(sentence) <= 320
        and sentence[-1] in '.”"'
        and bool(re.match(r"[A-Z“\"]", sentence))
        and "\n" not in sentence
        and sentence.count("“") == sentence.count("”")
        and sentence.count('"') % 2 == 0
        and not _BOILERPLATE.search(sentence)
    )


def _put(text: str, match: re.Match[str], new: str, group: int = 0) -> str:
    return text[: match.start(group)] + new + text[match.end(group) :]


def _number(place: Place, generator: random.Random) -> str | None:
    sentence = place.sentence
    found = [m for m in _NUMBER.finditer(sentence) if not _YEAR.fullmatch(m.group())]
    found = [m for m in found if m.group() != "1" and not _near_month(sentence, m)]
    if not found:
        return None
    if len(found) > 1 and generator.random() < 0.5:
        a, b = found[0], found[1]
        if a.group() != b.group() and a.group().isalpha() == b.group().isalpha():
            middle = sentence[a.end() : b.start()]
            return sentence[: a.start()] + b.group() + middle + a.group() + sentence[b.end() :]
    match = generator.choice(found)
    return _put(sentence, match, _another_number(match.group(), place.evidence, generator))


def _near_month(sentence: str, match: re.Match[str]) -> bool:
    return bool(
        re.search(rf"(?:{'|'.join(m[:3] for m in _MONTHS)})[a-z]*\.? $", sentence[: match.start()])
    )


def _another_number(old: str, evidence: str, generator: random.Random) -> str:
    while True:
        if old.isalpha():
            new = generator.choice(_SMALL)
        else:
            at = generator.randrange(len(old))
            new = (
                old[:at] + str(generator.randint(1, 9)) + old[at + 1 :]
                if old[at].isdigit()
                else old
            )
            if generator.random() < 0.3 and "." not in old and "," not in old:
                new = old + "0"
        if new != old and not re.search(rf"\b{re.escape(new)}\b", evidence, re.I):
            return new


def _date(place: Place, generator: random.Random) -> str | None:
    sentence = place.sentence
    found = [
        (pool, match)
        for pattern, pool in ((_DAY, _DAYS), (_MONTH, _MONTHS), (_YEAR, ()))
        for match in pattern.finditer(sentence)
    ]
    if not found:
        return None
    pool, match = generator.choice(found)
    while True:
        new = (
            generator.choice(pool)
            if pool
            else str(int(match.group()) + generator.choice((-10, -3, -2, -1, 1, 2)))
        )
        if (
            new != match.group()
            and new[:3] not in place.evidence.replace(sentence, "")
            and new != place.article["published_at"][:4]
        ):
            return _put(sentence, match, new)
        if len(set(_DAY.findall(place.evidence))) > 5:
            return None
        if not pool:
            return _put(sentence, match, str(int(match.group()) - 7))


def _names(text: str, pattern: re.Pattern[str] = _NAME) -> list[re.Match[str]]:
    found = pattern.finditer(text)
    return [m for m in found if not any(w in _NO_NAME for w in re.split(r"[ ’']", m.group()))]


_STRANGERS = (
    "Maria Keller", "Thomas Brandt", "Acme Foods", "Portugal", "Denver", "Harold Lindgren", "Norway", "Samsung",
    "Rachel Osei", "Calgary", "Peru", "Delta Air Lines", "Priya Raman", "Boeing", "Greenpeace", "Angela Moretti",
)  # fmt: skip


def _name(place: Place, generator: random.Random) -> str | None:
    sentence = place.sentence
    found = _names(sentence)
    if not found:
        return None
    if len(found) > 1 and generator.random() < 0.4:
        a, b = found[0], found[-1]
        middle = sentence[a.end() : b.start()]
        if re.search(r"\b\w+ed\b|\b(?:said|told|beat|won|has|is|was)\b", middle) and not re.search(
            r"\band\b|\bor\b", middle
        ):
            return sentence[: a.start()] + b.group() + middle + a.group() + sentence[b.end() :]
    match = generator.choice(found)
    others = [
        m.group()
        for m in _names(place.evidence)
        if m.group() not in sentence and match.group() not in m.group()
    ]
    others = [name for name in others if not set(name.split()) & set(match.group().split())]
    new = generator.choice(others if others and generator.random() < 0.5 else _STRANGERS)
    return None if new in sentence else _put(sentence, match, new)


def _speaker(place: Place, generator: random.Random) -> str | None:
    sentence = place.sentence
    match = _SPEAKER.search(sentence)
    if match is None or not _QUOTE.search(sentence):
        return None
    old = match.group()
    if old in _NO_NAME:
        return None
    others = [
        m.group() for m in _names(place.evidence, _PERSON)
        if not set(m.group().split()) & set(old.split()) and m.group() not in sentence
    ]  # fmt: skip
    new = generator.choice(others if others else [n for n in _STRANGERS if len(n.split()) == 2])
    return _put(sentence, match, new)


def _quotation(place: Place, generator: random.Random) -> str | None:
    sentence = place.sentence
    quote = _QUOTE.search(sentence)
    if quote is None:
        return None
    group = 1 if quote[1] else 2
    inside: str = quote[group]
    offset = quote.start(group)
    words = [m for m in _WORD.finditer(inside) if m.group().islower()]
    if len(words) < 4:
        return None
    match = generator.choice(words)
    start, end = offset + match.start(), offset + match.end()
    if generator.random() < 0.3 and match.start() > 0:
        return sentence[:start].rstrip() + sentence[end:]
    pool: list[str] = sorted({w.lower() for w in _WORD.findall(place.evidence)} - {match.group()})
    return sentence[:start] + generator.choice(pool) + sentence[end:]


def _negation(place: Place, generator: random.Random) -> str | None:
    sentence = place.sentence
    outside = [m.span() for m in _QUOTE.finditer(sentence)]

    def free(match: re.Match[str]) -> bool:
        return not any(a <= match.start() < b for a, b in outside)

    opposites = [
        m for m in re.finditer(r"\b\w+\b", sentence) if m.group() in _OPPOSITES and free(m)
    ]
    if opposites and generator.random() < 0.6:
        match = generator.choice(opposites)
        return _put(sentence, match, _OPPOSITES[match.group()])
    negated = next(filter(free, _NEGATED.finditer(sentence)), None)
    if negated:
        return _put(sentence, negated, negated[1] + " ")
    helper = next(filter(free, _HELPERS.finditer(sentence)), None)
    return _put(sentence, helper, helper[1] + " not") if helper else None


def _invention(place: Place, generator: random.Random) -> str | None:
    sentence = place.sentence
    choice = generator.random()
    if choice < 0.35:
        names = _names(place.evidence)
        return (
            generator.choice(_INVENTED).format(generator.choice(names).group()) if names else None
        )
    if choice < 0.65:
        return sentence[:-1] + generator.choice(_TAILS) + "." if sentence[-1] == "." else None
    known = set(_WORD.findall(place.evidence.lower()))
    text = place.article["text"]
    far = [
        text[start:end]
        for start, end in sentence_spans(text)
        if abs(start - place.passage[0]) > 1_500 and _fit(text[start:end])
    ]
    far = [
        s
        for s in far
        if len(set(_WORD.findall(s.lower())) & known) < 0.3 * len(set(_WORD.findall(s.lower())))
    ]
    return generator.choice(far) if far else None


def _verbatim(place: Place, generator: random.Random) -> str | None:
    return place.sentence + " "


def _paraphrase(place: Place, generator: random.Random) -> str | None:
    """Two or three changes that leave the meaning as it is; none of them inside a quotation."""
    sentence = place.sentence
    changes = [
        _fewer_names,
        _other_figures,
        _dated,
        _speaker_first,
        _shorter,
        _other_words,
        _spelling,
    ]
    generator.shuffle(changes)
    done = 0
    for change in changes:
        changed = change(sentence, place, generator)
        if changed and changed != sentence:
            sentence, done = changed, done + 1
        if done == 3:
            break
    return sentence if done > 1 else None


def _outside_quotes(sentence: str, change: Callable[[str], str]) -> str:
    parts = re.split(r"(“[^“”]*”|\"[^\"]*\")", sentence)
    return "".join(part if part[:1] in '“"' and part else change(part) for part in parts)


def _fewer_names(sentence: str, place: Place, generator: random.Random) -> str | None:
    match = re.search(
        r"(?<=[a-z] )[A-Z][a-z]+ ([A-Z][a-z]{3,})(?=(?:,|\.| said| told| was| is| has))", sentence
    )
    if match and match.group().split()[0] not in {
        "New",
        "San",
        "Los",
        "North",
        "South",
        "West",
        "East",
        "United",
        *_NO_NAME,
    }:
        persons = len(re.findall(rf"\b{match[1]}\b", place.evidence))
        if persons > 1:
            return _put(sentence, match, match[1])
    return sentence.replace("U.S.", "US").replace("the United States", "the U.S.")


def _other_figures(sentence: str, place: Place, generator: random.Random) -> str | None:
    def change(part: str) -> str:
        part = re.sub(r"(\$[\d.,]+) billion\b", r"\1bn", part)
        part = re.sub(r"(\$[\d.,]+) million\b", r"\1m", part)
        part = re.sub(r"\b(\d+(?:\.\d+)?)%", r"\1 percent", part)
        part = re.sub(r"\b(\d),(\d{3})\b(?![,.\d])", r"\1\2", part)
        return re.sub(
            rf"\b({'|'.join(_SMALL)})\b(?= [a-z]+s\b)", lambda m: str(_SMALL.index(m[1]) + 2), part
        )

    return _outside_quotes(sentence, change)


def _dated(sentence: str, place: Place, generator: random.Random) -> str | None:
    match = re.search(
        rf"\bon ({'|'.join(_DAYS)})(?= |,|\.)(?! (?:night|morning|evening|afternoon))", sentence
    )
    if (
        match is None
        or not re.search(r"\b(?:said|was|were|\w+ed)\b", sentence)
        or "will" in sentence
    ):
        return None
    published = date.fromisoformat(place.article["published_at"][:10])
    back = (published.weekday() - _DAYS.index(match[1])) % 7
    day = published - timedelta(days=back)
    return _put(sentence, match, f"on {_MONTHS[day.month - 1]} {day.day}")


def _speaker_first(sentence: str, place: Place, generator: random.Random) -> str | None:
    match = re.fullmatch(r"(“[^“”]+|\"[^\"]+),([”\"]) ((?:[A-Z][\w.]+ ?)+) said\.", sentence)
    return f"{match[3]} said: {match[1]}.{match[2]}" if match else None


def _shorter(sentence: str, place: Place, generator: random.Random) -> str | None:
    def change(part: str) -> str:
        part = re.sub(
            r"^(?:But|And|Meanwhile,|However,|Still,|In fact,) (\w)", lambda m: m[1].upper(), part
        )
        part = re.sub(r" \([^()]{3,60}\)", "", part)
        return re.sub(
            r", (?:which|who|where|while|as|including|according to) [^,“”\"]{10,}(?=\.$)", "", part
        )

    return _outside_quotes(sentence, change)


def _other_words(sentence: str, place: Place, generator: random.Random) -> str | None:
    def change(part: str) -> str:
        return re.sub(r"\b[a-z]+\b", lambda m: _SAME.get(m[0], m[0]), part)

    return _outside_quotes(sentence, change)


def _spelling(sentence: str, place: Place, generator: random.Random) -> str | None:
    flat = str.maketrans("“”’‘–", "\"\"''-")
    curly = sentence.replace("'", "’")
    return sentence.translate(flat) if "“" in sentence or "’" in sentence else curly


_RULES: dict[str, Callable[[Place, random.Random], str | None]] = {
    "number": _number,
    "date": _date,
    "name": _name,
    "speaker": _speaker,
    "quotation": _quotation,
    "negation": _negation,
    "invention": _invention,
    "verbatim": _verbatim,
    "paraphrase": _paraphrase,
}
_RARE = {"speaker": 0, "quotation": 1, "paraphrase": 2, "date": 3, "number": 4, "negation": 5}


def rows() -> list[Row]:
    return read_records(FILE)


def main() -> None:
    from tests.benchmarks.weekly_news import load_articles

    kept = [row for row in rows() if row["made"] == "hand"] if FILE.exists() else []
    made = make(load_articles())
    with FILE.open("w", encoding="utf-8") as file:
        for row in [*kept, *made]:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(kept)} rows by hand, {len(made)} by rule")


if __name__ == "__main__":
    main()
