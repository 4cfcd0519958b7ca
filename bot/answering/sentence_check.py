"""What a model wrote becomes what is shown: only sentences that their sources support."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.answering.models import RejectedSentence
from bot.answering.prompt_passages import PromptPassage
from bot.answering.sentence_stream import DraftSentence
from bot.answering.verification.legacy import check

_LINKED = re.compile(r"(?<!!)\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_NOT_OURS = re.compile(
    r"https?:|www\.|!\[|<[@#:/a-z!?&][^>]*>|@(?:everyone|here)\b|\bdiscord\.gg\b|\]\(|```"
    r"|\b[\w-]+\.(?:com|org|net|io|co|gg|ly|me|info|biz|ru|cn)/\S",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"(\*{1,3}|_{2,3}|~~|\|\||`)(?=\S)(.+?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class VerifiedSentence:
    """A sentence that may be shown; ``sources`` are numbers of passages that support it."""

    text: str
    sources: tuple[int, ...]


def check_sentence(
    draft: DraftSentence, passages: Sequence[PromptPassage]
) -> VerifiedSentence | RejectedSentence:
    """Hold a sentence against the passages that it cites; move its citations if others support it.

    A citation stays only if its passage supports the sentence by itself, or if several do so only
    together. Takes up to some milliseconds for each passage: call it from a worker thread.
    """
    text = plain_sentence(draft.text)
    if text is None:
        return RejectedSentence(draft.text, ("it holds a link or a mention",))
    cited = [passage for passage in passages if passage.n in draft.cited]
    verdicts = {passage.n: check(text, [passage.evidence]) for passage in cited}
    if alone := tuple(n for n in draft.cited if n in verdicts and verdicts[n].supported):
        return VerifiedSentence(text, alone)
    if len(cited) > 1 and check(text, [passage.evidence for passage in cited]).supported:
        return VerifiedSentence(text, tuple(n for n in draft.cited if n in verdicts))
    others = {
        passage.n: check(text, [passage.evidence])
        for passage in passages
        if passage.n not in verdicts
    }
    best = max(others, key=lambda n: others[n].support, default=None)
    supporting = [n for n, verdict in others.items() if verdict.supported]
    if supporting:
        return VerifiedSentence(text, (max(supporting, key=lambda n: others[n].support),))
    if verdicts:
        nearest = max(verdicts.values(), key=lambda verdict: verdict.support)
    elif best is not None:
        nearest = others[best]
    else:
        return RejectedSentence(text, ("it cites nothing",))
    return RejectedSentence(text, nearest.reasons or ("its sources do not say so",))


def plain_sentence(text: str) -> str | None:
    """``text`` without Markdown; None if it holds a link, an image or a mention.

    A Markdown link is reduced to its words: links are made by us, from citations.
    """
    text = _LINKED.sub(r"\1", text)
    if _NOT_OURS.search(text):
        return None
    text = _EMPHASIS.sub(r"\2", text)
    return " ".join(text.split())
