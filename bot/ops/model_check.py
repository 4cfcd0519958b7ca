"""`newsdesk doctor --model`: ask the model one question, and judge its answer."""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass, field

import prompts
from bot.answering.answer_language import name_of, possible_languages
from bot.answering.declines import NO_ANSWER, is_decline
from bot.answering.providers import (
    AnswerRetracted,
    ChatModel,
    Message,
    ModelError,
    StreamEnd,
    TextDelta,
    ThoughtDelta,
    TokenUsage,
    make_model,
)
from bot.answering.sentence_stream import DraftReader, DraftSentence
from bot.config.settings import Settings
from bot.ops.doctor import CheckResult, failed_check

_PASSAGES = """<passage number="1" publisher="Maravel Courier" published="2026-03-05" title="Lantern Bridge opens">
The Lantern Bridge cost 412 million crowns. Mayor Ines Calder opened it on Thursday.
</passage>

<passage number="2" publisher="Oss Valley Radio" published="2026-03-05" title="Council votes on budget">
The council of Maravel votes on the budget next week.
</passage>"""
# In another language than the passages: the answer should be in the question's.
_QUESTION = "Wie viel hat die Lantern Bridge gekostet, und wer hat sie am Donnerstag eröffnet?"
_ASKED_IN = frozenset(["de"])
_TOKENS = 200
_MEASURABLE = 0.05  # seconds of writing; a shorter stream came in one piece


@dataclass
class _Trial:
    """What the model did. In seconds: ``began`` is when its first token came, ``first`` when the
    first word of its answer came, ``last`` when it had ended."""

    began: float | None = None
    first: float | None = None
    last: float = 0.0
    thought: bool = False
    said: list[str] = field(default_factory=list)
    reason: str = "stop"
    usage: TokenUsage | None = None


async def examine_model(settings: Settings) -> list[CheckResult]:
    """Ask the model one question. Problems are returned, not raised."""
    options = settings.answering().model
    model = make_model(options)
    if model is None:
        return [
            CheckResult(
                "model",
                None,
                "neither OPENAI_API_KEY nor OPENAI_BASE_URL is set: answers consist of quotations",
            )
        ]
    try:
        trial = await _asked(model)
    except ModelError as error:
        return [failed_check("model", error), _requests(model)]
    finally:
        await model.close()
    reader = DraftReader(2)
    drafts = [*reader.feed("".join(trial.said)), *reader.finish(cut=trial.reason == "length")]
    return [
        CheckResult("model", True, f"{model.name} at {options.where} is responding"),
        CheckResult("model speed", True, _speed(trial)),
        CheckResult(
            "model reasoning",
            True,
            "the model thinks before it answers"
            if trial.thought
            else "the model shows no thinking",
        ),
        _refusals(trial, drafts),
        _citations(drafts),
        _language(" ".join(draft.text for draft in drafts)),
        _requests(model),
    ]


async def _asked(model: ChatModel) -> _Trial:
    rules = prompts.render(
        "answer_rules",
        today="Friday, 6 March 2026",
        language="German, the language of the question",
        refusal=NO_ANSWER,
    )
    asked = prompts.render("answer_question", passages=_PASSAGES, question=_QUESTION)
    trial, start = _Trial(), time.perf_counter()
    messages = [Message("system", rules), Message("user", asked)]
    async with aclosing(model.stream(messages, max_tokens=_TOKENS)) as events:
        async for event in events:
            if isinstance(event, TextDelta | ThoughtDelta):
                trial.began = trial.began or time.perf_counter() - start
            if isinstance(event, TextDelta):
                trial.first = trial.first or time.perf_counter() - start
                trial.said.append(event.text)
            elif isinstance(event, ThoughtDelta):
                trial.thought = True
            elif isinstance(event, AnswerRetracted):
                trial.thought = True
                trial.said.clear()
            elif isinstance(event, StreamEnd):
                trial.reason = event.reason
            elif isinstance(event, TokenUsage):
                trial.usage = event
    trial.last = time.perf_counter() - start
    return trial


def _speed(trial: _Trial) -> str:
    told = (
        f"first word after {trial.first or trial.last:.1f} s, whole answer after {trial.last:.1f} s"
    )
    if trial.usage is None:
        return f"{told}; the server doesn't report usage, so tokens are estimated"
    # The first token ends the time for reading and isn't counted; thoughts are.
    writing, tokens = trial.last - (trial.began or 0.0), trial.usage.completion_tokens - 1
    if tokens <= 0 or writing < _MEASURABLE:
        return told
    return f"{told}, {tokens / writing:.0f} tokens per second"


def _refusals(trial: _Trial, drafts: list[DraftSentence]) -> CheckResult:
    if trial.reason == "refusal" or (drafts and is_decline(drafts[0].text)):
        return CheckResult(
            "model refusals",
            False,
            "the model declined a question that the given passages answer",
            "Choose a larger model.",
        )
    if trial.reason == "length":
        return CheckResult(
            "model refusals",
            True,
            "the model answered; the answer was cut off at the limit of this check",
        )
    return CheckResult(
        "model refusals", True, "the model answered a question that the given passages answer"
    )


def _citations(drafts: list[DraftSentence]) -> CheckResult:
    cited = sum(bool(draft.cited) for draft in drafts)
    if not cited:
        return CheckResult(
            "model citations",
            False,
            f"none of {len(drafts)} sentences in the answer cites a passage",
            "Newsdesk then finds the passages itself; a larger model usually cites them.",
        )
    return CheckResult(
        "model citations", True, f"{cited} of {len(drafts)} sentences in the answer cite passages"
    )


def _language(text: str) -> CheckResult:
    if possible_languages([text]) >= _ASKED_IN:
        return CheckResult(
            "model language", True, "the model answered in the language of the question"
        )
    return CheckResult(
        "model language",
        None,
        f"the question was in German, but the answer was in {_named(text)}; in such cases, Newsdesk asks again",
    )


def _named(text: str) -> str:
    return name_of(possible_languages([text])) or "an unclear language"


def _requests(model: ChatModel) -> CheckResult:
    known = model.capabilities.described()
    return CheckResult(
        "model requests", True, "; ".join(known) or "the server accepts every parameter"
    )
