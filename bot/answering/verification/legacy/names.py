"""Names: of people, places and bodies. All of a name must stand in the passage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.answering.verification.legacy.alignment import Line
from bot.answering.verification.legacy.lexicon import COMMON, DEMONYMS, TITLES, word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.vocabulary import FORENAMES
from bot.answering.verification.legacy.words import Token, is_month, is_weekday

ROLES = word_set(
    "president vice prime minister senator governor mayor professor general secretary chief king "
    "queen prince princess pope judge justice captain coach director chairman chairwoman "
    "congressman congresswoman representative sen rep gov ceo cfo executive attorney sheriff "
    "officer chancellor ambassador spokesman spokeswoman spokesperson commissioner lieutenant "
    "colonel sergeant detective superintendent inspector bishop archbishop the of and for in on "
    "at to by from with as a an saint st mount democrat republican state city county gmt est et "
    "bst am pm covid internet i it he she"
)
_HEADLINE = 0.9


def name_runs(line: Line) -> list[tuple[int, int]]:
    """Where the names of a sentence are, as ``(start, end)``; none where everything has a capital."""
    worded = [token for token in line if token.kind == "word" and token.content]
    capital = sum(token.capital for token in worded)
    if len(worded) > 4 and capital > _HEADLINE * len(worded):
        return []
    runs: list[tuple[int, int]] = []
    for at, _token in enumerate(line):
        if not _is_name(line, at):
            continue
        if runs and runs[-1][1] == at and not line[at - 1].possessive:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _is_name(line: Line, at: int) -> bool:
    token = line[at]
    low = token.text.lower()
    if not token.capital or token.kind != "word" or low in TITLES or low in ROLES:
        return False
    if is_weekday(token) or is_month(token) or len(low) == 1:
        return False
    if not opens(line, at):
        return True
    return low not in COMMON


def opens(line: Line, at: int) -> bool:
    """Whether a capital is due at this place whatever the word."""
    before = line[at - 1].text if at else "."
    return before in {".", "?", "!", '"', ":", "...", ";"}


def acronyms(material: Material) -> frozenset[str]:
    """The initials of the names of the passages: CMSA of China's Manned Space Agency."""
    found: set[str] = set()
    for line in material.lines:
        initials = ""
        for token in line:
            if token.capital:
                initials += token.text[0].lower()
                found.update(initials[start:] for start in range(len(initials) - 1))
                initials = initials[-6:]
            elif token.text.lower() not in {"of", "and", "for", "the", "in", "'s"}:
                initials = ""
    return frozenset(found)


def missing(claim: Line, material: Material) -> Iterator[str]:
    """The names of a claim that the passages do not hold."""
    initials: frozenset[str] | None = None
    for start, end in name_runs(claim):
        run = claim[start:end]
        absent = [token for token in run if not _stands(token, material)]
        if not absent:
            continue
        if all(token.quoted for token in absent):
            continue  # the check of quotations tells
        if initials is None:
            initials = acronyms(material)
        if len(run) > 1 and "".join(t.text[0].lower() for t in run) in material.stems:
            continue
        absent = [t for t in absent if not (t.text.isupper() and t.text.lower() in initials)]
        absent = [t for t in absent if not _given_name_of_mr(t, run, material)]
        if absent:
            name = " ".join(token.text for token in absent)
            yield f"the name {name} is not in the passage"


def strange_forenames(claim: Line, material: Material) -> Iterator[str]:
    """Forenames that the passages do not hold, in text without capitals."""
    for token, following in pairwise(claim):
        if (
            token.text.lower() in FORENAMES
            and token.stem not in material.stems
            and following.kind == "word"
            and following.content
        ):
            yield f"the name {token.text} {following.text} is not in the passage"


def _stands(token: Token, material: Material) -> bool:
    if token.stem in material.stems:
        return True
    low = token.text.lower()
    return low.endswith("s") and low[:-1] in material.stems


def _given_name_of_mr(token: Token, run: Line, material: Material) -> bool:
    """Alexandr, where the passage speaks of Mr Wang."""
    surname = run[-1]
    if token is surname or surname.stem not in material.stems:
        return False
    return any(
        second.stem == surname.stem and first.text.lower() in TITLES
        for line in material.lines
        for first, second in pairwise([t for t in line if t.text != "."])
    )


def torn(claim: Line, material: Material) -> Iterator[str]:
    """Names put together of parts that stand apart in the passages."""
    for start, end in name_runs(claim):
        for first, second in pairwise(claim[start:end]):
            if any(
                t.text.lower() in DEMONYMS or t.stem in _PLACES or t.quoted for t in (first, second)
            ):
                continue
            if not {first.stem, second.stem} <= material.stems:
                continue
            if not any(_near(line, first.stem, second.stem) for line in material.lines):
                yield f"the name {first.text} {second.text} does not stand together in the passage"


_PLACES = frozenset(DEMONYMS.values()) | {"us", "uk", "eu", "un"}


def _near(line: Sequence[Token], first: str, second: str) -> bool:
    places = [at for at, token in enumerate(line) if token.stem == first]
    others = [at for at, token in enumerate(line) if token.stem == second]
    return any(0 < b - a <= 4 for a in places for b in others)
