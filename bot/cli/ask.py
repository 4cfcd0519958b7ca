"""`newsdesk search`, `ask` and `demo`."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bot.cli import options as o
from bot.cli.common import known, library_config, run_async
from bot.cli.language import for_terminal
from bot.cli.output import (
    AnswerPrinter,
    answer_record,
    complain,
    own_command,
    print_found,
    print_json,
    print_question,
    search_record,
)
from retrieval.errors import NotFound

if TYPE_CHECKING:
    from bot.answering.engine import AnswerEngine, AnswerRequest
    from bot.answering.models import Answer, AnswerSentence
    from retrieval.library import Library
    from retrieval.timestamps import TimeRange

_FORM = '{"question": "…", "asked_at": "2023-11-03"}'


class Line(NamedTuple):
    """A question of a batch; ``after`` is the id of the line that it follows up on, and ``corpus``
    the one that the line names."""

    id: str | None
    text: str
    within: TimeRange
    after: str | None = None
    corpus: str | None = None


def search(
    question: o.Question = None,
    batch: o.Batch = None,
    limit: o.Limit = 10,
    as_of: o.AsOf = None,
    since: o.Since = None,
    until: o.Until = None,
    source: o.Source = None,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
    explain: Annotated[
        bool,
        typer.Option(
            help="Show how Newsdesk understood the question, and what each score consists of."
        ),
    ] = False,
) -> None:
    """Find the passages that are most relevant to a question.

    The question may name a time and a publisher: newsdesk search "What did the BBC report last week?"
    """
    asked = _questions(question, batch, o.time_range(as_of, since, until))

    async def run(library: Library) -> None:
        if batch is None:
            await _require_known(library, corpus)
        for line in asked:
            start = time.perf_counter()
            found = await library.search(
                line.text,
                line.within,
                corpus=line.corpus or corpus,
                source=source,
                limit=limit,
            )
            if as_json or (batch and not sys.stdout.isatty()):
                print_json(search_record(found, line.id, _ms(start), explain=explain))
            else:
                if batch:
                    print_question(line.text)
                print_found(found, explain=explain)

    reading(run)


def ask(
    question: o.Question = None,
    batch: o.Batch = None,
    limit: o.Limit = 10,
    as_of: o.AsOf = None,
    since: o.Since = None,
    until: o.Until = None,
    source: o.Source = None,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
    show_dropped: o.ShowDropped = False,
) -> None:
    """Answer a question and cite a source for each sentence.

    If no article answers the question, the command says so.

    Example: newsdesk ask "Who opened the bridge?" --since 2023-11-01
    """
    asked = _questions(question, batch, o.time_range(as_of, since, until))

    async def run(library: Library) -> None:
        from bot.answering.conversation import Conversation
        from bot.answering.engine import AnswerRequest

        # By corpus and line: conversations about different corpora are separate.
        said: dict[tuple[str, str], Conversation] = {}
        if batch is None:
            await _require_known(library, corpus)
        async with open_answering(library) as engine:
            for line in asked:
                of = line.corpus or corpus
                before = said.get((of, line.after or ""), Conversation())
                question = AnswerRequest(
                    line.text, line.within, of, source, limit, conversation=before
                )
                answer = await answered(
                    engine,
                    question,
                    line.id,
                    library=library,
                    as_json=as_json or (batch is not None and not sys.stdout.isatty()),
                    show_dropped=show_dropped,
                    show_question=batch is not None,
                )
                if line.id is not None:
                    said[of, line.id] = engine.after(before, question, answer)

    reading(run)


def demo(as_json: o.Json = False) -> None:
    """Answer questions about a few invented articles. The demo needs no API key and no network."""

    async def run() -> None:
        if sys.stderr.isatty():
            print("Reading ten invented articles ...", file=sys.stderr, flush=True)
        from bot.answering.engine import AnswerEngine, AnswerRequest
        from bot.demo import QUESTIONS
        from retrieval.timestamps import TimeRange, utc_now

        async with demo_library() as library:
            if not as_json:
                counts = (await library.counts())[0]
                print(
                    f"{counts.articles} articles about the invented city of Maravel are ingested.",
                    flush=True,
                )
            engine = AnswerEngine(library)  # no model: the demo is the same everywhere
            for question in QUESTIONS:
                asked = AnswerRequest(question, TimeRange(utc_now()), "demo")
                await answered(
                    engine, asked, None, library=library, as_json=as_json, show_question=True
                )
        if not as_json:
            print(f"\nAsk your own questions about them: {own_command()} chat --demo")

    run_async(run())


async def answered(
    engine: AnswerEngine,
    asked: AnswerRequest,
    question_id: str | None,
    *,
    library: Library,
    as_json: bool,
    show_dropped: bool = False,
    show_question: bool = False,
) -> Answer:
    """Answer one question, print the answer as one record or sentence by sentence, and return
    it."""
    from bot.answering.models import (
        AnswerCompleted,
        SearchCompleted,
        SentenceAccepted,
        SentencesRetracted,
    )

    start = time.perf_counter()
    if as_json:
        answer = await _with_note(library, asked, await engine.answer(asked))
        print_json(answer_record(answer, question_id, _ms(start), show_dropped=show_dropped))
    else:
        printer = AnswerPrinter(asked.question if show_question else None)
        searched = False
        held: list[AnswerSentence] = []
        async with contextlib.aclosing(engine.stream(asked)) as events:
            async for event in events:
                if isinstance(event, SearchCompleted):
                    searched = True
                elif isinstance(event, SentenceAccepted):
                    # Only the sentences of an answer arrive while it is being written.
                    if searched:
                        printer.say(event.sentence)
                    else:
                        held.append(event.sentence)
                elif isinstance(event, SentencesRetracted):
                    printer.retract()
                elif isinstance(event, AnswerCompleted):
                    answer = await _with_note(library, asked, event.answer)
        printer.say_all(answer, held)
        printer.finish(answer, show_dropped=show_dropped)
    if answer.problem:
        complain(for_terminal(answer.problem))
    return answer


async def _with_note(library: Library, asked: AnswerRequest, answer: Answer) -> Answer:
    """Return the answer with the moderators' note about it, if any, first among its notes."""
    from dataclasses import replace

    from bot.storage.answer_notes import note_on
    from retrieval.errors import Note

    said = await note_on(library.database, asked.corpus, answer.asked, asked.question)
    if said is None:
        return answer
    day = said.at.date().isoformat()
    return replace(
        answer, notes=(Note("note-of-moderators", day=day, text=said.text), *answer.notes)
    )


@contextlib.asynccontextmanager
async def open_answering(library: Library) -> AsyncIterator[AnswerEngine]:
    """Yield the engine that the settings describe, on ``library``."""
    from bot.answering.factory import open_engine
    from bot.config.settings import load_settings

    async with open_engine(library, load_settings().answering()) as engine:
        yield engine


@contextlib.asynccontextmanager
async def demo_library() -> AsyncIterator[Library]:
    """Yield a temporary library with the demo articles, deleted afterwards."""
    import tempfile

    from bot.config.settings import load_settings
    from bot.demo import demo_articles
    from bot.storage.library import open_library
    from retrieval.ingestion.pipeline import ingest
    from retrieval.library import LibraryConfig
    from retrieval.timestamps import utc_now

    load_settings()  # a wrong setting is reported, as everywhere, though the demo needs none
    with tempfile.TemporaryDirectory(prefix="newsdesk-demo-", ignore_cleanup_errors=True) as folder:
        async with open_library(LibraryConfig(Path(folder)), writer="newsdesk demo") as library:
            indexer = await library.indexer("demo")
            articles = demo_articles(utc_now())
            async for _ in ingest(indexer, articles, actor="demo", data_dir=Path(folder)):
                pass
            yield library


def reading(run: Any) -> None:
    """Run ``run`` with the library of the settings, which it only reads."""

    async def opened() -> None:
        from bot.config.settings import load_settings
        from bot.storage.library import open_library

        async with open_library(library_config(load_settings())) as library:
            await run(library)

    run_async(opened())


async def _require_known(library: Library, corpus: str) -> None:
    """Raise ``typer.BadParameter`` for a corpus that doesn't exist while others do."""
    try:
        await known(library, corpus)
    except NotFound as error:
        raise typer.BadParameter(for_terminal(error), param_hint="--corpus") from error


def _questions(words: list[str] | None, batch: Path | None, within: TimeRange) -> Iterator[Line]:
    question = " ".join(words) if words else None
    if batch is not None and question is None:
        return iter(list(_batch(batch, within)))
    if question is None:
        raise typer.BadParameter("give a question or --batch FILE")
    if batch is not None:
        raise typer.BadParameter("give a question or --batch FILE, not both")
    if not question.strip():
        raise typer.BadParameter("the question is empty")
    return iter([Line(None, question, within)])


def _batch(path: Path, within: TimeRange) -> Iterator[Line]:
    """Yield the questions of a file. Raises ``UnreadableSource`` for a file or a line of another
    form."""
    from retrieval.errors import UnreadableSource
    from retrieval.text.encoding import file_errors, open_plain_or_gzip
    from retrieval.timestamps import TimeRange, parse_span

    empty = True
    with file_errors(str(path)), open_plain_or_gzip(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                text, asked_at = record["question"], record.get("asked_at")
                span = parse_span(asked_at) if asked_at else None
                corpus = record.get("corpus")
                if not isinstance(text, str) or not isinstance(corpus, str | None):
                    raise TypeError
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise UnreadableSource(
                    "not-a-question", place=f"{path}:{number}", form=_FORM
                ) from error
            empty = False
            as_of = span.end if span else within.as_of
            question_id = record.get("id")
            after = record.get("after")
            yield Line(
                None if question_id is None else str(question_id),
                text,
                TimeRange(as_of, within.since, within.until),
                None if after is None else str(after),
                corpus or None,
            )
    if empty:
        raise UnreadableSource("path-empty", path=str(path), form=_FORM)


def _ms(start: float) -> float:
    return (time.perf_counter() - start) * 1000
