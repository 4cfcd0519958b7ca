"""Answer questions about words that somebody is said to have used, from where they occur, or
decline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.answering.models import Answer
from bot.answering.prompt_injection import STRAY, orders_in, overlaps
from bot.answering.replies.flatten import quoted, quoted_answer
from retrieval.catalogue.coverage import passages_quoting
from retrieval.library import Library
from retrieval.models import Passage
from retrieval.runtime.executors import ASKING
from retrieval.text.sentences import sentence_spans
from retrieval.timestamps import TimeRange

if TYPE_CHECKING:
    from bot.answering.summaries.models import CitedSentence

_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{6,200})[\"”“»]|(?<!\w)['‘]([^'‘’]{6,200})['’](?!\w)")
_LEAST_WORDS = 3
_MOST = 2
# Least share of the question in the quotation; below it the question is about something else.
_SHARE = 0.35


def quoted_words(question: str) -> str | None:
    """Return the words that a question about who said them quotes; None for other questions."""
    found = _QUOTED.search(question)
    words = (found[1] or found[2]).strip(" .,;:!?…") if found else ""
    if len(words.split()) < _LEAST_WORDS or len(words) < _SHARE * len(question):
        return None
    return words


async def who_said(
    library: Library, question: str, words: str, within: TimeRange, corpus: str
) -> Answer | None:
    """Return the sentences in which these words occur, with the one that names the speaker; None if
    they occur nowhere."""
    found = await library.catalogue.corpora.by_name(corpus)
    if found is None:
        return None
    passages = await passages_quoting(library.catalogue, found, words, within)
    lines = await ASKING.run(_lines, passages, words)
    return quoted_answer(question, lines) if lines else None


def _lines(passages: Sequence[Passage], words: str) -> list[CitedSentence]:
    from bot.answering.summaries.extractive import names_a_speaker

    plain = _plain(words)
    best: list[CitedSentence] = []
    for passage in passages:
        spans = list(sentence_spans(passage.text))
        orders = orders_in(passage.text, passage.article.title, level=STRAY)
        for n, (start, end) in enumerate(spans):
            following = [stop for _, stop in spans[n + 1 : n + 3]]
            # A quotation may span sentences, and its speaker be named in the next one.
            ends = [stop for stop in (end, *following) if plain in _plain(passage.text[start:stop])]
            inside = n + 1 < len(spans) and plain in _plain(passage.text[slice(*spans[n + 1])])
            if not ends or (inside and plain not in _plain(passage.text[start:end])):
                continue
            told = [stop for stop in ends if names_a_speaker(passage.text[start:stop])]
            stop = (told or ends)[0]
            if overlaps(start, stop, orders):
                continue
            best.append(quoted(passage.text[start:stop], passage))
            break
    best.sort(key=lambda line: not names_a_speaker(line.text))
    return best[:_MOST]


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold().replace("’", "").replace("'", "")))
