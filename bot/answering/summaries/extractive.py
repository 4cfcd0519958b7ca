"""Summaries of an article or a story without a model: sentences as they stand there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.answering.conflicts import corrects, differing, numbers_in
from bot.answering.conflicts import retracted_numbers as taken_back_by
from bot.answering.figures import Figure, figures
from bot.answering.summaries.lexrank import CentralityWeights, extract, likeness, quotable_sentences
from bot.answering.summaries.models import CitedSentence
from retrieval.catalogue.coverage import Report
from retrieval.indexes.keyword_schema import stems
from retrieval.models import Passage

ARTICLE_SENTENCES = 5
_HAPPENED, _VOICES, _CHANGES, _DISPUTES, _FIGURES = 3, 4, 3, 2, 5
_LATER = timedelta(hours=12) // timedelta(microseconds=1)
_NOTHING_NEW = 0.5

# What somebody says says little of where in an article it stands.
_ANYWHERE = CentralityWeights(lead=0.2)
_SAYS = re.compile(
    r"\b(?:said|says|told|according to|warned|argued|argues|claimed|claims|insisted|insists|announced|denied|denies"
    r"|criticis?z?ed|called for|called on|accused|demanded|urged|wrote|tweeted|promised|vowed)\b"
)
_NAMED = re.compile(r"(?<=\s)[A-Z][\w’'-]+|^[A-Z][\w’'-]+\s[A-Z]|[“\"]")
_DISPUTES_IT = re.compile(
    r"\b(?:den(?:y|ies|ied)|disput(?:e|es|ed)|reject(?:s|ed) the|contradict(?:s|ed)?|contest(?:s|ed)"
    r"|refut(?:es|ed)|dismiss(?:es|ed) (?:the )?(?:claims?|allegations?|accusations?|reports?)"
    r"|could not be (?:independently )?verified)\b",
    re.IGNORECASE,
)


_TIME = re.compile(r"\s?[ap]\.?m\b", re.IGNORECASE)
_WORD = re.compile(r"\s+(?:(?:[A-Z]\.){2,}|[\w’'-]+)")
# "46,000 UAW workers", "14 Navy ships".
_REST_OF_NAME = re.compile(
    r"(?:\s[A-Z][\w’'-]*)*\s(?!(?:and|or|in|on|of|to|for|from|at|by|with|as|was|were|is|are|had|has|have|who|that)\b)[a-z][\w’'-]*"
)


@dataclass(frozen=True, slots=True)
class LoadedReport:
    """A report with its passages, as far as they are read."""

    report: Report
    passages: Sequence[Passage]


def article_lines(passages: Sequence[Passage]) -> list[CitedSentence]:
    """The sentences that sum up an article, in the article's order."""
    found = sorted(extract([passages], ARTICLE_SENTENCES), key=lambda one: one.place)
    return [CitedSentence.quoted(one) for one in found]


def lead_sentences(reports: Sequence[LoadedReport]) -> list[CitedSentence]:
    stale = retracted_statements(reports)
    found = extract(
        _newest_first(reports),
        _HAPPENED,
        wanted=lambda text: not stale(text),
    )
    return [CitedSentence.quoted(one) for one in found]


def retracted_statements(reports: Sequence[LoadedReport]) -> Callable[[str], bool]:
    """Tells of a sentence whether it has a number that a correction of the story takes back; of a
    correction too, since what it says belongs to what changed."""
    corrections = [line.text for read in reports for line in _lines(read) if corrects(line.text)]
    wrong = frozenset[float]().union(*map(taken_back_by, corrections))

    def stale(text: str) -> bool:
        return corrects(text) or bool(wrong and wrong & numbers_in(text))

    return stale


def quoted_speakers(reports: Sequence[LoadedReport], told: Sequence[str]) -> list[CitedSentence]:
    """Who says what: sentences that say who said it, no more than two of an article."""
    stale = retracted_statements(reports)
    found = extract(
        _newest_first(reports),
        3 * _VOICES,
        _ANYWHERE,
        told=told,
        wanted=lambda text: names_a_speaker(text) and not stale(text),
    )
    chosen: list[CitedSentence] = []
    for one in found:
        of_it = sum(line.passages[0].article == one.passage.article for line in chosen)
        if of_it < 2 and len(chosen) < _VOICES:
            chosen.append(CitedSentence.quoted(one))
    return chosen


def disputed(reports: Sequence[LoadedReport], told: Sequence[str]) -> list[CitedSentence]:
    """Sentences of two reports that give another figure or outcome of the same thing, both of them,
    then what somebody denies."""
    stale = retracted_statements(reports)
    told_by = [line for read in reports for line in _lines(read) if not stale(line.text)]
    pair = next(differing([(line.passages[0], line.text) for line in told_by]), ())
    lines = [told_by[n] for n in pair]
    denied = extract(
        _newest_first(reports),
        _DISPUTES,
        _ANYWHERE,
        told=[*told, *(line.text for line in lines)],
        wanted=lambda text: bool(_DISPUTES_IT.search(text)) and not stale(text),
    )
    return lines + [CitedSentence.quoted(one) for one in denied]


def changed(reports: Sequence[LoadedReport], told: Sequence[str]) -> list[CitedSentence]:
    """What corrections say, and what later reports tell that the first ones did not."""
    earlier, later = split_sections(reports)
    corrections = [line for read in reports for line in _lines(read) if corrects(line.text)]
    if not later:
        return corrections[:_CHANGES]
    new = dissimilar(later, earlier, [*told, *(line.text for line in corrections)])
    return [*corrections, *new][:_CHANGES]


def dissimilar(
    later: Sequence[LoadedReport], earlier: Sequence[LoadedReport], told: Sequence[str] = ()
) -> list[CitedSentence]:
    """The most telling sentences of later reports that say what no earlier one says."""
    found = extract(_newest_first(later), 2 * _CHANGES, told=told)
    if not found:
        return []
    texts = [*(one.text for one in found), *sentences_of(earlier)]
    alike = likeness(texts)[: len(found), len(found) :]
    return [
        CitedSentence.quoted(one)
        for one, row in zip(found, alike, strict=True)
        if row.max(initial=0.0) < _NOTHING_NEW
    ]


def sentences_of(reports: Sequence[LoadedReport]) -> list[str]:
    """What reports say that can be quoted."""
    return [line.text for read in reports for line in _lines(read)]


def split_sections(
    reports: Sequence[LoadedReport],
) -> tuple[list[LoadedReport], list[LoadedReport]]:
    """The first reports of a story, and those that came half a day and more after the first."""
    first = min((read.report.at for read in reports), default=0)
    later = [read for read in reports if read.report.at - first >= _LATER]
    return [read for read in reports if read not in later], later


def names_a_speaker(text: str) -> bool:
    return bool(_SAYS.search(text) and _NAMED.search(text))


def key_figures(
    reports: Sequence[LoadedReport], most: int = _FIGURES
) -> list[tuple[str, CitedSentence]]:
    """The figures of the most telling sentences that have one, each with its sentence; not those
    of a correction, which has the right and the wrong one together."""
    stale = retracted_statements(reports)

    def wanted(text: str) -> bool:
        return any(_telling_figures(text)) and not stale(text)

    found: list[tuple[str, CitedSentence]] = []
    seen: set[tuple[float, str]] = set()
    telling = extract(_newest_first(reports), 2 * most, wanted=wanted)
    for one in telling:
        for figure in _telling_figures(one.text):
            if (figure.value, figure.unit) in seen or len(found) == most:
                continue
            seen.add((figure.value, figure.unit))
            found.append((_with_unit(one.text, figure), CitedSentence.quoted(one)))
    return found


def _telling_figures(sentence: str) -> Iterator[Figure]:
    """Not the time of day, and not two of something."""
    for figure in figures(sentence):
        behind = sentence[figure.start + len(figure.text) :]
        if (figure.value >= 10 or figure.unit in "$%") and not _TIME.match(behind):
            yield figure


def _with_unit(sentence: str, figure: Figure) -> str:
    """``412 million crowns``: the figure up to the word for what it counts."""
    end = figure.start + len(figure.text)
    if figure.unit == "%" or figure.text[:1] in "$£€¥":
        return figure.text
    for word in _WORD.finditer(sentence[end:]):
        if figure.unit in ("$", *stems(word[0])):
            # Of money the currency is the first word, or stands behind one that is skipped.
            named = (
                _REST_OF_NAME.match(sentence, end + word.end())
                if word[0].strip()[0].isupper()
                else None
            )
            return sentence[figure.start : named.end() if named else end + word.end()]
        if word.end() > 40:
            break
    return figure.text


def _lines(read: LoadedReport) -> Iterator[CitedSentence]:
    for passage in read.passages:
        for text in quotable_sentences(passage):
            yield CitedSentence(text, (passage,), (text,))


def _newest_first(reports: Sequence[LoadedReport]) -> list[Sequence[Passage]]:
    return [read.passages for read in reversed(reports)]
