"""What the passages found say about a question, without a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answering.assembly import answer_of_quotations
from bot.answering.conflicts import ConflictResolution, reconcile
from bot.answering.differing_answers import differing_answer, thresholds
from bot.answering.extractive import Selection, select
from bot.answering.extractive.answer_spans import answer_spans
from bot.answering.models import Answer, Reason
from bot.answering.replies.decline_reasons import with_names
from bot.answering.replies.told_differences import with_difference
from retrieval.models import SearchResults
from retrieval.text.answer_types import AnswerKind, expected_answer_type

# The most specific first: a price is a number too, but a number needn't be a price.
_AMOUNTS: tuple[AnswerKind, ...] = ("money", "percent", "number")


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What is quoted. ``reason`` says why nothing should be answered, or is None; ``missing`` are
    names of the question that no article for its answer has."""

    selection: Selection
    resolution: ConflictResolution
    reason: Reason | None = None
    missing: tuple[str, ...] = ()

    def answer(self, found: SearchResults, language: str) -> Answer:
        """Return the answer made of quotations; ``language`` is the code for the bot's own
        words."""
        answer = answer_of_quotations(found, self.resolution)
        difference = self.resolution.difference
        return answer if difference is None else with_difference(answer, difference, language)


def read_answer(found: SearchResults, words: str | None) -> ReadAnswer:
    """Choose what to quote, and judge whether it answers.

    The names among ``words`` have to occur in what is quoted; None requires none. It takes a few
    milliseconds: call it in a worker thread.
    """
    selection = select(found)
    if not selection.quotations:
        return ReadAnswer(selection, ConflictResolution((), ()), selection.reason)
    selection = _of_now_first(found, selection)
    reason = selection.reason
    missing: Sequence[str] = ()
    if reason is None and words is not None and found.language == "en":
        selection, missing = with_names(words, found, selection)
        reason = "too-thin" if missing or _lacks_amount(found.question, selection) else None
    resolution = reconcile(found.question, selection.quotations, found.hits)
    if not resolution.notes and resolution.difference is None:
        difference = differing_answer(found, selection)
        if difference is not None:
            resolution = resolution.differing(difference)
            if difference.about >= thresholds().sure:
                reason = None
    return ReadAnswer(selection, resolution, reason, tuple(missing) if reason else ())


def _of_now_first(found: SearchResults, selection: Selection) -> Selection:
    """Put older sentences last if a question is about a time that reaches to now ("this year")."""
    preferred = found.preferred
    if preferred is None or not preferred.articles or preferred.since is None:
        return selection
    if preferred.until is not None and preferred.until < found.until:
        return selection
    ordered = sorted(
        selection.quotations,
        key=lambda each: not preferred.covers(each.hit.passage.article.published_at),
    )
    return replace(selection, quotations=tuple(ordered))


def _lacks_amount(question: str, selection: Selection) -> bool:
    """Return whether an amount is asked for and no quoted sentence has one of that kind."""
    kinds = expected_answer_type(question).kinds
    wanted = next((kind for kind in _AMOUNTS if kind in kinds), None)
    if wanted is None:
        return False
    enough = {wanted, "date"} & kinds  # "how long" may be answered by dates
    told = (span for each in selection.quotations for span in answer_spans(each.text, frozenset()))
    return not any(enough & span.kinds for span in told)
