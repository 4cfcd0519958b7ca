"""Write answers with a model: passages in, sentences out, each checked before it is passed on."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Callable, Sequence, Set
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from itertools import accumulate

import prompts
from bot.answering import answer_language
from bot.answering.answer_language import (
    any_in_another_language,
    name_of,
    possible_languages,
)
from bot.answering.budget import TokenBudget
from bot.answering.conversation import usable_rewrite
from bot.answering.declines import NO_ANSWER, is_decline
from bot.answering.doubtful_sentences import settle_doubtful
from bot.answering.generation import ANSWER, GenerationResult, PromptTask
from bot.answering.model_call import CallOutcome, ModelCalls, with_pauses
from bot.answering.models import RejectedSentence
from bot.answering.observer import Observer
from bot.answering.prompt_passages import PromptPassage, fence, number_passages, parts
from bot.answering.providers import (
    AnswerRetracted,
    ChatModel,
    ContextTooLong,
    Message,
    ModelError,
    ModelUnreachable,
)
from bot.answering.sentence_check import DoubtfulSentence, VerifiedSentence, check_sentence
from bot.answering.sentence_stream import DraftReader, DraftSentence
from bot.answering.token_counts import CountTokens
from bot.answering.verification import Verifier, create_verifier
from bot.answering.verification.second_opinion import SCHEMA
from bot.config.limits import GenerationLimits
from bot.storage.usage import DailyUsage
from retrieval.models import Passage, SearchResult
from retrieval.runtime.executors import ASKING
from retrieval.search.query import content_words

_log = logging.getLogger(__name__)

# A text that pauses this long, in seconds, after a cited sentence will hardly add to it.
_PAUSE = 0.06
_MOST_DRAFTS = 16
_MOST_REPEATS = 2
_REWRITE_TOKENS = 80
_KIND_TOKENS = 4
_REWRITE_SECONDS = 10.0
_SAID_AGAIN = "it only says the question again"
_ELSEWHERE = "it is in another language than it should be"
_LEAST_CONTEXT = 200  # tokens of passages, however small the model's context
_RULES_TOKENS = 500  # about those of the rules and the question


def _nobody() -> None:
    """Ignore a retraction."""


@dataclass(frozen=True, slots=True)
class _WritingTask:
    """What one call is to write. ``expected`` are the codes of the languages that it may be in;
    ``again`` says that it was written in another one before."""

    task: PromptTask
    question: str
    as_of: datetime
    language: str
    expected: frozenset[str]
    again: bool = False


class _WrittenElsewhere(Exception):
    """The model writes in another language than requested, and nothing is shown yet."""


class Composer:
    """Writes answers with one model and records its usage."""

    def __init__(
        self,
        model: ChatModel,
        budget: TokenBudget,
        bounds: GenerationLimits,
        zone: tzinfo,
        verifier: Verifier | None = None,
        observer: Observer | None = None,
    ) -> None:
        self._verifier = verifier or create_verifier()
        self.model = model
        self._calls = ModelCalls(model, budget, observer)
        self._budget = budget
        self._bounds = bounds
        self._zone = zone

    def room(self, corpus: str, answers: int = 1) -> AbstractAsyncContextManager[bool]:
        """Reserve budget for so many more answers during the block; False if there is no room."""
        thinks = self._bounds.reasoning_tokens if self.model.capabilities.reasons else 0
        most = answers * (self._bounds.context_tokens + self._bounds.answer_tokens + thinks)
        return self._budget.room(corpus, self.model.name, most)

    @property
    def _context_tokens(self) -> int:
        """How many tokens of passages the model gets: as set, or as far as it is known to read."""
        reads = self.model.capabilities.context_tokens
        if reads is None:
            return self._bounds.context_tokens
        fits = reads - self._bounds.answer_tokens - _RULES_TOKENS
        return min(self._bounds.context_tokens, max(fits, _LEAST_CONTEXT))

    async def parts(self, passages: Sequence[Passage]) -> list[list[PromptPassage]]:
        """Return the passages in parts, each of which fits into the model's context."""
        return list(parts(passages, await self._count(), self._context_tokens))

    async def fitting(self, passages: Sequence[PromptPassage]) -> list[PromptPassage]:
        """Return as many of the first passages as fit, at least one."""
        count = await self._count()
        ends = accumulate(count(fence(passage)) for passage in passages)
        most = sum(end <= self._context_tokens for end in ends)
        return list(passages[: max(1, most)])

    async def spent(self, corpus: str | None) -> DailyUsage:
        """Return today's usage, in one corpus or in all."""
        return await self._budget.spent(corpus)

    async def compose(
        self,
        question: str,
        hits: Sequence[SearchResult],
        *,
        corpus: str,
        as_of: datetime,
        language: str,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
        retracted: Callable[[], None] = _nobody,
        withdrawn: Set[str] = frozenset(),
    ) -> GenerationResult:
        """Write an answer; ``passed`` gets each sentence once it has passed, ``retracted`` is called
        if these turn out to have been thoughts.

        Never raises ``ModelError``: the result has what was good before the error, and the error.
        """
        count = await self._count()
        passages = number_passages(hits, count, self._context_tokens, withdrawn)
        return await self.write(
            ANSWER,
            question,
            passages,
            corpus=corpus,
            as_of=as_of,
            language=language,
            passed=passed,
            retracted=retracted,
        )

    async def write(
        self,
        task: PromptTask,
        question: str,
        passages: list[PromptPassage],
        *,
        corpus: str,
        as_of: datetime,
        language: str,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
        retracted: Callable[[], None] = _nobody,
    ) -> GenerationResult:
        """Do the same for any task, with passages that fit; ``question`` is its subject."""
        composition = GenerationResult(passages, observer=self._calls.observer)
        texts = [question] if task == ANSWER else [each.text for each in passages]
        expected = await ASKING.run(partial(possible_languages, texts, named=language))
        asked = _WritingTask(task, question, as_of, language, expected)
        seconds = self._bounds.seconds + self.model.load_seconds
        try:
            async with asyncio.timeout(seconds):
                try:
                    await self._write_once_more(asked, composition, corpus, passed, retracted)
                except ContextTooLong as error:
                    # The count is an estimate: retry with what the error says, or half.
                    fitting = await self.fitting(composition.passages) if error.limit else []
                    half = composition.passages[: max(1, len(composition.passages) // 2)]
                    fits = 0 < len(fitting) < len(composition.passages)
                    composition.passages = fitting if fits else half
                    await self._write_once_more(asked, composition, corpus, passed, retracted)
        except ModelError as error:
            composition.error = error
        except TimeoutError:
            slow = ModelUnreachable("answer-timeout", model=self.model.name, seconds=seconds)
            composition.time_out(slow)
        return composition

    async def standalone(self, history: str, question: str, corpus: str) -> str | None:
        """Return a follow-up as a question of its own, by the model; None if it offers none."""
        prompt = prompts.render("standalone", history=history, question=question)
        try:
            async with self.room(corpus) as granted, asyncio.timeout(_REWRITE_SECONDS):
                if not granted:
                    return None
                text, outcome = await self._calls.text(prompt, _REWRITE_TOKENS, corpus)
        except (ModelError, TimeoutError) as error:
            _log.info("The model rewrote no question (%s).", type(error).__name__)
            return None
        return usable_rewrite(text, question, history) if outcome.reason == "stop" else None

    async def warm_up(self) -> None:
        """Let a server that loads its model do so before the first question."""
        await ASKING.run(answer_language.warm_up)
        await self.model.warm_up()

    async def kind_of(self, message: str, corpus: str) -> str | None:
        """Return the model's word for the kind of a message; None if it offers none."""
        prompt = prompts.render("message_kind", message=message)
        try:
            async with self.room(corpus) as granted, asyncio.timeout(_REWRITE_SECONDS):
                if not granted:
                    return None
                text, _ = await self._calls.text(prompt, _KIND_TOKENS, corpus)
        except (ModelError, TimeoutError) as error:
            _log.info("The model named no kind of message (%s).", type(error).__name__)
            return None
        words = re.findall(r"[a-z]+", text.lower())
        return words[0] if words else None

    async def close(self) -> None:
        await self.model.close()

    async def _write_once_more(
        self,
        asked: _WritingTask,
        composition: GenerationResult,
        corpus: str,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
        retracted: Callable[[], None],
    ) -> None:
        """Write; if it begins in another language than requested, once more with a reminder."""
        try:
            await self._write(asked, composition, corpus, passed, retracted)
        except _WrittenElsewhere:
            composition.begin_again()
            again = replace(asked, again=True)
            await self._write(again, composition, corpus, passed, retracted)

    async def _write(
        self,
        asked: _WritingTask,
        composition: GenerationResult,
        corpus: str,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
        retracted: Callable[[], None],
    ) -> None:
        messages = self._messages(asked, composition.passages)
        outcome = CallOutcome()
        seen: set[str] = set()
        held: list[VerifiedSentence] | None = None
        repeats, written = 0, ""
        doubtful: list[DoubtfulSentence] = []
        strict = self._bounds.second_opinion
        check = partial(check_sentence, verifier=self._verifier, strict=strict)
        ask = partial(self._opinion, composition, corpus) if strict else None
        try:
            async with aclosing(self._drafts(messages, composition, corpus, outcome)) as drafts:
                async for draft in drafts:
                    if draft is None:  # everything so far was thoughts
                        composition.begin_again()
                        doubtful.clear()
                        seen.clear()
                        held, written = None, ""
                        retracted()
                        continue
                    if await ASKING.run(is_decline, draft.text):
                        if not composition.passed and not held:
                            composition.refused = True
                            return
                        continue
                    known = draft.text.casefold() in seen
                    repeats += known
                    if repeats > _MOST_REPEATS or len(seen) >= _MOST_DRAFTS:
                        break  # it repeats itself
                    if known:
                        continue
                    if not seen and not draft.cited and not outcome.thought:
                        held = []  # thoughts of which only the end is marked begin like this
                    seen.add(draft.text.casefold())
                    written = f"{written} {draft.text}"
                    if await ASKING.run(
                        any_in_another_language, (draft.text, written), asked.expected
                    ):
                        if not (asked.again or composition.passed or held or doubtful):
                            raise _WrittenElsewhere
                        composition.other_language = True
                        composition.dropped.append(
                            RejectedSentence(draft.text, (_ELSEWHERE,), "uncertain")
                        )
                        continue
                    if asked.task == ANSWER and _repeats(draft.text, asked.question):
                        composition.dropped.append(RejectedSentence(draft.text, (_SAID_AGAIN,)))
                        continue
                    with composition.observer.stage("verification"):
                        result = await ASKING.run(check, draft, composition.passages)
                    if isinstance(result, DoubtfulSentence):
                        doubtful.append(result)
                    elif held is not None and isinstance(result, VerifiedSentence):
                        held.append(result)
                    else:
                        composition.take(result, passed)
            for sentence in held or ():
                composition.take(sentence, passed)
            for settled in await settle_doubtful(
                doubtful, composition.passages, asked.question, composition.passed, ask
            ):
                composition.take(settled, passed)
            composition.cut = outcome.reason in ("length", "content_filter")
            composition.refused |= outcome.reason == "refusal"
        finally:
            composition.add_usage(outcome.usage)
            # The text may hold anything, so it isn't logged.
            _log.debug(
                "%d sentences passed, %d did not.",
                len(composition.passed),
                len(composition.dropped),
            )

    async def _drafts(
        self,
        messages: Sequence[Message],
        composition: GenerationResult,
        corpus: str,
        outcome: CallOutcome,
    ) -> AsyncGenerator[DraftSentence | None, None]:
        """Yield the sentences of one call as they become complete; None if all before were
        thoughts."""
        reader = DraftReader(len(composition.passages))
        async with (
            aclosing(
                self._calls.stream(messages, self._bounds.answer_tokens, corpus, outcome)
            ) as events,
            aclosing(with_pauses(events, _PAUSE)) as paused,
        ):
            async for event in paused:
                if isinstance(event, AnswerRetracted):
                    reader = DraftReader(len(composition.passages))
                    yield None
                    continue
                for draft in reader.settle() if event is None else reader.feed(event.text):
                    yield draft
        for draft in reader.finish(cut=outcome.reason in ("length", "content_filter")):
            yield draft

    async def _opinion(
        self, composition: GenerationResult, corpus: str, prompt: str, most: int
    ) -> str | None:
        """Return what the model says when it is asked again; None if it can't be asked."""
        outcome = CallOutcome()
        try:
            async with self.room(corpus) as granted:
                if not granted:
                    return None
                text, _ = await self._calls.text(
                    prompt, most, corpus, schema=SCHEMA, outcome=outcome
                )
        except ModelError as error:
            _log.info("No second opinion: %s", error)
            return None
        finally:
            composition.add_usage(outcome.usage)
        return text

    def _messages(self, asked: _WritingTask, passages: Sequence[PromptPassage]) -> list[Message]:
        today = asked.as_of.astimezone(self._zone)
        rules = prompts.render(
            asked.task.rules,
            today=f"{today:%A}, {today.day} {today:%B %Y}",
            language=asked.language,
            refusal=NO_ANSWER,
        )
        told = prompts.render(
            asked.task.asked, passages="\n\n".join(map(fence, passages)), question=asked.question
        )
        if asked.again:
            language = name_of(asked.expected) or asked.language
            told += "\n\n" + prompts.render("answer_language", language=language)
        return [Message("system", rules), Message("user", told)]

    async def _count(self) -> CountTokens:
        return await self._calls.count()


def _repeats(text: str, question: str) -> bool:
    """Return whether all content words of a sentence are in the question."""
    asked = {word.lower() for word in content_words(question)}
    return {word.lower() for word in content_words(text)} <= asked
