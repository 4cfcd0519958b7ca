"""Answers written by a model: passages in, sentences out, each checked before it is given on."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence, Set
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from itertools import accumulate

from sqlalchemy.exc import SQLAlchemyError

import prompts
from bot.answering.budget import TokenBudget
from bot.answering.doubtful_sentences import settle_doubtful
from bot.answering.models import RejectedSentence, Usage
from bot.answering.prompt_passages import PromptPassage, fence, number_passages, parts
from bot.answering.providers import ChatModel, ContextTooLong, Message, ModelError, TokenUsage
from bot.answering.providers.errors import ModelUnreachable
from bot.answering.sentence_check import DoubtfulSentence, VerifiedSentence, check_sentence
from bot.answering.sentence_stream import DraftReader, DraftSentence
from bot.answering.token_counts import CountTokens, token_counter
from bot.answering.verification import Verifier, create_verifier
from bot.config.limits import GenerationLimits
from bot.storage.usage import DailyUsage
from retrieval.models import Passage, SearchResult
from retrieval.runtime.executors import ASKING
from retrieval.search.query import content_words

_log = logging.getLogger(__name__)

# A text that pauses so long, in seconds, behind a cited sentence will hardly add to it.
_PAUSE = 0.06
_MOST_DRAFTS = 16
_MOST_REPEATS = 2
_REWRITE_TOKENS = 80
_REWRITE_SECONDS = 10.0
_DONT_KNOW = re.compile(r"^\W*i (?:do not|don.?t) know\b", re.IGNORECASE)


@dataclass(slots=True)
class GenerationResult:
    """What came of it. ``refused``: the model says that the passages do not answer the question.
    ``error`` ended it early."""

    passages: list[PromptPassage]
    passed: list[VerifiedSentence] = field(default_factory=list)
    dropped: list[RejectedSentence] = field(default_factory=list)
    usage: Usage | None = None
    refused: bool = False
    error: ModelError | None = None

    def take(
        self,
        result: VerifiedSentence | RejectedSentence,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
    ) -> None:
        """Keep a sentence that was decided on, and tell ``passed`` if it may be shown."""
        if isinstance(result, VerifiedSentence):
            self.passed.append(result)
            passed(result, self.passages)
        else:
            self.dropped.append(result)


@dataclass(frozen=True, slots=True)
class PromptTask:
    """What is to be written: the prompts for its rules and for what is asked, by name."""

    rules: str
    asked: str


ANSWER = PromptTask("answer_rules", "answer_question")


class Composer:
    """Writes answers with one model and keeps the books of it."""

    def __init__(
        self,
        model: ChatModel,
        ledger: TokenBudget,
        bounds: GenerationLimits,
        zone: tzinfo,
        verifier: Verifier | None = None,
    ) -> None:
        self._verifier = verifier or create_verifier()
        self.model = model
        self._ledger = ledger
        self._bounds = bounds
        self._zone = zone
        self._counter: CountTokens | None = None

    def room(self, corpus: str, answers: int = 1) -> AbstractAsyncContextManager[bool]:
        """Whether today's budget has room for so many more answers, which is kept free in the body."""
        most = answers * (self._bounds.context_tokens + self._bounds.answer_tokens)
        return self._ledger.room(corpus, self.model.name, most)

    async def parts(self, passages: Sequence[Passage]) -> list[list[PromptPassage]]:
        """The passages in parts of which each fits into what the model is given at once."""
        return list(parts(passages, await self._count(), self._bounds.context_tokens))

    async def fitting(self, passages: Sequence[PromptPassage]) -> list[PromptPassage]:
        """As many of the first ones as fit; one always."""
        count = await self._count()
        ends = accumulate(count(fence(passage)) for passage in passages)
        most = sum(end <= self._bounds.context_tokens for end in ends)
        return list(passages[: max(1, most)])

    async def spent(self, corpus: str | None) -> DailyUsage:
        """What went today, in one corpus or in all."""
        return await self._ledger.spent(corpus)

    async def compose(
        self,
        question: str,
        hits: Sequence[SearchResult],
        *,
        corpus: str,
        as_of: datetime,
        language: str,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
        withdrawn: Set[str] = frozenset(),
    ) -> GenerationResult:
        """Write an answer; ``passed`` hears of each sentence as soon as it has passed.

        Never raises ``ModelError``: what was good until then is in the composition, and so is the
        error.
        """
        count = await self._count()
        passages = number_passages(hits, count, self._bounds.context_tokens, withdrawn)
        return await self.write(
            ANSWER, question, passages, corpus=corpus, as_of=as_of, language=language, passed=passed
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
    ) -> GenerationResult:
        """The same for any task, of passages that fit. ``question`` is what it is about."""
        composition = GenerationResult(passages)
        asked = (task, question, as_of, language)
        try:
            async with asyncio.timeout(self._bounds.seconds):
                try:
                    await self._write(asked, composition, corpus, passed)
                except ContextTooLong:
                    # What was counted is an estimate: once more with half of it.
                    composition.passages = composition.passages[
                        : max(1, len(composition.passages) // 2)
                    ]
                    await self._write(asked, composition, corpus, passed)
        except ModelError as error:
            composition.error = error
        except TimeoutError:
            composition.error = ModelUnreachable(
                "answer-timeout", model=self.model.name, seconds=self._bounds.seconds
            )
        return composition

    async def standalone(self, history: str, question: str, corpus: str) -> str | None:
        """A follow-up as a question of its own, in the model's words; None if it has none to offer."""
        prompt = prompts.render("standalone", history=history, question=question)
        try:
            async with self.room(corpus) as granted, asyncio.timeout(_REWRITE_SECONDS):
                if not granted:
                    return None
                text, _ = await self._short(prompt, _REWRITE_TOKENS, corpus)
        except (ModelError, TimeoutError) as error:
            _log.info("The model rewrote no question (%s).", type(error).__name__)
            return None
        lines = text.strip().strip('"“”').splitlines()
        if len(lines) != 1 or not 3 <= len(lines[0]) <= 300 or "http" in lines[0]:
            return None
        return lines[0]

    async def close(self) -> None:
        await self.model.close()

    async def _write(
        self,
        asked: tuple[PromptTask, str, datetime, str],
        composition: GenerationResult,
        corpus: str,
        passed: Callable[[VerifiedSentence, Sequence[PromptPassage]], None],
    ) -> None:
        task, question, _, _ = asked
        messages = self._messages(*asked, composition.passages)
        seen: set[str] = set()
        repeats = 0
        doubtful: list[DoubtfulSentence] = []
        strict = self._bounds.second_opinion
        check = partial(check_sentence, verifier=self._verifier, strict=strict)
        ask = partial(self._opinion, composition, corpus) if strict else None
        try:
            async with aclosing(self._drafts(messages, composition, corpus)) as drafts:
                async for draft in drafts:
                    if not seen and _DONT_KNOW.match(draft.text):
                        composition.refused = True
                        return
                    known = draft.text.casefold() in seen
                    repeats += known
                    if repeats > _MOST_REPEATS or len(seen) >= _MOST_DRAFTS:
                        return  # it goes round in circles
                    if known:
                        continue
                    seen.add(draft.text.casefold())
                    if task == ANSWER and _repeats(draft.text, question):
                        composition.dropped.append(
                            RejectedSentence(draft.text, ("it only says the question again",))
                        )
                        continue
                    result = await ASKING.run(check, draft, composition.passages)
                    if isinstance(result, DoubtfulSentence):
                        doubtful.append(result)
                    else:
                        composition.take(result, passed)
            for settled in await settle_doubtful(
                doubtful, composition.passages, question, composition.passed, ask
            ):
                composition.take(settled, passed)
        finally:
            # What was written may hold anything, and so is in no log.
            _log.debug(
                "%d sentences passed, %d did not.",
                len(composition.passed),
                len(composition.dropped),
            )

    async def _drafts(
        self, messages: Sequence[Message], composition: GenerationResult, corpus: str
    ) -> AsyncGenerator[DraftSentence, None]:
        """The sentences of one call as they become whole; the call is entered into the books."""
        reader = DraftReader()
        async with (
            aclosing(
                self._booked(messages, self._bounds.answer_tokens, corpus, composition)
            ) as pieces,
            aclosing(_with_pauses(pieces, _PAUSE)) as texts,
        ):
            async for text in texts:
                for draft in reader.settle() if text is None else reader.feed(text):
                    yield draft
        for draft in reader.finish():
            yield draft

    async def _booked(
        self,
        messages: Sequence[Message],
        most: int,
        corpus: str,
        composition: GenerationResult | None,
    ) -> AsyncGenerator[str, None]:
        """The pieces of one call. However it ends, what it took is kept."""
        count = await self._count()
        asked = sum(count(message.content) for message in messages)
        spent: TokenUsage | None = None
        said: list[str] = []
        begun = False
        try:
            async with aclosing(self.model.stream(messages, max_tokens=most)) as pieces:
                async for piece in pieces:
                    begun = True
                    if isinstance(piece, TokenUsage):
                        spent = piece
                    else:
                        said.append(piece.text)
                        yield piece.text
        finally:
            if begun:
                call = spent or TokenUsage(asked, count("".join(said)))
                usage = await asyncio.shield(self._recorded(corpus, call))
                if composition is not None:
                    composition.usage = usage + composition.usage if composition.usage else usage

    async def _recorded(self, corpus: str, call: TokenUsage) -> Usage:
        try:
            return await self._ledger.record(corpus, self.model.name, call)
        except SQLAlchemyError as error:
            _log.warning("What an answer took could not be kept (%s).", error.__class__.__name__)
            return Usage(call.prompt_tokens, call.completion_tokens)

    async def _opinion(
        self, composition: GenerationResult, corpus: str, prompt: str, most: int
    ) -> str | None:
        """What the model says when it is asked once more; None if it can't be asked."""
        try:
            async with self.room(corpus) as granted:
                if not granted:
                    return None
                text, usage = await self._short(prompt, most, corpus)
        except ModelError as error:
            _log.info("No second opinion: %s", error)
            return None
        if usage is not None:
            composition.usage = usage + composition.usage if composition.usage else usage
        return text

    async def _short(self, prompt: str, most: int, corpus: str) -> tuple[str, Usage | None]:
        holder = GenerationResult([])
        async with aclosing(
            self._booked([Message("user", prompt)], most, corpus, holder)
        ) as pieces:
            text = "".join([piece async for piece in pieces])
        return text, holder.usage

    def _messages(
        self,
        task: PromptTask,
        question: str,
        as_of: datetime,
        language: str,
        passages: Sequence[PromptPassage],
    ) -> list[Message]:
        today = as_of.astimezone(self._zone)
        rules = prompts.render(
            task.rules, today=f"{today:%A}, {today.day} {today:%B %Y}", language=language,
            refusal=prompts.render("refusal"),
        )  # fmt: skip
        asked = prompts.render(
            task.asked, passages="\n\n".join(map(fence, passages)), question=question
        )
        return [Message("system", rules), Message("user", asked)]

    async def _count(self) -> CountTokens:
        if self._counter is None:
            self._counter = await token_counter(self.model.name)
        return self._counter


def _repeats(text: str, question: str) -> bool:
    """Whether a sentence has no telling word that the question does not have."""
    asked = {word.lower() for word in content_words(question)}
    return {word.lower() for word in content_words(text)} <= asked


async def _with_pauses(
    pieces: AsyncIterator[str], seconds: float
) -> AsyncGenerator[str | None, None]:
    """The pieces, and None wherever none has come for so long (once a pause)."""
    following: asyncio.Task[str] | None = None
    try:
        while True:
            following = asyncio.create_task(_next(pieces))
            done, _ = await asyncio.wait([following], timeout=seconds)
            if not done:
                yield None
            piece = await following
            if not piece:
                return
            yield piece
    finally:
        if following is not None and not following.done():
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _next(pieces: AsyncIterator[str]) -> str:
    """Pieces are never empty, so that an empty one stands for the end."""
    return await anext(pieces, "")
