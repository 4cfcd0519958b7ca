"""Check the citations of one sentence by a model: which passages support it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.answering.models import RejectedSentence
from bot.answering.prompt_passages import PromptPassage
from bot.answering.sentence_stream import DraftSentence
from bot.answering.verification import Verdict, Verifier

_LINKED = re.compile(r"(?<!!)\[([^\]]*)\]\((?:[^()]|\([^()]*\))*\)")
_NOT_OURS = re.compile(
    r"https?:|www\.|!\[|<[@#:/a-z!?&][^>]*>|@(?:everyone|here)\b|\bdiscord\.gg\b|\]\(|```"
    r"|\b[\w-]+\.(?:com|org|net|io|co|gg|ly|me|info|biz|ru|cn)/\S",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_PICTURE = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
_AT_THE_EDGE = re.compile(
    f"^(?:{_PICTURE.pattern}|[\ufe0f\u200d ])+|(?:{_PICTURE.pattern}|[\ufe0f\u200d ])+$"
)
_FEW, _SHORT = 2, 6
_EMPHASIS = re.compile(r"(\*{1,3}|_{2,3}|~~|\|\||`)(?=\S)(.+?)(?<=\S)\1")


@dataclass(frozen=True, slots=True)
class VerifiedSentence:
    """A sentence that may be shown; ``sources`` are the numbers of passages that support it."""

    text: str
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DoubtfulSentence:
    """A sentence that isn't shown as it is unless somebody confirms it.

    ``sources`` are the passages to compare it with, the best one first. ``supported`` says that it
    may be shown without a second opinion.
    """

    text: str
    sources: tuple[int, ...]
    verdict: Verdict
    supported: bool = False

    @property
    def refuted(self) -> bool:
        """Whether it is refuted, so that no second opinion is asked for."""
        return self.verdict.outcome == "refuted"

    def rejected(self, *more: str, replaced: bool = False) -> RejectedSentence:
        """Return it as a rejected sentence; ``more`` are reasons that come first."""
        reasons = (*more, *self.verdict.reasons) or ("its sources do not say so",)
        verdict: Literal["refuted", "uncertain"] | None = None
        if not is_no_claim(self.text):
            verdict = "refuted" if self.refuted else "uncertain"
        return RejectedSentence(self.text, reasons, verdict, replaced)


def check_sentence(
    draft: DraftSentence,
    passages: Sequence[PromptPassage],
    verifier: Verifier,
    *,
    strict: bool = False,
) -> VerifiedSentence | DoubtfulSentence | RejectedSentence:
    """Check a sentence against the passages that it cites, and correct its citations if others
    support it.

    A citation stays only if its passage supports the sentence by itself, or if several do so only
    together. With ``strict``, what is supported but not surely is doubtful too. Blocks for up to
    some milliseconds per passage: call it from a worker thread.
    """
    text = plain_sentence(draft.text)
    if text is None:
        return RejectedSentence(draft.text, ("it holds a link or a mention",), "refuted")
    if any(
        all(picture not in passage.text for passage in passages)
        for picture in _PICTURE.findall(text)
    ):
        return RejectedSentence(text, ("it holds a picture that no source has",), "uncertain")
    cited = [passage for passage in passages if passage.n in draft.cited]
    verdicts = {passage.n: verifier.check(text, [passage.evidence]) for passage in cited}
    if alone := tuple(n for n in draft.cited if n in verdicts and verdicts[n].supported):
        best = max((verdicts[n] for n in alone), key=lambda verdict: verdict.support)
        return _found(text, alone, best, strict)
    if len(cited) > 1:
        together = verifier.check(text, [passage.evidence for passage in cited])
        if together.supported:
            sources = tuple(dict.fromkeys(n for n in draft.cited if n in verdicts))
            return _found(text, sources, together, strict)
    others = {
        passage.n: verifier.check(text, [passage.evidence])
        for passage in passages
        if passage.n not in verdicts
    }
    if supporting := [n for n, verdict in others.items() if verdict.supported]:
        n = max(supporting, key=lambda n: others[n].support)
        return _found(text, (n,), others[n], strict)
    held = verdicts or others
    if not held:
        return RejectedSentence(text, ("it cites nothing",), "uncertain")
    ranked = sorted(held, key=lambda n: held[n].support, reverse=True)
    return DoubtfulSentence(text, tuple(ranked if verdicts else ranked[:1]), held[ranked[0]])


def _found(
    text: str, sources: tuple[int, ...], verdict: Verdict, strict: bool
) -> VerifiedSentence | DoubtfulSentence:
    if strict and not verdict.sure:
        return DoubtfulSentence(text, sources, verdict, supported=True)
    return VerifiedSentence(text, sources)


def is_no_claim(text: str) -> bool:
    """Return whether a line claims nothing: "Sure!", "1.", a heading."""
    words = _WORD.findall(text)
    ends = text.rstrip("\"”’')*_ ").endswith((".", "!", "?", "。", "।", "؟"))
    return len(words) < _FEW or text.rstrip().endswith(":") or (len(words) <= _SHORT and not ends)


def plain_sentence(text: str) -> str | None:
    """Return ``text`` without Markdown; None if it has a link, an image or a mention.

    A Markdown link is reduced to its words: links are made from citations only.
    """
    text = _LINKED.sub(r"\1", text)
    if _NOT_OURS.search(text):
        return None
    text = _AT_THE_EDGE.sub("", _EMPHASIS.sub(r"\2", text))
    return " ".join(text.split())
