"""Summarize an article or a story without a model, with sentences taken verbatim."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.answering.conflicts import corrects, differing, numbers_in
from bot.answering.conflicts import retracted_numbers as taken_back_by
from bot.answering.figures import Figure, figures
from bot.answering.summaries.lexrank import (
    CentralityWeights,
    extract,
    in_reading_order,
    leans,
    likeness,
    quotable_sentences,
)
from bot.answering.summaries.models import CitedSentence
from retrieval.catalogue.coverage import Report
from retrieval.models import Passage
from retrieval.text.calendar_names import SHORT_MONTHS
from retrieval.text.stemming import stems
from retrieval.timestamps import DAY_MICROS

ARTICLE_SENTENCES = 5
_HAPPENED, _VOICES, _CHANGES, _DISPUTES, _FIGURES = 3, 4, 3, 2, 5
_LATER = timedelta(hours=12) // timedelta(microseconds=1)
_NOTHING_NEW = 0.5
_LEAD, _LEAD_PASSAGES, _OPENING = 500, 1, 2  # characters, passages and sentences
_NAME = re.compile(r"(?<!^)(?<![.!?] )\b[^\W\d_a-z][\w’'-]{2,}")

# The place of reported speech in an article tells little about its importance.
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
# "who died at 95 was", "in 1415 the last": these numbers don't count what follows.
_VERB = re.compile(
    r",?\s(?:is|was|are|were|has|had|have|will|would|could|the|he|she|it|they|who)\b"
)
_WORD = re.compile(r"\s+(?:(?:[A-Z]\.){2,}|[\w’'-]+)")
# Words that end the name of what is counted.
_NO_NAME = "(?!(?:and|or|in|on|of|to|for|from|at|by|with|as|was|were|is|are|had|has|have|who|that|which)\\b)"
# "46,000 UAW workers", "14 Navy ships".
_REST_OF_NAME = re.compile(rf"(?:\s[A-Z][\w’'-]*)*\s{_NO_NAME}[a-z][\w’'-]*")
# "25% on imported goods", "$4 million in compensatory damages".
_OF_WHAT = re.compile(
    rf"\s(?:of|on|in|for|from|to)(?:\s(?:the|its|their|his|her|all|a|an))?(?:\s{_NO_NAME}[\w’'-]+){{1,3}}"
)
# "37 felony counts", "24,000 rescue workers": one or two words name what is counted.
_NOUN = re.compile(rf"(?:\s{_NO_NAME}[\w’'-]+){{0,1}}\s[a-z’'-]{{2,}}s\b")
_DAY_OF_MONTH = re.compile(rf"\b(?:{'|'.join(SHORT_MONTHS)})[a-z]*\.?\s$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LoadedReport:
    """A report with its passages, as far as they are read."""

    report: Report
    passages: Sequence[Passage]


def article_lines(passages: Sequence[Passage]) -> list[CitedSentence]:
    """Return the sentences that summarize an article, in its order."""
    found = sorted(extract([passages], ARTICLE_SENTENCES), key=lambda one: one.place)
    return [CitedSentence.quoted(one) for one in found]


def lead_sentences(reports: Sequence[LoadedReport]) -> list[CitedSentence]:
    """Return up to three sentences that say what happened, in reading order."""
    stale = retracted_statements(reports)
    found = extract(_newest_first(reports), _HAPPENED, wanted=lambda text: not stale(text))
    return [CitedSentence.quoted(one) for one in in_reading_order(found)]


def retracted_statements(reports: Sequence[LoadedReport]) -> Callable[[str], bool]:
    """Return a function that tells whether a sentence has a number that a correction of the story
    retracts, or is a correction itself, which belongs to what changed."""
    corrections = [line.text for read in reports for line in _lines(read) if corrects(line.text)]
    wrong = frozenset[float]().union(*map(taken_back_by, corrections))

    def stale(text: str) -> bool:
        return corrects(text) or bool(wrong and wrong & numbers_in(text))

    return stale


def quoted_speakers(reports: Sequence[LoadedReport], told: Sequence[str]) -> list[CitedSentence]:
    """Return up to four sentences that say who said what, at most two per article."""
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
    """Return two sentences of different publishers that give different figures or outcomes of the
    same thing within a day; then denials by people named at the beginning of the story. What
    differs on another day has changed."""
    stale = retracted_statements(reports)
    at = {read.report.article.article_id: read.report.at for read in reports}
    told_by = [line for read in reports for line in _lines(read) if not stale(line.text)]

    def side_by_side(pair: Sequence[int]) -> bool:
        one, other = (told_by[n].passages[0].article for n in pair)
        return one.source != other.source and (
            abs(at[one.article_id] - at[other.article_id]) <= DAY_MICROS
        )

    pairs = differing([(line.passages[0], line.text) for line in told_by])
    lines = [told_by[n] for n in next(filter(side_by_side, pairs), ())]
    people = _names_at_the_beginning(reports)
    denied = extract(
        _newest_first(reports),
        _DISPUTES,
        _ANYWHERE,
        told=[*told, *(line.text for line in lines)],
        wanted=lambda text: (
            bool(_DISPUTES_IT.search(text) and people & set(_NAME.findall(text)))
            and not leans(text)
            and not stale(text)
        ),
    )
    return lines + [CitedSentence.quoted(one) for one in denied]


def changed(reports: Sequence[LoadedReport], told: Sequence[str]) -> list[CitedSentence]:
    """Return what corrections say, and what later reports say that the first ones didn't."""
    earlier, later = split_sections(reports)
    corrections = [line for read in reports for line in _lines(read) if corrects(line.text)]
    if not later:
        return corrections[:_CHANGES]
    new = dissimilar(later, earlier, [*told, *(line.text for line in corrections)])
    return [*corrections, *new][:_CHANGES]


def dissimilar(
    later: Sequence[LoadedReport], earlier: Sequence[LoadedReport], told: Sequence[str] = ()
) -> list[CitedSentence]:
    """Return the most important sentences at the beginning of later reports that no earlier one
    says: opening sentences, or ones with a new figure or name."""
    before = sentences_of(earlier)
    known = _facts_in(before)
    found = extract(
        [passages[:_LEAD_PASSAGES] for passages in _newest_first(later)],
        3 * _CHANGES,
        told=told,
        wanted=lambda text: not leans(text),
    )
    found = [one for one in found if one.place < _OPENING or _facts_in([one.text]) - known]
    if not found:
        return []
    texts = [*(one.text for one in found), *before]
    alike = likeness(texts)[: len(found), len(found) :]
    return [
        CitedSentence.quoted(one)
        for one, row in zip(found, alike, strict=True)
        if row.max(initial=0.0) < _NOTHING_NEW
    ]


def sentences_of(reports: Sequence[LoadedReport]) -> list[str]:
    """Return the sentences of reports that can be quoted."""
    return [line.text for read in reports for line in _lines(read)]


def split_sections(
    reports: Sequence[LoadedReport],
) -> tuple[list[LoadedReport], list[LoadedReport]]:
    """Return the first reports of a story, and those of half a day or more after the first."""
    first = min((read.report.at for read in reports), default=0)
    later = [read for read in reports if read.report.at - first >= _LATER]
    return [read for read in reports if read not in later], later


def _facts_in(texts: Sequence[str]) -> set[str]:
    """Return figures and names; all words in scripts without capitals."""
    found: set[str] = set()
    for text in texts:
        names = set(_NAME.findall(text))
        cased = text.lower() != text.upper()
        found |= names if cased else set(stems(text))
        found |= {f"{figure.value:g}{figure.unit}" for figure in figures(text)}
    return found


def _names_at_the_beginning(reports: Sequence[LoadedReport]) -> set[str]:
    leads = (read.passages[0].text[:_LEAD] for read in reports if read.passages)
    titles = (read.report.article.title for read in reports)
    return {name for text in (*leads, *titles) for name in _NAME.findall(text)}


def names_a_speaker(text: str) -> bool:
    """Return whether a sentence says who said something."""
    return bool(_SAYS.search(text) and _NAMED.search(text))


def key_figures(
    reports: Sequence[LoadedReport], most: int = _FIGURES
) -> list[tuple[str, CitedSentence]]:
    """Return up to ``most`` figures from the most important sentences, each with its sentence.
    Corrections, which have both the right and the wrong figure, are left out."""
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
    """Yield figures, except times of day, small numbers, and numbers that count nothing."""
    for figure in figures(sentence):
        behind = sentence[figure.start + len(figure.text) :]
        bare = figure.unit not in ("$", "%") and _VERB.match(behind)
        if bare or _DAY_OF_MONTH.search(sentence, 0, figure.start):
            continue
        if (figure.value >= 10 or figure.unit in "$%") and not _TIME.match(behind):
            yield figure


def _with_unit(sentence: str, figure: Figure) -> str:
    """Return the figure with what it counts: ``412 million crowns``."""
    end = figure.start + len(figure.text)
    if figure.unit == "%" or figure.text[:1] in "$£€¥":
        of = _OF_WHAT.match(sentence, end)
        return sentence[figure.start : of.end() if of else end]
    for word in _WORD.finditer(sentence[end:]):
        if figure.unit in ("$", *stems(word[0])):
            # For money the currency is the first word, or follows one that is skipped.
            named = (
                _REST_OF_NAME.match(sentence, end + word.end())
                if word[0].strip()[0].isupper()
                else None
            )
            if not named and not word[0].lower().endswith("s"):
                named = _NOUN.match(sentence, end + word.end())
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
