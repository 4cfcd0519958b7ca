"""Details that belong to another clause of the passage than the one that the claim puts them in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.answering.verification.legacy import dates
from bot.answering.verification.legacy.alignment import Line
from bot.answering.verification.legacy.lexicon import DEMONYMS, word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.names import name_runs
from bot.answering.verification.legacy.numbers import Figure, figures, year_of
from bot.answering.verification.legacy.words import Token, is_month, is_weekday

_JOINING = word_set("and but while when where after before who which that because although as")
_BREAKS = frozenset({",", ";", ":", "(", ")", "-"})
_LEAST = 2  # things beside its date that a clause says
_SAME = 0.6  # of a claim's clause, in a clause of the passage
_PLACING = word_set("from to by against into")
_KINDS = ("weekdays", "days", "years")


def clauses(line: Line) -> list[Line]:
    """The parts of a sentence between marks and conjunctions; short ones belong to what precedes."""
    merged: list[Line] = []
    for part in _parts(line):
        if merged and len(_told(part)) < _LEAST:
            merged[-1] += part
        else:
            merged.append(part)
    return merged


def _parts(line: Line) -> list[Line]:
    parts: list[list[Token]] = [[]]
    for token in line:
        if token.text in _BREAKS or token.text.lower() in _JOINING:
            parts.append([])
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts if part]


def moved(claim: Line, material: Material) -> Iterator[str]:
    """Days and years of a clause of the claim, where that clause of the passage has others."""
    for clause in clauses(claim):
        mine = dates.mentions(clause)
        wanted = _told(clause)
        if len(wanted) < _LEAST:
            continue
        for kind in _KINDS:
            if not getattr(mine, kind):
                continue
            rival = _rival(getattr(mine, kind), kind, wanted, material)
            if rival is not None:
                yield f"the passage gives another date for “{' '.join(t.text for t in rival[:8])}”"
                return


def _rival(mine: set[int], kind: str, wanted: set[str], material: Material) -> Line | None:
    """The clause of a passage that says the same with another date, if none says it with this."""
    found: Line | None = None
    for passage, published in zip(material.passages, material.published, strict=True):
        for line in passage:
            for clause in clauses(line):
                if len(wanted & _told(clause)) < _SAME * len(wanted):
                    continue
                if not getattr(dates.mentions(clause), kind):
                    return None
                if getattr(dates.meant((clause,), published), kind) & mine:
                    return None
                found = clause
    return found


def _told(tokens: Sequence[Token]) -> set[str]:
    return {t.stem for t in tokens if t.content and not _of_date(t)}


def _of_date(token: Token) -> bool:
    return is_weekday(token) or is_month(token) or token.kind == "number"


def mispaired(claim: Line, material: Material) -> Iterator[str]:
    """A figure with a year that the passages give for another figure."""
    parts: list[Line] | None = None
    for clause in clauses(claim):
        years = {year for token in clause if (year := year_of(token)) is not None}
        if len(years) != 1:
            continue
        (year,) = years
        for figure in figures(clause):
            if figure.unit not in ("%", "$", "£", "€", "¥"):
                continue
            parts = parts or [part for line in material.lines for part in _parts(line)]
            stated = [(set(map(year_of, part)) - {None}, list(figures(part))) for part in parts]
            with_figure = [y for y, found in stated if any(map(figure.equals, found))]
            with_year = [found for y, found in stated if year in y]
            if any(year in y for y in with_figure) or not all(with_figure):
                continue
            if with_figure and any(_rivals(figure, found) for found in with_year):
                yield f"the passage gives {figure.text} for another year than {year}"
                return


def _rivals(figure: Figure, found: Sequence[Figure]) -> bool:
    return any(other.unit == figure.unit for other in found)


def displaced(claim: Line, best: Line) -> Iterator[str]:
    """From Paris, where the same sentence of the passage has "from Rome" and Paris as something else."""
    there = list(_placed(best))
    for word, start, end in _placed(claim):
        mine = {t.stem for t in claim[start:end]}
        if not mine <= {t.stem for t in best}:
            continue
        rivals = [
            (first, last)
            for other, first, last in there
            if other == word and best[last - 1].text.lower() not in DEMONYMS
        ]
        if not rivals or any(mine & {t.stem for t in best[a:b]} for a, b in rivals):
            continue
        if any(mine & {t.stem for t in best[a:b]} for _, a, b in there):
            continue
        said = {t.stem for t in claim}
        first, last = rivals[0]
        heads = {
            head.stem
            for at, token in enumerate(best)
            if token.stem in mine
            for head in best[at + 1 : at + 3]
            if head.content
        }
        if heads & said - mine or {t.stem for t in best[first:last]} & said:
            continue
        name = " ".join(t.text for t in best[first:last])
        yield f"the passage has “{word} {name}” where the sentence has {claim[start].text}"
        return


def _placed(line: Line) -> Iterator[tuple[str, int, int]]:
    """The names after a preposition that says where from, where to or by whom: "by A and B" is two."""
    word, ended = "", -1
    for start, end in name_runs(line):
        at = start - 1
        while at > 0 and line[at].text.lower() in {"the", "a", "an"}:
            at -= 1
        low = line[at].text.lower() if at >= 0 else ""
        if low in _PLACING:
            word = low
        elif at != ended or low not in {"and", "or", ","}:
            word = ""
        ended = end
        if word:
            yield word, start, end


def framed(claim: Line, material: Material) -> Iterator[str]:
    """ "In Texas" before a figure that the passage gives under "In Kentucky"."""
    frame = _frame(claim)
    if frame is None:
        return
    for figure in figures(claim):
        if figure.value < 2:
            continue
        held = [line for line in material.lines if any(map(figure.equals, figures(line)))]
        others = [other for line in held if (other := _frame(line)) is not None]
        if held and len(others) == len(held) and not any(frame & {t.stem for t in x} for x in held):
            yield f"the passage gives {figure.text} for another place"
            return


def _frame(line: Line) -> frozenset[str] | None:
    """The name that a sentence opens with, as in "In Texas"."""
    if not line or line[0].text.lower() != "in":
        return None
    return next(
        (frozenset(t.stem for t in line[a:b]) for a, b in name_runs(line[:8]) if a == 1), None
    )
