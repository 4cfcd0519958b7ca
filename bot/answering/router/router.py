"""From a message and what was said before it to what is to be done."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from bot.answering.conversation import Conversation, is_follow_up
from bot.answering.router.classifier import (
    BEYOND,
    KINDS,
    LEANING,
    SMALL_TALK,
    Guess,
    Kind,
    classify,
    learned,
    learned_thresholds,
)
from bot.answering.router.subjects import may_be_talk, subject_of
from bot.answering.router.wrapping import asks_something, spelt_out, unwrapped
from retrieval.runtime.executors import ASKING
from retrieval.search.query import content_words
from retrieval.text.question_language import question_language
from retrieval.text.question_words import plainly, question_words
from retrieval.text.time_expressions import read_time
from retrieval.text.time_expressions.options import whole_period
from retrieval.text.words import has_unspaced

_FEW_WORDS = 4
_SHORT = 3
# Below this it is taken for news; a language model is asked, where one is configured.
_UNSURE = 0.4
_QUESTION_MARKS = ("?", "？", "؟", "\u037e")
_NO_WORD = re.compile(r"^\W*$")


@dataclass(frozen=True, slots=True)
class RoutedMessage:
    """A message as it was read. ``question`` is what of it is looked for, ``subject`` what it is
    about; ``language`` a code such as "en"."""

    text: str
    question: str
    kind: Kind
    subject: str
    language: str


# From a message to the word of a model for its kind, None if it has none.
Ask: TypeAlias = Callable[[str], Awaitable[str | None]]


async def read_message(
    text: str, conversation: Conversation, as_of: datetime, ask: Ask | None = None
) -> RoutedMessage:
    """Read a message that follows ``conversation``, at the moment ``as_of``.

    ``ask`` is asked for the kind, one of ``KINDS``, where the classifier is unsure of it.
    """
    bare, kind, guess = await ASKING.run(_guessed, text, conversation, as_of)
    if ask is not None and kind not in LEANING and guess.kinds[0][1] < _UNSURE:
        word = await ask(bare)
        kind = next((known for known in KINDS if known == word), kind)
    return await ASKING.run(_routed, text, bare, kind, guess, conversation, as_of)


def _guessed(text: str, conversation: Conversation, as_of: datetime) -> tuple[str, Kind, Guess]:
    """A message out of its wrapping, and its kind."""
    bare = unwrapped(text)
    guess = classify(bare)
    if bare.casefold().strip() != text.casefold().strip():
        whole = classify(text)
        if guess.best in SMALL_TALK or (whole.best in SMALL_TALK and len(bare.split()) <= 2):
            guess = max(guess, whole, key=lambda one: one.kinds[0][1])
    return bare, _kind(bare, guess, conversation, as_of), guess


def _routed(
    text: str, bare: str, kind: Kind, guess: Guess, conversation: Conversation, as_of: datetime
) -> RoutedMessage:
    language = guess.language or _language_of(conversation)
    subject = _subject(bare, kind, as_of)
    if (
        kind == "digest"
        and subject
        and not _names_a_time(bare, as_of)
        and whole_period(subject, as_of, UTC) is None
    ):
        kind = "topic"  # "ferry news" names no time
    if language == "en":
        subject = spelt_out(subject)
    question = spelt_out(bare) if language == "en" and kind != "digest" else bare
    return RoutedMessage(text, question, kind, subject, language)


def _language_of(conversation: Conversation) -> str:
    """The language of the last question, English where that tells none."""
    if conversation.last is None:
        return "en"
    return classify(conversation.last.question).language or "en"


def _kind(text: str, guess: Guess, conversation: Conversation, as_of: datetime) -> Kind:
    if _NO_WORD.match(text):
        return guess.best if guess.best in SMALL_TALK else "chat"
    if conversation.last is None:
        if _asks_elsewhere(text):
            return "question"
        # Without an answer before it, "why?" is unclear and "tell me more about X" a topic.
        if guess.best in LEANING and guess.kinds[0][1] >= 0.5 and len(text.split()) <= _SHORT:
            return guess.best
        surest = guess.kinds[0][1]
        guess = guess.without(LEANING)
        if surest < _UNSURE:
            return _news_kind(text, guess)
    elif leaning := _leaning(text, guess):
        return leaning
    best, share = guess.kinds[0]
    sure = learned_thresholds().kinds
    talking = next(kind for kind, _ in guess.kinds if kind in SMALL_TALK)
    if guess.of(*SMALL_TALK) >= sure[talking]:
        if len(text.split()) <= _SHORT and not may_be_talk(text):
            return _news_kind(text, guess)
        return talking
    if best in ("general", "opinion") and _names_a_time(text, as_of):
        return _news_kind(text, guess)
    likely = guess.of(*BEYOND) if best in BEYOND else share
    if best in SMALL_TALK or likely < sure.get(best, 0.0):
        return _news_kind(text, guess)
    return best


def _leaning(text: str, guess: Guess) -> Kind | None:
    """The kind of a message that goes on from the answer before it; None if it stands alone."""
    best, share = guess.kinds[0]
    words = content_words(text)
    sure = learned_thresholds().kinds
    if best in LEANING and best != "followup" and share >= sure[best]:
        return best
    if best in SMALL_TALK and share >= sure[best]:
        return None
    if best == "followup" and share >= sure[best] and len(words) <= 2 * _FEW_WORDS:
        return "followup"
    if is_follow_up(text) and guess.of("help", "status", "chore", *SMALL_TALK) < 0.6:
        return "followup"
    if guess.of("followup") >= 0.25 and len(words) <= _FEW_WORDS and text.islower():
        return "followup"
    return None


def _news_kind(text: str, guess: Guess) -> Kind:
    """What articles are asked for a message of which it isn't sure what it is."""
    asks = text.rstrip().endswith(_QUESTION_MARKS) or asks_something(text)
    return "topic" if guess.of("topic") > guess.of("question") and not asks else "question"


def _asks_elsewhere(text: str) -> bool:
    """Whether a text asks something in a language that no kinds of messages were learned in."""
    if len(text.split()) <= _SHORT and not has_unspaced(text):
        return False
    language = question_language(text)
    if language in learned().names:
        return False
    listed = question_words(language)
    ends = text.rstrip().endswith((*_QUESTION_MARKS, ";" if language == "el" else "?"))
    return ends or listed is None or listed.question.search(plainly(text)) is not None


def _names_a_time(text: str, as_of: datetime) -> bool:
    return read_time(text, as_of, UTC).since is not None


def _subject(question: str, kind: Kind, as_of: datetime) -> str:
    if kind in ("digest", "topic", "summary", "timeline"):
        question = read_time(question, as_of, UTC).rest
    return subject_of(question, kind)
