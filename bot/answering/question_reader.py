"""Finds what a question asks for and reads it, once more if it may be misspelt."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC

from bot.answering.answer_request import AnswerRequest
from bot.answering.extractive.answer_words import answer_words
from bot.answering.misspelt import near_words, respelt
from bot.answering.quoted_answer import ReadAnswer, read_answer
from bot.answering.replies.coverage import with_earlier
from bot.answering.replies.decline_reasons import doubtful_names, is_name
from retrieval.library import Library
from retrieval.models import SearchResults
from retrieval.runtime.executors import ASKING
from retrieval.text.time_expressions import read_time

_YEAR = re.compile(r"(?<![\w-])20\d\d(?![\w-])")


def years_ahead(question: str, year: int) -> tuple[str, ...]:
    """Return the years after ``year`` whose outcomes a question asks for, which no report can
    know."""
    if not re.search(answer_words()["outcomes"], question, re.IGNORECASE):
        return ()
    return tuple(each for each in _YEAR.findall(question) if int(each) > year)


class QuestionReader:
    """Searches a library for a question and reads what is found."""

    def __init__(self, library: Library) -> None:
        self._library = library

    async def read(
        self, asked: AnswerRequest, *, follows: bool
    ) -> tuple[SearchResults, ReadAnswer]:
        """Return what is found and what it says; searched again with corrected spelling if that is
        nothing.

        Raises what ``Library.search`` raises.
        """
        found = await self.search(asked, asked.question)
        last = asked.conversation.last
        if follows and last is not None:
            found = await with_earlier(self._library, found, last)
        # The words that a follow-up was filled in with needn't occur where its answer does.
        words = None
        if last is None:
            words = read_time(asked.question, asked.within.as_of, UTC).rest
        read = await ASKING.run(read_answer, found, words)
        if read.reason is None:
            return found, await self._unless_missing(asked, words, found, read)
        if words is None or read.reason not in ("too-thin", "nothing-on-it"):
            return found, read
        slips = await ASKING.run(near_words, words, found)
        if slips:
            again = await self.search(asked, respelt(asked.question, slips))
            meant = respelt(words, slips)
            other = await ASKING.run(read_answer, again, meant)
            if other.reason is None:
                other = await self._unless_missing(asked, meant, again, other)
                return replace(again, respellings=(*again.respellings, *slips)), other
        return found, read

    async def _unless_missing(
        self, asked: AnswerRequest, words: str | None, found: SearchResults, read: ReadAnswer
    ) -> ReadAnswer:
        """Return ``read``, or a decline if no report can have an outcome or name that is asked
        about."""
        missing = years_ahead(asked.question, asked.within.as_of.year)
        # In other languages capitals don't mark names, or names are inflected.
        if not missing and words is not None and found.language == "en":
            missing = await self._names_missing(asked, words, found, read)
        return replace(read, reason="too-thin", missing=missing) if missing else read

    async def _names_missing(
        self, asked: AnswerRequest, words: str, found: SearchResults, read: ReadAnswer
    ) -> tuple[str, ...]:
        """Return the names of a question that are known here, but occur in nothing found for it."""
        quoted = read.selection.quotations
        doubtful = await ASKING.run(doubtful_names, words, found, quoted)
        missing = []
        for word in doubtful:
            elsewhere = await self._library.search(word, asked.within, corpus=asked.corpus)
            if await ASKING.run(is_name, word, elsewhere):
                missing.append(word)
        return tuple(missing)

    async def search(self, asked: AnswerRequest, question: str) -> SearchResults:
        """Return what is found for ``question`` in the range and corpus of ``asked``."""
        return await self._library.search(
            question,
            asked.within,
            corpus=asked.corpus,
            source=asked.source,
            limit=asked.limit,
            day_first=asked.day_first,
        )
