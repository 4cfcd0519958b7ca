"""What stands in a sentence where something else stands in the passage."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

from bot.answering.verification.legacy.alignment import Change, Line, align
from bot.answering.verification.legacy.lexicon import word_set
from bot.answering.verification.legacy.material import Material
from bot.answering.verification.legacy.names import ROLES, name_runs
from bot.answering.verification.legacy.numbers import figures
from bot.answering.verification.legacy.polarity import negates, opposites
from bot.answering.verification.legacy.vocabulary import verbal
from bot.answering.verification.legacy.words import Token, is_month, is_weekday

_WIDTH = 4
_SENTENCE = 6  # matching words around a slot, in what is the same sentence but for it
_NOUNS_IN_LY = word_set("family assembly supply ally rally reply monopoly")
_CONTEXT = 3  # matching words around a slot that make it one


def swapped(claim: Line, best: Line, *, cased: bool) -> Iterator[str]:
    """Figures, days and names of a claim that stand where its sentence of the passage has another one."""
    alignment = align(claim, (best,), 0.0)
    names = _name_tokens(claim) if cased else set()
    there = _name_tokens(best)
    stated = {t.stem for t in best}
    exchanged: set[tuple[str, str]] = set()
    denials = sum(map(negates, claim)) - sum(map(negates, best))
    said = {t.stem for t in claim}
    table = opposites()
    for change in alignment.changes:
        claimed, found = _slot(change)
        if not (claimed or found) or change.before + change.after < _CONTEXT:
            continue
        inside = change.before and change.after and len(change.found) <= _WIDTH
        extra = any(map(negates, claimed)) - any(map(negates, found))
        if inside and extra and extra * denials > 0:
            yield "the sentence and the passage differ in a negation"
            return
        for token in claimed:
            rivals = table.get(token.stem, frozenset()) & {t.stem for t in found}
            if rivals and token.stem not in {t.stem for t in found}:
                rival = next(t for t in found if t.stem in rivals)
                yield f"the passage says “{rival.text}”, the sentence “{token.text}”"
                return
        for test in (_figure, is_weekday, is_month):
            mine, theirs = _only(claimed, test), _only(found, test)
            if mine and theirs and not {t.stem for t in mine} & {t.stem for t in theirs}:
                if test is _figure and (
                    _equal(mine, theirs) or not inside or change.before + change.after < 4
                ):
                    continue
                yield f"the passage has {theirs[0].text} where the sentence has {mine[0].text}"
                return
        mine = [t for t in claimed if id(t) in names]
        theirs = [t for t in found if id(t) in there]
        if not mine or not theirs or {t.stem for t in mine} & {t.stem for t in found}:
            continue
        pair = mine[0].stem, theirs[0].stem
        exchanged.add(pair)
        moved = {t.stem for t in mine} <= stated and {t.stem for t in theirs} <= said
        turned = pair[::-1] in exchanged and _by(claim) == _by(best)
        if not moved or turned:
            yield f"the passage has {theirs[0].text} where the sentence has {mine[0].text}"
            return


def exchanged(claim: Line, best: Line, material: Material) -> Iterator[str]:
    """One thing of the passages in the place of another, in a sentence that is the same but for it."""
    said, there = {t.stem for t in claim}, {t.stem for t in best}
    mine = [t for t in _things(claim) if t.stem not in there]
    if len(mine) != 1 or mine[0].stem not in material.stems:
        return
    for change in align(claim, (best,), 0.0).changes:
        theirs = [t for t in _things(change.found) if t.stem not in said]
        if (
            mine[0] in change.claimed
            and len(theirs) == 1
            and len(change.claimed) <= len(change.found) + 1 <= _WIDTH
            and change.before
            and change.after
            and change.before + change.after >= _SENTENCE
        ):
            yield f"the passage has “{theirs[0].text}” where the sentence has “{mine[0].text}”"


def _things(tokens: Sequence[Token]) -> list[Token]:
    """The words of content but names; verbs and adverbs have too many equals to tell."""
    return [
        t
        for t in tokens
        if t.content and t.kind == "word" and not t.capital
        and not verbal(low := t.text.lower()) and (not low.endswith("ly") or low in _NOUNS_IN_LY)
    ]  # fmt: skip


def _equal(claimed: Sequence[Token], found: Sequence[Token]) -> bool:
    stated = list(figures(tuple(found)))
    return all(any(one.equals(other) for other in stated) for one in figures(tuple(claimed)))


def _figure(token: Token) -> bool:
    return token.kind == "number"


def _only(tokens: Sequence[Token], test: Callable[[Token], bool]) -> list[Token]:
    return [token for token in tokens if test(token)]


def _name_tokens(line: Line) -> set[int]:
    return {id(token) for start, end in name_runs(line) for token in line[start:end]}


def _slot(change: Change) -> tuple[Line, Line]:
    """The two sides of a change, cut to what stands next to the words that match."""
    claimed, found = change.claimed, change.found
    if len(claimed) > _WIDTH:
        return (), ()
    if not change.before:
        found = found[-_WIDTH:]
    elif not change.after:
        found = found[:_WIDTH]
    return (claimed, found) if len(found) <= _WIDTH + 2 else ((), ())


def turned_round(claim: Line, line: Line) -> Iterator[str]:
    """A beat B, where the passage says that B beat A."""
    runs = name_runs(claim)
    for (start, end), (after, last) in itertools.pairwise(runs):
        between = claim[end:after]
        verbs = {
            t.stem for t in between if t.content and not t.capital and t.text.lower() not in ROLES
        }
        if (
            not verbs
            or between[0].text == ","
            or any(t.text.lower() in {"and", "or", "with"} for t in between)
        ):
            continue
        first = {t.stem for t in claim[start:end]} - {t.stem for t in claim[after:last]}
        second = {t.stem for t in claim[after:last]} - {t.stem for t in claim[start:end]}
        places = [at for at, t in enumerate(line) if t.stem in second]
        others = [at for at, t in enumerate(line) if t.stem in first]
        if not places or not others:
            continue
        same_order = min(others) < min(places)
        inside = line[min(*places, *others) + 1 : max(min(places), min(others))]
        if not verbs & {t.stem for t in inside} or _stands_so(claim[start:last], line):
            continue
        if same_order:
            turned = (_passive(between) and not _by(inside)) or (
                _passive(inside) and not _by(between)
            )
        else:
            turned = _by(between) == _by(inside)
        if turned:
            yield f"the passage says it the other way round of {claim[start].text} and {claim[after].text}"
            return


def _stands_so(tokens: Line, line: Line) -> bool:
    """Whether these words stand in the line in a row."""
    wanted, there = ([t.stem for t in part] for part in (tokens, line))
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there)))


def _passive(tokens: Sequence[Token]) -> bool:
    """Whether what comes first has it done to it: was beaten by."""
    lows = {token.text.lower() for token in tokens}
    return _by(tokens) and bool(lows & {"was", "were", "is", "are", "been", "be", "being"})


def _by(tokens: Sequence[Token]) -> bool:
    return any(token.text.lower() == "by" for token in tokens)
