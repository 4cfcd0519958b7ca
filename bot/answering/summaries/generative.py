"""Summaries in a model's words, made in parts if the text is too long, with each sentence
checked."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from bot.answering.composer import Composer
from bot.answering.generation import PromptTask
from bot.answering.models import RejectedSentence, Usage
from bot.answering.prompt_passages import PromptPassage
from bot.answering.providers import ModelError
from bot.answering.sentence_check import VerifiedSentence
from bot.answering.summaries.lexrank import extract
from bot.answering.summaries.models import CitedSentence, Progress, SummaryProgress, no_progress
from retrieval.errors import Note
from retrieval.models import Passage
from retrieval.runtime.executors import ASKING

_log = logging.getLogger(__name__)

ARTICLE, STORY, VOICES, CHANGES, LINE = (
    PromptTask("summary_rules", f"summary_{name}")
    for name in ("article", "story", "voices", "changes", "line")
)
_PART = PromptTask("summary_rules", "summary_part")
_MOST_PARTS = 6
_TELLING = 60  # sentences that decide which passages of a very long text are read
_LANGUAGE = "the language of the passages"


class GenerativeWriter:
    """Writes the parts of one summary and records its usage.

    ``lines`` returns nothing if no written sentence is supported; after a failure of the model, or
    when the daily budget is used up, the model isn't asked again. Every call has its own limits of
    time and length, and there are at most ``_MOST_PARTS`` + 1 of them per part of the summary.
    """

    def __init__(
        self, composer: Composer, corpus: str, as_of: datetime, progress: Progress = no_progress
    ) -> None:
        self._composer = composer
        self._corpus = corpus
        self._as_of = as_of
        self._progress = progress
        self._done = self._total = 0
        self.usage: Usage | None = None
        self.dropped: list[RejectedSentence] = []
        self.error: ModelError | None = None
        self.remark: Note | None = None  # why the model was not asked further, for readers
        self.wrote = False

    @property
    def model(self) -> str:
        """The name of the model."""
        return self._composer.model.name

    def notes(self, this: Literal["summary", "digest", "timeline"]) -> tuple[Note, ...]:
        """Return the notes for readers of ``this``."""
        quoted = Note(f"note-{this}-quoted")
        if self.remark is not None:
            return (self.remark.then(Note("note-rest-quoted") if self.wrote else quoted),)
        if not self.wrote and self._total:
            return (Note("note-not-in-sources").then(quoted),)
        if count := sum(sentence.left_out for sentence in self.dropped):
            return (Note("note-left-out", count=count),)
        return ()

    async def lines(
        self, task: PromptTask, about: str, passages: Sequence[Passage], most: int
    ) -> list[CitedSentence]:
        """Return at most ``most`` checked sentences on what ``passages`` say. Doesn't raise
        ``ModelError``: see ``error``."""
        if self.remark:
            return []
        parts = await self._composer.parts(passages)
        if len(parts) > _MOST_PARTS:
            telling = await ASKING.run(extract, [passages], _TELLING)
            ids = {one.passage.passage_id for one in telling}
            chosen = [passage for passage in passages if passage.passage_id in ids]
            parts = (await self._composer.parts(chosen))[:_MOST_PARTS]
        self._total += len(parts) + (len(parts) > 1)
        if len(parts) > 1:
            parts = [await self._composer.fitting(await self._notes(about, parts))]
        found = await self._written(task, about, parts[0]) if parts else []
        self.wrote |= bool(found)
        return found[:most]

    async def _notes(self, about: str, parts: Sequence[list[PromptPassage]]) -> list[PromptPassage]:
        """Return the passages that notes on the parts are from, shown as these notes."""
        notes: dict[int, PromptPassage] = {}
        for part in parts:
            lines = await self._written(_PART, about, part)
            if not lines:
                passages = [one.passage for one in part]
                lines = [
                    CitedSentence.quoted(one) for one in await ASKING.run(extract, [passages], 3)
                ]
            held = {one.passage.passage_id: one for one in part}
            for line in lines:
                key = line.passages[0].passage_id
                known = notes.setdefault(key, replace(held[key], n=len(notes) + 1))
                notes[key] = replace(known, shown=f"{known.shown} {line.text}".strip())
        return list(notes.values())

    async def _written(
        self, task: PromptTask, about: str, passages: list[PromptPassage]
    ) -> list[CitedSentence]:
        lines: list[CitedSentence] = []

        def passed(sentence: VerifiedSentence, sources: Sequence[PromptPassage]) -> None:
            cited = [sources[n - 1] for n in sentence.sources]
            passages, quotes = (one.passage for one in cited), (one.quote for one in cited)
            lines.append(CitedSentence(sentence.text, tuple(passages), tuple(quotes)))

        if self.remark is None:
            async with self._composer.room(self._corpus) as granted:
                if granted:
                    composition = await self._composer.write(
                        task,
                        about,
                        passages,
                        corpus=self._corpus,
                        as_of=self._as_of,
                        language=_LANGUAGE,
                        passed=passed,
                        retracted=lines.clear,
                    )
                    self._keep(composition.usage, composition.dropped, composition.error)
                else:
                    self.remark = Note("note-no-budget")
        self._done += 1
        self._progress(SummaryProgress(self._done, self._total))
        return lines

    def _keep(
        self, usage: Usage | None, dropped: Sequence[RejectedSentence], error: ModelError | None
    ) -> None:
        if usage is not None:
            self.usage = usage + self.usage if self.usage else usage
        self.dropped += dropped
        if error is not None:
            _log.warning("%s", error)
            self.error, self.remark = error, Note(error.public)
