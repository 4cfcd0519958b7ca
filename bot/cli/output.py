"""How results look in a terminal, in a pipe and as JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.cli.language import for_terminal, published, terminal_text
from bot.i18n import in_english
from retrieval.errors import Note

if TYPE_CHECKING:
    from rich.console import Console

    from bot.answering.models import Answer, AnswerSentence, Usage
    from retrieval.models import IngestResult, Reference, SearchResults, TimePreference


def print_json(record: dict[str, Any]) -> None:
    """Print a record as one line and flush it, so that a reader sees it at once."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, default=_in_words) + "\n")
    sys.stdout.flush()


def _in_words(value: object) -> str:
    if isinstance(value, Note):
        return in_english(value)
    raise TypeError(f"{type(value).__name__} is not JSON")


def to_the_second(moment: str) -> str:
    """Return an ISO 8601 time in UTC without its fraction of a second."""
    return re.sub(r"\.\d+(?=Z$)", "", moment)


def counted(number: int, one: str, several: str | None = None) -> str:
    """Return a number with its noun: `1 article`, `2 articles`. ``several`` is an irregular plural."""
    return f"{number} {one if number == 1 else several or f'{one}s'}"


def own_command() -> str:
    """Return how this command can be typed again here: its name, or the path it was run by."""
    import shutil
    from pathlib import Path

    given = Path(sys.argv[0])
    on_path = shutil.which(given.name)
    if given.name != "newsdesk" or (on_path and Path(on_path).resolve() == given.resolve()):
        return "newsdesk"
    try:
        return str(given.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(given)


def story_name(story_id: int, article_id: str) -> str:
    """Return what commands take for a story: its number, or an article of a story that was split
    off, whose negative number would be read as an option."""
    return str(story_id) if story_id > 0 else article_id


def print_question(text: str) -> None:
    """Print a question as a heading."""
    from rich.text import Text

    output_console().print(Text(f"\nQ: {text}", style="bold cyan"))


def complain(text: str) -> None:
    """Print a line on standard error."""
    print(f"newsdesk: {text}", file=sys.stderr, flush=True)


def ingested_record(result: IngestResult) -> dict[str, Any]:
    """Return the JSON record of an ingestion result."""
    return asdict(result)


def search_record(
    found: SearchResults, question_id: str | None, ms: float, *, explain: bool = False
) -> dict[str, Any]:
    """Return the JSON record of results; ``ms`` is the time taken, and ``explain`` adds how they
    came about."""
    from retrieval.timestamps import iso

    record: dict[str, Any] = {
        "id": question_id,
        "question": found.question,
        "range": {"since": iso(found.since) if found.since else None, "until": iso(found.until)},
        "hits": [
            {
                "rank": hit.rank,
                "score": hit.score,
                **asdict(hit.passage.article),
                "text": hit.passage.text,
                "also": [asdict(also) for also in hit.also],
            }
            for hit in found.hits
        ],
        "notes": list(found.notes),
        "ms": round(ms, 1),
    }
    if explain:
        record["explain"] = {
            "words": {word: round(weight, 2) for word, weight in found.weights.items()},
            "time": found.phrase,
            "preferred": _preferred(found),
            "respellings": {one.word: list(one.instead) for one in found.respellings},
            "source": found.source,
            "shares": [
                {kind: round(share, 2) for kind, share in hit.shares.items()} for hit in found.hits
            ],
        }
    return record


def answer_record(
    answer: Answer, question_id: str | None, ms: float, *, show_dropped: bool = False
) -> dict[str, Any]:
    """Return the JSON record of an answer; ``ms`` is the time taken, and ``show_dropped`` adds what
    was left out."""
    record: dict[str, Any] = {
        "id": question_id,
        "question": answer.question,
        "answer": answer.text,
        "abstained": answer.abstained,
        "sentences": [{"text": s.text, "citations": list(s.citations)} for s in answer.sentences],
        "citations": [{"n": c.n, **asdict(c.article), "quote": c.quote} for c in answer.citations],
        "nearest": [asdict(reference) for reference in answer.nearest],
        "model": answer.model,
        "usage": asdict(answer.usage) if answer.usage else None,
        "form": answer.form,
        "conflicts": [asdict(conflict) for conflict in answer.conflicts],
        "notes": list(answer.notes),
        "ms": round(ms, 1),
    }
    if show_dropped:
        record["dropped"] = [asdict(dropped) for dropped in answer.dropped]
    return record


def print_found(found: SearchResults, *, explain: bool = False) -> None:
    """Print results, with how the question was read and what makes up each score if ``explain``."""
    from rich.text import Text

    console = output_console()
    if explain:
        for line in _reading(found):
            console.print(Text(line, style="cyan"))
    for hit in found.hits:
        console.print(Text(f"{hit.rank}. {hit.passage.article.title}", style="bold"))
        print_line(console, byline(hit.passage.article), "dim", indent=3)
        print_line(console, " ".join(hit.passage.text.split()), indent=3)
        if explain:
            shares = ", ".join(f"{kind} {share:.2f}" for kind, share in hit.shares.items())
            print_line(console, f"score {hit.score:.2f}: {shares}", "cyan", indent=3)
        for also in hit.also:
            parts = filter(None, (also.source, also.url, also.article_id))
            print_line(console, f"also: {', '.join(parts)}", "dim", indent=3)
    if not found.hits and not found.notes:
        console.print("Nothing was found. `newsdesk status` shows what is stored.")
    for note in found.notes:
        console.print(Text(for_terminal(note), style="yellow"))


def _reading(found: SearchResults) -> list[str]:
    """Return lines on how the question was read."""
    from retrieval.timestamps import iso

    words = ", ".join(f"{word} {weight:.1f}" for word, weight in found.weights.items())
    since = f"from {to_the_second(iso(found.since))} " if found.since else ""
    why = f' ("{found.phrase}")' if found.phrase else ""
    lines = [
        f"words: {words or 'none of this corpus'}",
        f"range: {since}to {to_the_second(iso(found.until))}{why}",
    ]
    if (preferred := found.preferred) is not None:
        lines.append(
            f'time: "{preferred.phrase}" prefers {_period(preferred)} ({preferred.articles} articles)'
        )
    for one in found.respellings:
        lines.append(f"not in any article: {one.word}; searched for {', '.join(one.instead)}")
    if found.source:
        lines.append(f"source: {found.source}")
    return lines


def _preferred(found: SearchResults) -> dict[str, Any] | None:
    from retrieval.timestamps import iso

    preferred = found.preferred
    if preferred is None:
        return None
    return {
        "time": preferred.phrase,
        "since": iso(preferred.since) if preferred.since else None,
        "until": iso(preferred.until) if preferred.until else None,
        "articles": preferred.articles,
    }


def _period(preferred: TimePreference) -> str:
    from retrieval.timestamps import iso

    since = f"from {to_the_second(iso(preferred.since))}" if preferred.since else "all"
    return f"{since} to {to_the_second(iso(preferred.until)) if preferred.until else 'now'}"


class AnswerPrinter:
    """Prints an answer as it is made: its sentences one by one, then its sources."""

    def __init__(self, question: str | None = None) -> None:
        self._console = output_console()
        self._said = False
        self._column = 0
        if question is not None:
            self._line(f"\nQ: {question}", "bold cyan")

    def say(self, sentence: AnswerSentence) -> None:
        """Print a sentence with its citation marks."""
        marks = "".join(f"[{n}]" for n in sentence.citations)
        for word in f"{sentence.text} {marks}".split():
            self._put(word)
        self._console.file.flush()
        self._said = True

    def say_all(self, answer: Answer, sentences: Sequence[AnswerSentence]) -> None:
        """Print sentences of an answer; each event of a timeline, and each story of a digest, on a
        line of its own."""
        article_of = {citation.n: citation.article.article_id for citation in answer.citations}
        before: set[str] = set()
        for sentence in sentences:
            about = {article_of[n] for n in sentence.citations if n in article_of}
            next_story = answer.form == "digest" and about.isdisjoint(before)
            if self._column and (next_story or answer.form == "timeline"):
                self._console.file.write("\n")
                self._column = 0
            self.say(sentence)
            before = about

    def retract(self) -> None:
        """Say that the sentences so far aren't the answer; they can't be unprinted."""
        if self._said:
            self._console.file.write("\n")
            self._line("This was only the model's thinking; its answer:", "yellow", indent=2)
            self._said, self._column = False, 0

    def _put(self, word: str) -> None:
        """Print a word after those before it, on a terminal in the next line if there is no
        room."""
        from rich.cells import cell_len

        width = cell_len(word)
        room = self._console.soft_wrap or self._column + 1 + width <= self._console.width
        if self._column and not room:
            self._console.file.write("\n")
            self._column = 0
        if self._column:
            word = f" {word}"
        self._console.file.write(word)
        self._column += width + (self._column > 0)

    def finish(self, answer: Answer, *, show_dropped: bool = False) -> None:
        """Print the sources, each article once with all its numbers, then notes and costs."""
        from bot.answering.models import grouped

        limit = answer.left_nothing
        if self._said:
            self._console.print()
        else:
            text = for_terminal(limit) if limit else answer.text
            self._line(text, "yellow" if answer.abstained else "")
        for article, cited in grouped(answer.citations).items():
            marks = "".join(f"[{citation.n}]" for citation in cited)
            self._line(f"{marks} {article.title}", "green", indent=2)
            self._line(byline(article), "dim", indent=6)
        for note in (note for note in answer.notes if note != limit):  # which is said above
            self._line(for_terminal(note), "yellow", indent=2)
        if answer.nearest:
            self._console.print(f"  {terminal_text('nearest')}:")
        for reference in answer.nearest:
            self._line(f"- {reference.title}", "green", indent=2)
            self._line(byline(reference), "dim", indent=4)
        if answer.model != "quotations":
            self._line(f"Written by {answer.model}{_cost(answer.usage)}.", "dim", indent=2)
        for dropped in answer.dropped if show_dropped else ():
            what = "replaced by a quotation" if dropped.replaced else "left out"
            self._line(f"{what}: {dropped.text}", "red", indent=2)
            why = f"{dropped.verdict or 'no claim'}: {'; '.join(dropped.reasons)}"
            self._line(why, "dim", indent=4)
        self._console.file.flush()

    def _line(self, text: str, style: str, indent: int = 0) -> None:
        print_line(self._console, text, style, indent=indent)


def _cost(usage: Usage | None) -> str:
    if usage is None:
        return ""
    tokens = f", {usage.prompt_tokens + usage.completion_tokens:,} tokens"
    return tokens if usage.cost is None else f"{tokens}, ${usage.cost:.4f}"


def byline(reference: Reference) -> str:
    """Return the publisher, date, URL and id of an article, by which other commands know it."""
    parts: Sequence[str | None] = (
        reference.source,
        published(reference.published_at),
        reference.url,
        reference.article_id,
    )
    return ", ".join(part for part in parts if part)


def print_line(console: Console, text: str, style: str = "", *, indent: int = 0) -> None:
    """Print a line after ``indent`` spaces. On a terminal, what doesn't fit into one line goes on in
    the next ones with the same indent."""
    from rich.padding import Padding
    from rich.text import Text

    words = Text(text, style=style)
    if console.soft_wrap:
        console.print(Text(" " * indent).append(words))
    else:
        console.print(Padding(words, (0, 0, 0, indent), expand=False))


def output_console(*, stderr: bool = False) -> Console:
    """Return a console on standard output or error; in a pipe it prints plain text, unwrapped."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, soft_wrap=not stream.isatty(), highlight=False)
