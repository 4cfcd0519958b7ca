"""Settle sentences of an answer that aren't certain: ask about them once more, or quote their
source."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from bot.answering.models import RejectedSentence
from bot.answering.prompt_passages import PromptPassage, fence
from bot.answering.sentence_check import DoubtfulSentence, VerifiedSentence, plain_sentence
from bot.answering.verification.quotation import closest_sentence, share_said
from bot.answering.verification.second_opinion import (
    SECONDS,
    Ask,
    OpenQuestion,
    second_opinions,
)
from retrieval.runtime.executors import ASKING
from retrieval.search.query import content_words

_log = logging.getLogger(__name__)

_SHOWN = 0.75  # share of a shown sentence in a quotation that adds nothing to it
_NOT_CONFIRMED = "asked again, the model does not find it in its sources"


async def settle_doubtful(
    doubtful: Sequence[DoubtfulSentence],
    passages: Sequence[PromptPassage],
    question: str,
    shown: Sequence[VerifiedSentence],
    ask: Ask | None,
) -> list[VerifiedSentence | RejectedSentence]:
    """Decide what becomes of the sentences that weren't certain, in their order.

    ``ask`` makes the one call to the model; without it nothing is asked. A confirmed sentence is
    shown as written. Any other is rejected, and followed by the sentence of its passage that comes
    closest, as a quotation, if it concerns the question and isn't ``shown`` yet.
    """
    confirmed = await _confirmed(doubtful, passages, ask)
    results: list[VerifiedSentence | RejectedSentence] = []
    told = [sentence.text for sentence in shown]
    for sentence in doubtful:
        opinion = confirmed.get(sentence.text)
        if opinion or (opinion is None and sentence.supported):
            results.append(VerifiedSentence(sentence.text, sentence.sources))
            told.append(sentence.text)
    kept = {one.text for one in results if isinstance(one, VerifiedSentence)}
    for sentence in doubtful:
        if sentence.text in kept:
            continue
        refused = confirmed.get(sentence.text) is False
        quoted = await ASKING.run(_quoted, sentence, passages, question, tuple(told))
        more = [_NOT_CONFIRMED] if refused else []
        results.append(sentence.rejected(*more, replaced=quoted is not None))
        if quoted is not None:
            results.append(quoted)
            told.append(quoted.text)
    return results


async def _confirmed(
    doubtful: Sequence[DoubtfulSentence], passages: Sequence[PromptPassage], ask: Ask | None
) -> dict[str, bool]:
    asked = [sentence for sentence in doubtful if not sentence.refuted]
    if ask is None or not asked:
        return {}
    texts = {passage.n: fence(passage) for passage in passages}
    questions = [
        OpenQuestion(one.text, tuple(texts[n] for n in sorted(one.sources))) for one in asked
    ]
    try:
        async with asyncio.timeout(SECONDS):
            opinions = await second_opinions(questions, ask)
    except TimeoutError:
        _log.info("No second opinion within %.0f s.", SECONDS)
        return {}
    return {
        one.text: opinion
        for one, opinion in zip(asked, opinions, strict=True)
        if opinion is not None
    }


def _quoted(
    sentence: DoubtfulSentence,
    passages: Sequence[PromptPassage],
    question: str,
    told: Sequence[str],
) -> VerifiedSentence | None:
    cited = [passage for n in sentence.sources for passage in passages if passage.n == n]
    found = closest_sentence(sentence.text, [passage.evidence.text for passage in cited])
    if found is None:
        return None
    number, text = found
    quoted = plain_sentence(text)
    if quoted is None or any(share_said(one, quoted) >= _SHOWN for one in told):
        return None
    wanted = {word.casefold() for word in content_words(question)}
    if wanted and not wanted & {word.casefold() for word in content_words(quoted)}:
        return None
    return VerifiedSentence(quoted, (cited[number].n,))
