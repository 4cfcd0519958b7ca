"""`newsdesk chat`: a conversation, with line editing and history where a person types."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import options as o
from bot.cli.ask import answered, demo_library, open_answering, reading
from bot.cli.common import known, run_async
from bot.cli.output import byline, complain, output_console, print_line

if TYPE_CHECKING:
    from bot.answering.conversation import Conversation
    from bot.answering.models import Answer
    from retrieval.library import Library

_HELP = """\
/source BBC       use only articles from this publisher (name or host); /source all: every publisher
/source           list the publishers
/sources          show the passages that the last answer cites; /sources 2: only passage 2
/as-of 2023-11-03 treat this date as today; /as-of now: use the real time
/new              start a new conversation
/help             show this list
/quit             end the chat, like Ctrl-D"""
_COMMANDS = ("/as-of", "/help", "/new", "/quit", "/source", "/sources")
_ENDS = {"quit", "exit", "/quit", "/exit"}
_PUBLISHERS = 40


def chat(
    corpus: o.Corpus = "local",
    demo: Annotated[bool, typer.Option("--demo", help="Use the bundled demo articles.")] = False,
    as_of: o.AsOf = None,
    source: o.Source = None,
    as_json: o.Json = False,
    show_dropped: o.ShowDropped = False,
) -> None:
    """Ask questions in a conversation. End it with Ctrl-D or `quit`.

    In the chat, `/help` lists the commands. A question may refer to the previous question: "and who
    paid for it?", "what about Japan?". If you haven't ingested any articles, the chat uses the bundled
    demo articles.
    """
    moment = o.moment(as_of, "--as-of", end=True)

    def talk(library: Library, corpus: str) -> Awaitable[None]:
        return _Chat(library, corpus, as_json, show_dropped, moment, source).run()

    async def run(library: Library) -> None:
        await known(library, corpus)
        if not await library.is_empty(corpus):
            await talk(library, corpus)
            return
        complain(f"The corpus {corpus} is empty; this conversation is about the demo articles.")
        async with demo_library() as bundled:
            await talk(bundled, "demo")

    async def run_demo() -> None:
        async with demo_library() as bundled:
            await talk(bundled, "demo")

    if demo:
        run_async(run_demo())
    else:
        reading(run)


@dataclass
class _Chat:
    """A conversation, with what applies to the next question: ``as_of`` (None: now) and ``source``
    (None: every one)."""

    library: Library
    corpus: str
    as_json: bool
    show_dropped: bool
    as_of: datetime | None
    source: str | None
    said: Conversation = field(init=False)
    last: Answer | None = None

    async def run(self) -> None:
        from bot.answering.conversation import Conversation
        from bot.answering.engine import AnswerRequest
        from retrieval.timestamps import TimeRange, utc_now

        interactive = sys.stdin.isatty() and sys.stdout.isatty()
        read = _prompt() if interactive else _next_line
        self.said = Conversation()
        if interactive:
            self._tell("Ask a question. /help lists the commands; Ctrl-D ends the chat.")
        async with open_answering(self.library) as engine:
            while True:
                line = await read()
                text = line.strip()
                if not line or text.lower() in _ENDS:
                    return
                if text.startswith("/"):
                    await self._command(*text.partition(" ")[::2])
                    continue
                if not text:
                    continue
                asked = AnswerRequest(
                    text,
                    TimeRange(self.as_of or utc_now()),
                    self.corpus,
                    self.source,
                    conversation=self.said,
                )
                self.last = await answered(
                    engine,
                    asked,
                    None,
                    library=self.library,
                    as_json=self.as_json,
                    show_dropped=self.show_dropped,
                    show_question=not interactive,
                )
                self.said = engine.after(self.said, asked, self.last)

    def _tell(self, text: str) -> None:
        """Print beside the answers: on standard error if these are records."""
        print(text, file=sys.stderr if self.as_json else sys.stdout, flush=True)

    async def _command(self, name: str, rest: str) -> None:
        rest = rest.strip()
        if name == "/help":
            self._tell(_HELP)
        elif name == "/new":
            from bot.answering.conversation import Conversation

            self.said, self.last = Conversation(), None
            self._tell("A new conversation has started.")
        elif name == "/as-of":
            self._move(rest)
        elif name == "/source":
            await self._only(rest)
        elif name == "/sources":
            self._cite(rest)
        else:
            self._tell(f"There is no command {name}; /help lists the commands.")

    def _move(self, rest: str) -> None:
        try:
            self.as_of = None if rest in ("", "now") else o.moment(rest, "/as-of", end=True)
        except typer.BadParameter as error:
            self._tell(f"{error.message}.")
            return
        at = f"{self.as_of:%Y-%m-%d %H:%M} UTC" if self.as_of else "now"
        self._tell(f"Questions are answered as of {at}.")

    async def _only(self, rest: str) -> None:
        if rest:
            self.source = None if rest.lower() in ("all", "off") else rest
            self._tell(f"Only articles from {self.source}." if self.source else "Every publisher.")
            return
        names = await self.library.source_names(self.corpus, "")
        more = f" and {len(names) - _PUBLISHERS} more" if len(names) > _PUBLISHERS else ""
        self._tell(
            f"{', '.join(names[:_PUBLISHERS])}{more}." if names else "There are no publishers yet."
        )

    def _cite(self, rest: str) -> None:
        cited = self.last.citations if self.last else ()
        shown = [each for each in cited if not rest or str(each.n) == rest.strip("[]")]
        if not shown:
            self._tell(
                "The last answer has no such source."
                if rest
                else "There is no answer with sources yet."
            )
        console = output_console(stderr=self.as_json)
        for each in shown:
            print_line(console, f"[{each.n}] {each.article.title}")
            print_line(console, byline(each.article), indent=4)
            print_line(console, f"“{' '.join(each.quote.split())}”", indent=4)


def _prompt() -> Callable[[], Awaitable[str]]:
    """Return a prompt with line editing and a history that is kept between conversations."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory, History, InMemoryHistory

    file = _history_file()
    history: History = FileHistory(str(file)) if file else InMemoryHistory()
    session: PromptSession[str] = PromptSession(
        history=history,
        completer=WordCompleter(list(_COMMANDS), sentence=True),
        complete_while_typing=False,
    )

    async def ask() -> str:
        print()
        while True:
            try:
                return await session.prompt_async("> ") + "\n"
            except EOFError:
                return ""
            except KeyboardInterrupt:  # as in a shell, what was typed is discarded
                continue

    return ask


def _history_file() -> Path | None:
    """Return where questions are kept, readable only by their owner; None if it can't be
    written."""
    from platformdirs import user_state_path

    file = user_state_path("newsdesk", appauthor=False) / "chat-history"
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        return file
    return None


async def _next_line() -> str:
    """Return the next line of standard input, empty at its end.

    It is read in a thread that nobody waits for: otherwise Ctrl-C would take effect only after
    Enter.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    read: asyncio.Future[str] = loop.create_future()

    def deliver(line: str | ValueError) -> None:
        if read.cancelled():
            return
        if isinstance(line, str):
            read.set_result(line)
        else:
            read.set_exception(line)

    def wait() -> None:
        line: str | ValueError
        try:
            line = sys.stdin.readline()
        except ValueError as error:  # no UTF-8
            line = error
        with contextlib.suppress(RuntimeError):  # the conversation is over
            loop.call_soon_threadsafe(deliver, line)

    threading.Thread(target=wait, daemon=True).start()
    return await read
