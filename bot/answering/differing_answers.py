"""Where articles say the same in nearly the same words but give different answers.

Two sentences of different articles are aligned word by word. They differ on an answer if they agree
on most words and one has a name, number or date where the other has another, of the kind that the
question asks for. More than one such place means another event, reported in a fixed form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from pathlib import Path

from bot.answering.conflicts import Difference, ToldValue, comparable_sentences
from bot.answering.extractive.analysis import coverage, is_order, names_of
from bot.answering.extractive.answer_spans import answer_spans, names_inside
from bot.answering.extractive.selection import Quotation, Selection, telling_weights
from retrieval.models import SearchResult, SearchResults
from retrieval.text.answer_types import FIGURES, NAMES, PEOPLE, AnswerKind, expected_answer_type
from retrieval.text.stemming import stems, stems_of_each
from retrieval.text.tokens import stands_whole
from retrieval.timestamps import parse_span

_WORD = re.compile(r"[^\W_]+(?:[.,'’-][^\W_]+)*")
THRESHOLDS = Path(__file__).with_name("differing_answers.json")
_LEAST_AGREED = 5  # words
_ROUGHLY = 0.4  # of the words in common, in any order: less isn't worth aligning
_LONGEST_VALUE = 6  # words
_NAME_WORDS = 2
_NAMED = 0.5  # of the names that some passage has
_MOST_DAYS = 7
_LAID_SIDE_BY_SIDE = 12
_ABOUT = 0.6  # of the share of the question that the best sentence has
_NAMES = NAMES | PEOPLE


@dataclass(frozen=True, slots=True)
class _Unit:
    """A word of a sentence, or a whole name, number or date, for which ``telling`` is set.

    ``key`` is the same for the same words in another order.
    """

    key: str
    start: int
    end: int
    words: int
    telling: bool


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence of a result as it is compared with others; ``article`` is its article's id.

    ``about`` is how much of the question it and its passage cover, from 0 to 1; ``named`` is how
    many of the question's names the passage has.
    """

    hit: SearchResult
    article: str
    text: str
    words: frozenset[str]
    about: float
    named: int


@dataclass(frozen=True, slots=True)
class AgreementThresholds:
    """``agreed`` is the share of the shorter sentence's words to agree on; from the share ``sure``
    of the question on, both sentences of a difference certainly answer.

    Chosen by `python -m tests.benchmarks.train_differences`.
    """

    agreed: float
    sure: float


@cache
def thresholds() -> AgreementThresholds:
    """Return the thresholds that ship with the package."""
    return AgreementThresholds(**json.loads(THRESHOLDS.read_text(encoding="utf-8")))


def differing_answer(
    found: SearchResults, selection: Selection, agreed: float | None = None
) -> Difference | None:
    """Return what two articles answer differently; None if nothing. ``agreed`` is for measuring.

    Of several differences, the one whose sentence and passage cover most of the question counts. It
    takes a few milliseconds: call it in a worker thread.
    """
    agreed = thresholds().agreed if agreed is None else agreed
    expected = expected_answer_type(found.question, found.language)
    asked = frozenset(stems(found.question))  # values are stemmed so too, whatever their language
    statements = _statements(found, selection)
    named = max((each.named for each in statements), default=0.0)
    statements = [each for each in statements if each.named >= _NAMED * named]
    least = _ABOUT * max((each.about for each in statements), default=0.0)
    ordered = sorted(statements, key=lambda each: (-each.named, -each.about))
    known_names = names_inside("\n".join(each.text for each in statements))
    units = lru_cache(maxsize=None)(lambda text: _units(text, known_names))
    for own in ordered[:_LAID_SIDE_BY_SIDE]:
        if own.about < least:
            continue
        for other in statements:
            told = _differ(own, other, expected.kinds, asked, units, agreed)
            if told is not None and _one_each(told, statements) and not _ordered(told):
                subject = expected.thing or found.question.strip(" ?")
                return Difference(subject, _newest_first(told), about=own.about)
    return None


def _statements(found: SearchResults, selection: Selection) -> list[_Statement]:
    """Return what could be quoted of the results, and what near-copies of them say."""
    weights = telling_weights(found)
    names = names_of(found.question, weights, found.stemming)
    told = [(each.hit, each.text) for each in selection.read]
    told += [(hit, text) for hit in found.copies for text in comparable_sentences(hit)]
    once = {(hit.passage.article.article_id, text): hit for hit, text in told}
    passages = list({hit.passage.passage_id: hit.passage for hit in once.values()}.values())
    whole: dict[int, tuple[float, int]] = {}
    texts = [f"{passage.article.title} {passage.text}" for passage in passages]
    for passage, words in zip(passages, stems_of_each(texts, found.stemming), strict=True):
        own = frozenset(words)
        whole[passage.passage_id] = coverage(own, weights), len(own & names)
    statements = []
    stemmed = stems_of_each([text for _, text in once], found.stemming)
    for ((article, text), hit), words in zip(once.items(), stemmed, strict=True):
        own = frozenset(words)
        about, named = whole[hit.passage.passage_id]
        about = (coverage(own, weights) + about) / 2
        statements.append(_Statement(hit, article, text, own, about, named))
    return statements


def _differ(
    own: _Statement,
    other: _Statement,
    kinds: Set[AnswerKind],
    asked: Set[str],
    units: Callable[[str], Sequence[_Unit]],
    least: float,
) -> tuple[ToldValue, ToldValue] | None:
    """Return the one thing on which two sentences differ, if it can be what is asked for."""
    shorter = min(len(own.words), len(other.words))
    if (
        own.article == other.article
        or len(own.words & other.words) < _ROUGHLY * shorter
        or own.words == other.words
        or not _of_one_time(own.hit, other.hit)
    ):
        return None
    first, second = units(own.text), units(other.text)
    length = min(sum(unit.words for unit in each) for each in (first, second))
    least = max(_LEAST_AGREED, least * length)
    keys = {unit.key for unit in second}
    # They would have to agree on this much in any order, which is checked sooner.
    if sum(unit.words for unit in first if unit.key in keys) < least:
        return None
    matcher = SequenceMatcher(
        None, [unit.key for unit in first], [unit.key for unit in second], autojunk=False
    )
    agreed = sum(
        unit.words
        for block in matcher.get_matching_blocks()
        for unit in first[block.a : block.a + block.size]
    )
    if agreed < least:
        return None
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            continue
        sides = ([u for u in first[a:b] if u.telling], [u for u in second[c:d] if u.telling])
        if len(sides[0]) == len(sides[1]) == 1:
            ours, theirs = sides[0][0], sides[1][0]
            found[(ours.key, theirs.key)] = (
                own.text[ours.start : ours.end],
                other.text[theirs.start : theirs.end],
            )
        elif any(sides) and a > 0 and b < len(first) and c > 0 and d < len(second):
            return None  # one says more than the other
    if len(found) != 1:
        return None
    values = _without_common_ends(*next(iter(found.values())))
    if not _answers(*values, kinds, asked):
        return None
    one, two = (
        ToldValue(value, Quotation(each.hit, each.text, 0.0))
        for value, each in zip(values, (own, other), strict=True)
    )
    return one, two


def _units(text: str, known_names: Set[str]) -> tuple[_Unit, ...]:
    """Return the words of a sentence; those of one name, number or date together."""
    found: list[_Unit] = []
    at = 0
    for start, end in [*_telling(text, known_names), (len(text), len(text))]:
        for match in _WORD.finditer(text, at, start):
            found.append(_Unit(match[0].casefold(), *match.span(), 1, False))
        if words := _WORD.findall(text[start:end]):
            key = " ".join(sorted(stems(text[start:end])))
            found.append(_Unit(key, start, end, len(words), True))
        at = end
    return tuple(found)


def _telling(text: str, known_names: Set[str]) -> list[tuple[int, int]]:
    """Return where names, numbers and dates are; those separated only by a comma are one."""
    runs: list[tuple[int, int]] = []
    for start, end in sorted(
        (span.start, span.end)
        for span in answer_spans(text, known_names)
        if span.kinds & (_NAMES | FIGURES | {"date"})
    ):
        if runs and not text[runs[-1][1] : start].strip(" ,."):
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((start, end))
    return runs


def _without_common_ends(first: str, second: str) -> tuple[str, str]:
    """Return two names without the same words at their beginnings and ends, down to two words: "CEO
    Tim Cook" and "CEO Elon Musk". Dates stay whole."""
    one, two = first.split(" "), second.split(" ")
    if any(any(c.isdigit() for c in word) for word in (*one, *two)):
        return first, second
    while one[0] == two[0] and (min(len(one), len(two)) > _NAME_WORDS or one[0].endswith(",")):
        one, two = one[1:], two[1:]
    while one[-1] == two[-1] and min(len(one), len(two)) > _NAME_WORDS:
        one, two = one[:-1], two[:-1]
    while min(len(one), len(two)) > 1 and one[-1] == two[-1] and one[-1].islower():
        one, two = one[:-1], two[:-1]
    return " ".join(one), " ".join(two)


def _answers(first: str, second: str, kinds: Set[AnswerKind], asked: Set[str]) -> bool:
    """Return whether both can be what is asked for and aren't the same in other words."""
    if max(len(first.split()), len(second.split())) > _LONGEST_VALUE:
        return False
    own, other = frozenset(stems(first)), frozenset(stems(second))
    if own <= other or other <= own or own <= asked or other <= asked:
        return False
    for one in (first, second):
        found = {kind for span in answer_spans(f"So: {one}", {one}) for kind in span.kinds}
        if kinds and not found & _alike(kinds):
            return False
    numbers = [bool(re.search(r"\d", each)) for each in (first, second)]
    return numbers[0] == numbers[1]


def _alike(kinds: Set[AnswerKind]) -> Set[AnswerKind]:
    """Return the kinds with those equivalent to them: who or where is answered by a name."""
    found = set(kinds)
    if kinds & _NAMES:
        found |= _NAMES
    if kinds & FIGURES:
        found |= FIGURES
    return found


def _one_each(told: tuple[ToldValue, ToldValue], statements: Sequence[_Statement]) -> bool:
    """Return whether neither article has the other's value; one that has both differs from
    nobody."""
    own, other = (each.quotation.hit.passage.article.article_id for each in told)
    return not any(
        one.article == article and stands_whole(value, one.text)
        for article, value in ((own, told[1].value), (other, told[0].value))
        for one in statements
    )


def _ordered(told: tuple[ToldValue, ToldValue]) -> bool:
    """Return whether either may be an order to an assistant."""
    return any(is_order(each.quotation.hit, each.quotation.text) for each in told)


def _newest_first(told: tuple[ToldValue, ToldValue]) -> tuple[ToldValue, ToldValue]:
    first, second = (each.quotation.hit.passage.article.published_at or "" for each in told)
    return told if first >= second else told[::-1]


def _of_one_time(first: SearchResult, second: SearchResult) -> bool:
    """Return whether two articles were published within days of each other, as far as is known."""
    dates = [each.passage.article.published_at for each in (first, second)]
    if not all(dates):
        return True
    start, end = sorted(parse_span(date).start for date in dates if date)
    return (end - start).days <= _MOST_DAYS
