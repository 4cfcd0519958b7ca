"""Where reports of one story differ on a figure or an outcome, give both; a correction wins.

It works without a model, so it looks for what can be told safely: two sentences of different
articles that are worded alike, count the same thing and give different numbers or opposite
outcomes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import combinations

from bot.answering.extractive.analysis import is_order
from bot.answering.extractive.selection import Quotation
from bot.answering.extractive.sentences import asks, readable_sentences
from bot.answering.figures import Figure, figures
from bot.answering.sentence_dates import same_story
from retrieval.errors import Note
from retrieval.models import Passage, SearchResult
from retrieval.search.query import content_words
from retrieval.text.answer_types import expected_answer_type
from retrieval.text.numbers import parse_numbers
from retrieval.text.stemming import stems
from retrieval.text.tokens import place_of_whole

_CORRECTS = re.compile(
    r"\bcorrection\b|\bclarification\b|\bcorrected\b|\b(?:an )?earlier version of this\b|\bincorrectly\b"
    r"|\bmisstated\b|\b(?:as|than) (?:was )?(?:first|earlier|previously|originally|initially) (?:reported|stated|said|thought)\b",
    re.I,
)
# A figure after one of these is the wrong one.
_WRONG = re.compile(
    r"\bnot\b|\brather than\b|\binstead of\b|\bearlier version\b|\bincorrectly\b|\bmisstated\b|\bcorrected from\b"
    r"|\b(?:first|previously|originally|initially) (?:reported|stated|said)\b",
    re.I,
)
_RIGHT = re.compile(
    r"\b(?:it (?:is|was|should)|in fact|the (?:correct|right|actual)|actually|they (?:are|were))\b",
    re.I,
)
_OPPOSITES = tuple(
    (
        frozenset(s for w in one.split() for s in stems(w)),
        frozenset(s for w in other.split() for s in stems(w)),
    )
    for one, other in (
        ("approved passed backed", "rejected blocked defeated"),
        ("won", "lost"),
        ("convicted guilty", "acquitted cleared"),
        ("survived", "died killed"),
        ("accepted agreed", "refused declined"),
        ("confirmed", "denied"),
        ("rose increased", "fell dropped decreased"),
    )
)
_OUTCOMES = frozenset().union(*(side for sides in _OPPOSITES for side in sides))
_YEAR = re.compile(r"(?<![\d,.])(?:19|20)\d\d(?![\d,.]\d)")
_SIGNS = {"$": "money", "%": "percent"}
_SHARED_WORDS = 3
_SHARED = 0.5
_SHARED_OUTCOME = 0.6
_SHARED_AT_ALL = 0.4


@dataclass(frozen=True, slots=True)
class ToldValue:
    """The answer that one sentence gives; ``value`` occurs in it literally."""

    value: str
    quotation: Quotation

    @property
    def amount(self) -> float:
        """The number of the value in its sentence, including a scale such as "million"; 0 without
        one."""
        text = self.quotation.text
        start = place_of_whole(self.value, text) or 0
        end = start + len(self.value)
        return max((n.value for n in parse_numbers(text) if start <= n.start < end), default=0.0)


@dataclass(frozen=True, slots=True)
class Difference:
    """What two articles answer differently, the newer one first.

    ``changed`` says that the older answer was true of its day: a count that went on. ``about`` is
    how much of the question its sentence covers, from 0 to 1.
    """

    subject: str
    values: tuple[ToldValue, ToldValue]
    changed: bool = False
    about: float = 0.0

    @property
    def rises(self) -> bool:
        """Whether the newer figure is the greater one."""
        new, old = (told.amount for told in self.values)
        return new > old

    def note(self) -> Note:
        """Return a note on who says what."""
        first, second = ((told.value, _by(told.quotation.hit)) for told in self.values)
        return _differing_note(first, second)


@dataclass(frozen=True, slots=True)
class ConflictResolution:
    """Quotations with the other side of a disagreement and without what was corrected, and notes on
    it; ``withdrawn`` are the sentences that still say what was corrected."""

    quotations: tuple[Quotation, ...]
    notes: tuple[Note, ...]
    withdrawn: frozenset[str] = frozenset()
    difference: Difference | None = None

    def differing(self, difference: Difference) -> ConflictResolution:
        """Return the resolution with both sides of a difference first."""
        sides = tuple(told.quotation for told in difference.values)
        said = {quotation.text for quotation in sides}
        rest = tuple(
            quotation
            for quotation in self.quotations
            if not any(text in quotation.text for text in said)
        )
        if difference.changed:
            return replace(self, quotations=(sides[0], *rest), difference=difference)
        notes = (*self.notes, difference.note())
        return replace(self, quotations=(*sides, *rest), notes=notes, difference=difference)


@dataclass(frozen=True, slots=True)
class _StatementFeatures:
    """A sentence with its figures and its other content words."""

    hit: SearchResult
    text: str
    figures: tuple[Figure, ...]
    words: frozenset[str]

    @property
    def by(self) -> str | Note:
        """The source and its date."""
        return _by(self.hit)

    def mentions(self, others: Sequence[Figure]) -> bool:
        """Return whether one of these numbers occurs here too, whatever it counts."""
        return any(each.value == other.value for each in _numbers(self.text) for other in others)

    @property
    def corrects(self) -> bool:
        return bool(_CORRECTS.search(self.text))


def reconcile(
    question: str, quotations: Sequence[Quotation], hits: Sequence[SearchResult]
) -> ConflictResolution:
    """Compare the quotations with the other results of the same stories; return what to quote.

    Both sentences of a disagreement are about what the question asks and are worded alike. At most
    one sentence is added. ``quotations`` must not be empty.
    """
    asked = frozenset(stems(" ".join(content_words(question))))
    kinds = expected_answer_type(question).kinds
    asked |= {sign for sign, kind in _SIGNS.items() if kind in kinds}
    quoted = [_statement_features(quotation.hit, quotation.text) for quotation in quotations]
    others = [
        _statement_features(hit, text)
        for hit in hits
        if _CORRECTS.search(hit.passage.text)
        or any(same_story(quotation.hit, hit) for quotation in quotations)
        for text in comparable_sentences(hit)
        if not _of_another_year(hit, text)
    ]
    for correction in sorted(
        (t for t in [*quoted, *others] if t.corrects and not is_order(t.hit, t.text)),
        key=_published,
        reverse=True,
    ):
        for told in (t for t in [*quoted, *others] if not t.corrects):
            replaced = _replaced(correction, told, asked)
            if replaced and (told in quoted or correction in quoted):
                return _corrected(correction, *replaced, quotations, [*quoted, *others])
    for told in quoted:
        for other in others:
            found = _differ(told, other, asked)
            if found is not None and not is_order(other.hit, other.text):
                return ConflictResolution(tuple(quotations), ()).differing(
                    _difference(question, (told, found[0]), (other, found[1]))
                )
    return ConflictResolution(tuple(quotations), ())


def _difference(
    question: str, first: tuple[_StatementFeatures, str], second: tuple[_StatementFeatures, str]
) -> Difference:
    """Return a difference; a figure that another day's report updates has ``changed``."""
    newer, older = (first, second)
    if _published(second[0])[:10] > _published(first[0])[:10]:
        newer, older = second, first
    days = [_published(told)[:10] for told, _ in (newer, older)]
    figure = not any(_OUTCOMES & set(stems(value)) for _, value in (newer, older))
    sides = (
        ToldValue(newer[1], Quotation(newer[0].hit, newer[0].text, 0.0)),
        ToldValue(older[1], Quotation(older[0].hit, older[0].text, 0.0)),
    )
    return Difference(question.strip(" ?"), sides, figure and all(days) and days[0] != days[1])


def _by(hit: SearchResult) -> str | Note:
    article = hit.passage.article
    source = article.source or article.title
    if not article.published_at:
        return source
    return Note("source-on-date", source=source, date=article.published_at[:10])


def _differing_note(first: tuple[str, str | Note], second: tuple[str, str | Note]) -> Note:
    return Note(
        "note-sources-differ",
        first=first[0],
        first_by=first[1],
        second=second[0],
        second_by=second[1],
    )


def comparable_sentences(hit: SearchResult) -> Iterator[str]:
    """Yield the sentences of a passage that can be quoted and aren't questions; check with
    ``is_order`` before showing one."""
    text = hit.passage.text
    for span in readable_sentences(text, hit.passage.article.title):
        sentence = text[span.start : span.end]
        if not asks(sentence):
            yield sentence


def differing(lines: Sequence[tuple[Passage, str]]) -> Iterator[tuple[int, int]]:
    """Yield pairs, by position, of sentences of one story's reports that are worded alike and give
    different figures or outcomes. A report that gives the other figure too differs from nobody."""
    told = [_statement_features(SearchResult(0, 0.0, passage), text) for passage, text in lines]
    given: dict[str, set[float]] = {}
    for one in told:
        article = one.hit.passage.article.article_id
        given.setdefault(article, set()).update(figure.value for figure in _numbers(one.text))
    telling = [n for n, one in enumerate(told) if one.figures or one.words & _OUTCOMES]
    for i, j in combinations(telling, 2):
        one, other = told[i], told[j]
        first, second = (each.hit.passage.article.article_id for each in (one, other))
        # There is no question for them to be about, so they have to say much the same.
        much = _SHARED_AT_ALL * max(len(one.words), len(other.words))
        if first == second or len(one.words & other.words) < much:
            continue
        if _contrary(one, other, one.words | _SIGNS.keys()) is None:
            continue
        known = {figure.value for figure in one.figures} & given[second]
        known |= {figure.value for figure in other.figures} & given[first]
        if not known:
            yield i, j


def corrects(text: str) -> bool:
    """Return whether a sentence corrects something."""
    return bool(_CORRECTS.search(text))


def retracted_numbers(correction: str) -> frozenset[float]:
    """Return the numbers that a correction says were wrong."""
    return frozenset(figure.value for figure in _sides(correction)[1])


def numbers_in(text: str) -> frozenset[float]:
    """Return the values of all numbers in a text."""
    return frozenset(figure.value for figure in _numbers(text))


def _statement_features(hit: SearchResult, text: str) -> _StatementFeatures:
    found = tuple(figures(text))
    numbers = {stem for figure in found for stem in stems(figure.text)}
    words = frozenset(stems(" ".join(content_words(text, "en")))) - numbers
    return _StatementFeatures(hit, text, found, words)


def _of_another_year(hit: SearchResult, text: str) -> bool:
    """Return whether a sentence speaks only of years before that of its report."""
    published = (hit.passage.article.published_at or "")[:4]
    years = _YEAR.findall(text)
    return bool(published and years) and all(year < published for year in years)


def _published(told: _StatementFeatures) -> str:
    return told.hit.passage.article.published_at or ""


def _alike(first: Set[str], second: Set[str], needed: float) -> bool:
    shared = len(first & second)
    return shared >= _SHARED_WORDS and shared >= needed * min(len(first), len(second))


def _differ(
    told: _StatementFeatures, other: _StatementFeatures, asked: Set[str]
) -> tuple[str, str] | None:
    """Return the words on which two sentences of one story differ."""
    return _contrary(told, other, asked) if same_story(told.hit, other.hit) else None


def _contrary(
    told: _StatementFeatures, other: _StatementFeatures, asked: Set[str]
) -> tuple[str, str] | None:
    if _alike(told.words, other.words, _SHARED) and asked & told.words & other.words:
        for one in told.figures:
            if one.unit not in asked:
                continue  # it counts something else than was asked
            own = [figure for figure in told.figures if figure.unit == one.unit]
            its = [figure for figure in other.figures if figure.unit == one.unit]
            said = told.mentions(its) or other.mentions(own)
            if its and not said and not any(a.equals(b) for a in own for b in its):
                return one.text, its[0].text
    if _alike(told.words, other.words, _SHARED_OUTCOME):
        for sides in _OPPOSITES:
            for yes, no in (sides, sides[::-1]):
                if (
                    told.words & yes
                    and other.words & no
                    and not told.words & no
                    and not other.words & yes
                ):
                    return _word(told.text, yes), _word(other.text, no)
    return None


def _word(text: str, wanted: Set[str]) -> str:
    return next(m[0] for m in re.finditer(r"\w+", text) if wanted & set(stems(m[0])))


def _replaced(
    correction: _StatementFeatures, told: _StatementFeatures, asked: Set[str]
) -> tuple[Figure, Figure] | None:
    """Return the right figure and the wrong one that ``told`` still has."""
    of_one = same_story(correction.hit, told.hit) or _alike(correction.words, told.words, _SHARED)
    if _published(correction) < _published(told) or not of_one or not asked & told.words:
        return None
    right, wrong = _sides(correction.text)
    for stale in told.figures:
        for bad in (figure for figure in wrong if figure.value == stale.value):
            of_it = [f for f in right if f.unit in (stale.unit, "") and f.value != bad.value]
            if of_it:
                return max(of_it, key=lambda f: f.unit == stale.unit), bad
    return None


def _sides(correction: str) -> tuple[list[Figure], list[Figure]]:
    """Return the figures that a correction gives and those that it takes back."""
    right: list[Figure] = []
    wrong: list[Figure] = []
    for figure in _numbers(correction):
        before = correction[: figure.start]
        bad = max((m.end() for m in _WRONG.finditer(before)), default=-1)
        good = max((m.end() for m in _RIGHT.finditer(before)), default=-1)
        (wrong if bad > good else right).append(figure)
    return right, wrong


def _numbers(text: str) -> Iterator[Figure]:
    """ "Not 820 as first reported": what is taken back often counts nothing in words."""
    found = list(figures(text))
    known = {figure.start for figure in found}
    yield from found
    for match in re.finditer(r"(?<![\w.,])\d(?:[\d,]*\d)?(?:\.\d+)?(?!\w|\.\d)", text):
        if match.start() not in known:
            value = float(match[0].replace(",", ""))
            yield Figure(value, "", match[0], match.start(), False)


def _corrected(
    correction: _StatementFeatures,
    good: Figure,
    bad: Figure,
    quotations: Sequence[Quotation],
    told: Sequence[_StatementFeatures],
) -> ConflictResolution:
    """Put the correction first, and leave out other sentences with the wrong figure."""

    def is_stale(text: str) -> bool:
        return any(figure.value == bad.value for figure in figures(text))

    first = Quotation(correction.hit, correction.text, max(q.score for q in quotations))
    rest = [
        quotation
        for quotation in quotations
        if quotation.text != correction.text and not is_stale(quotation.text)
    ]
    note = Note("note-corrected", good=good.text, bad=bad.text, by=correction.by)
    withdrawn = frozenset(t.text for t in told if not t.corrects and is_stale(t.text))
    return ConflictResolution((first, *rest), (note,), withdrawn)
