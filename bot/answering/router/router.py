"""Read a message and what was said before it, and decide what is to be done."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from bot.answering.conversation import Conversation, Turn
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
from bot.answering.router.leaning import leaning, learned_leaning
from bot.answering.router.openings import with_opening_mended
from bot.answering.router.subjects import may_be_talk, subject_of
from bot.answering.router.wrapping import asks_something, spelt_out, unwrapped
from retrieval.indexes.common_words import is_common
from retrieval.runtime.executors import ASKING
from retrieval.search.query import content_words
from retrieval.text.question_language import question_language
from retrieval.text.question_words import plainly, question_words
from retrieval.text.time_expressions import read_time
from retrieval.text.time_expressions.options import whole_period
from retrieval.text.words import has_unspaced

_SHORT = 3
# Less likely kinds count as news; a language model is asked if one is configured.
_UNSURE = 0.4
_QUESTION_MARKS = ("?", "？", "؟", "\u037e")
_NO_WORD = re.compile(r"^\W*$")


@dataclass(frozen=True, slots=True)
class RoutedMessage:
    """A message as it was read. ``question`` is what to search for, ``subject`` what it is about;
    ``language`` is a code such as "en"; ``leans`` is the probability that it continues from the
    turn before it."""

    text: str
    question: str
    kind: Kind
    subject: str
    language: str
    leans: float = 0.0

    @property
    def either(self) -> bool:
        """Whether it is unclear if it continues from the turn before it or stands alone."""
        model = learned_leaning()
        return model.maybe <= self.leans < model.surely


_NOTHING = Turn("", "")

# Returns a model's word for the kind of a message; None if it has none.
Ask: TypeAlias = Callable[[str], Awaitable[str | None]]


async def read_message(
    text: str, conversation: Conversation, as_of: datetime, ask: Ask | None = None
) -> RoutedMessage:
    """Read a message that follows ``conversation``, at the moment ``as_of``.

    ``ask`` is asked for the kind, one of ``KINDS``, if the classifier is unsure. Raises
    ``EmbedderError``.
    """
    bare, guess, leans, kind = await ASKING.run(_guessed_kind, text, conversation, as_of)
    if ask is not None and kind not in LEANING and guess.kinds[0][1] < _UNSURE:
        word = await ask(bare)
        kind = next((known for known in KINDS if known == word), kind)
    message = await ASKING.run(_routed, text, bare, kind, guess, conversation, as_of)
    return replace(message, leans=leans or 0.0)


def _guessed_kind(
    text: str, conversation: Conversation, as_of: datetime
) -> tuple[str, Guess, float | None, Kind]:
    """Return a message without its wrapping, its possible kinds, the probability that it continues
    from the last turn (None if there is none), and its kind."""
    bare, guess = _guessed(text)
    last = conversation.last
    leans = None if last is None else leaning(bare, guess, last)
    return bare, guess, leans, _kind(bare, guess, leans, as_of)


def _guessed(text: str) -> tuple[str, Guess]:
    """Return a message without its wrapping, and its possible kinds."""
    meant = unwrapped(text)
    bare = with_opening_mended(meant)
    guess = classify(bare)
    if meant.casefold().strip() != text.casefold().strip():
        whole = classify(text)
        if guess.best in SMALL_TALK or (whole.best in SMALL_TALK and len(bare.split()) <= 2):
            guess = max(guess, whole, key=lambda one: one.kinds[0][1])
    return bare, guess


def _routed(
    text: str, bare: str, kind: Kind, guess: Guess, conversation: Conversation, as_of: datetime
) -> RoutedMessage:
    language = guess.language
    # A short name resembles one language or another.
    name = kind == "topic" and conversation.last is not None and len(bare.split()) < _SHORT
    if language is None or name:
        language = _language_of(conversation)
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
    """Return the language of the last question; English if it doesn't tell."""
    if conversation.last is None:
        return "en"
    return classify(conversation.last.question).language or "en"


def _kind(text: str, guess: Guess, leans: float | None, as_of: datetime) -> Kind:
    if _NO_WORD.match(text):
        return guess.best if guess.best in SMALL_TALK else "chat"
    if leans is None:
        if _asks_elsewhere(text):
            return "question"
        # Without an answer before it, "why?" is unclear and "tell me more about X" a topic.
        unclear = leaning(text, guess, _NOTHING) >= learned_leaning().surely
        unclear &= guess.best != "followup" or not _has_a_name(text, guess.language)
        if guess.best in LEANING and unclear and len(text.split()) <= _SHORT:
            return guess.best
        surest = guess.kinds[0][1]
        guess = guess.without(LEANING)
        if surest < _UNSURE:
            return _news_kind(text, guess)
    elif going_on := _leaning(guess, leans):
        return going_on
    else:
        guess = guess.without(LEANING)
    best, share = guess.kinds[0]
    sure = learned_thresholds().kinds
    talking = next(kind for kind, _ in guess.kinds if kind in SMALL_TALK)
    if guess.of(*SMALL_TALK) >= sure[talking]:
        if len(text.split()) <= _SHORT and not may_be_talk(text, guess):
            return _news_kind(text, guess)
        return talking
    if best in ("general", "opinion") and _names_a_time(text, as_of):
        return _news_kind(text, guess)
    likely = guess.of(*BEYOND) if best in BEYOND else share
    if best in SMALL_TALK or likely < sure.get(best, 0.0):
        return _news_kind(text, guess)
    # A message with a name is about the bot only if that is likelier than everything else.
    if best in ("status", "help") and share < 0.5 and _has_a_name(text, guess.language):
        return _news_kind(text, guess)
    return best


def _has_a_name(text: str, language: str | None) -> bool:
    """Return whether a text in English, or in no language, has a word that isn't common in all
    kinds of news."""
    return language in (None, "en") and not all(map(is_common, content_words(text)))


def _leaning(guess: Guess, leans: float) -> Kind | None:
    """Return the kind of a message that continues from the answer before it; None if it stands
    alone."""
    sure = learned_thresholds().kinds
    best, share = guess.kinds[0]
    if best in SMALL_TALK and share >= sure[best]:
        return None
    if leans < learned_leaning().sure:
        return None
    kind, share = next((kind, share) for kind, share in guess.kinds if kind in LEANING)
    return kind if share >= sure[kind] else "followup"


def _news_kind(text: str, guess: Guess) -> Kind:
    """Return what articles are asked for by a message of unclear kind."""
    asks = text.rstrip().endswith(_QUESTION_MARKS) or asks_something(spelt_out(text))
    return "topic" if guess.of("topic") > guess.of("question") and not asks else "question"


def _asks_elsewhere(text: str) -> bool:
    """Return whether a text asks something in a language that the classifier wasn't trained on."""
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
