"""Find the questions in a message, and the part of each that asks."""

from __future__ import annotations

import re
from functools import cache

from bot.answering.extractive.answer_words import answer_words
from retrieval.text.question_words import question_words

_SENTENCE_END = re.compile(
    r"(?:(?<=[^\W\d_]{3}[.?!])|(?<=[”\"’][.?!])|(?<=[.?!][”\"]))\s+(?=[\"“‘]?[A-Z])"
)
_QUESTION_END = re.compile(r"(?<=[?？؟])\s*(?=\w)")


def separate_questions(question: str, language: str = "en") -> list[str]:
    """Split an English message that asks two things ("who won, and where was it held?"); any other
    message is returned whole.

    The first part names the subject; statements before a question belong to it.
    """
    if language != "en":
        return [question]
    asking = _asking(language)
    parts: list[str] = []
    for sentence in _QUESTION_END.split(question.strip()):
        pieces = _two_questions().split(sentence)
        if len(pieces) > 1 and not asking.search(pieces[0]):
            pieces = [sentence]
        for piece in pieces:
            if (parts and not asking.search(parts[-1])) or (parts and not asking.search(piece)):
                parts[-1] = f"{parts[-1]} {piece}"
            else:
                parts.append(piece)
    return parts


def asking_part(question: str, language: str = "en") -> str:
    """Return a message from the first sentence that asks; what leads up to it is left out."""
    asking = _asking(language)
    sentences = _SENTENCE_END.split(question.strip())
    for number, sentence in enumerate(sentences):
        if asking.search(sentence):
            return " ".join(sentences[number:])
    return question


@cache
def _asking(language: str) -> re.Pattern[str]:
    """Return the pattern of question words; of English ones if those of the language aren't
    known."""
    listed = question_words(language) or question_words("en")
    return listed.question if listed else re.compile("(?!)")


@cache
def _two_questions() -> re.Pattern[str]:
    return re.compile(answer_words()["two_questions"], re.I)
