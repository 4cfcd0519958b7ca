"""Notes on how a question was read: its time, its spelling, its language."""

from __future__ import annotations

from datetime import timedelta

from babel import Locale, UnknownLocaleError

from bot.answering.answer_language import is_in_another_language
from bot.answering.models import Answer, Citation
from retrieval.errors import Note
from retrieval.models import SearchResults, TimePreference
from retrieval.text.language import detect_language
from retrieval.text.question_words import known_languages
from retrieval.timestamps import parse_span

# `python -m tests.benchmarks.languages` and `claim_languages` measure answers and checks in these.
MEASURED = frozenset(["en", "de", "es", "ru", "ar", "tr", "zh", "hi"])
# An event is reported on its eve, or some days after it.
_BEFORE, _AFTER = timedelta(days=2), timedelta(days=14)


def reading_notes(answer: Answer, found: SearchResults, typed: str) -> list[Note]:
    """Return notes on respelt words of the message ``typed``, on a language without support, and on
    an answer from another time than the one asked for.

    What a follow-up takes over from an earlier question was told about with its answer.
    """
    notes: list[Note] = [
        Note("note-respelled", word=one.word, instead=", ".join(one.instead))
        for one in found.respellings
        if one.word.casefold() in typed.casefold()
    ]
    if found.language not in known_languages():
        notes.append(Note("note-language-not-known", language=_own_name(found.language)))
    notes += _unmeasured(answer, found)
    preferred = found.preferred
    if answer.abstained or preferred is None or not answer.citations:
        return notes
    if any(_is_of(citation, preferred) for citation in answer.citations):
        return notes
    dates = sorted(c.article.published_at for c in answer.citations if c.article.published_at)
    if dates:
        notes.append(Note("note-other-time", phrase=preferred.phrase, day=dates[-1]))
    return notes


def _unmeasured(answer: Answer, found: SearchResults) -> list[Note]:
    """Return a note for each language of the sources in which neither answers nor checks are
    measured."""
    if answer.abstained:
        return []
    cited = {citation.article.article_id for citation in answer.citations}
    texts = [h.passage.text for h in found.hits if h.passage.article.article_id in cited]
    codes = dict.fromkeys(
        code
        for text in texts
        if (code := detect_language(text)) not in MEASURED
        and code is not None
        and is_in_another_language(text, MEASURED)  # the detector takes some English for Scots
    )
    return [Note("note-language-not-measured", language=_own_name(code)) for code in codes]


def _own_name(code: str) -> str:
    """Return a language's name in itself; its code if that is unknown."""
    try:
        return Locale(code).display_name or code
    except (UnknownLocaleError, ValueError):
        return code


def _is_of(citation: Citation, preferred: TimePreference) -> bool:
    """Return whether a source was published around that time or speaks of it."""
    published_at = citation.article.published_at
    if any(word.isdigit() and word in citation.quote for word in preferred.phrase.split()):
        return True
    if published_at is None:
        return False
    span = parse_span(published_at)
    since, until = preferred.since, preferred.until
    if (since is None or span.end >= since - _BEFORE) and (
        until is None or span.start <= until + _AFTER
    ):
        return True
    from retrieval.text.time_expressions.mentions import day_mentions

    days = [mention.day for mention in day_mentions(citation.quote, span.start.date())]
    return any(
        (since is None or day >= since.date()) and (until is None or day <= until.date())
        for day in days
    )
