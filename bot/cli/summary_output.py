"""How summaries, digests, timelines and comparisons look in a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.cli.language import for_terminal
from bot.cli.output import byline, counted, output_console, print_line, story_name

if TYPE_CHECKING:
    from rich.table import Table

    from bot.answering.models import AnswerSentence, Citation, Usage
    from bot.answering.summaries.comparison import Comparison
    from bot.answering.summaries.models import Summary
    from bot.answering.summaries.service import Digest
    from bot.answering.summaries.timeline import Timeline
    from retrieval.errors import Note

_HEADINGS = {
    "summary": "",
    "what-happened": "What happened",
    "who-says-what": "Who says what",
    "disputed": "What is disputed",
    "changed": "What has changed",
}


def summary_record(summary: Summary, ms: float) -> dict[str, Any]:
    """Return the JSON record of a summary; ``ms`` is the time taken."""
    return {
        "kind": summary.kind,
        "title": summary.title,
        "story_id": summary.story_id,
        "sections": [
            {"name": section.name, "sentences": _sentences(section.sentences)}
            for section in summary.sections
        ],
        "figures": [
            {
                "text": figure.text,
                "sentence": figure.sentence.text,
                "citations": list(figure.sentence.citations),
            }
            for figure in summary.figures
        ],
        "citations": _citations(summary.citations),
        "articles": [asdict(article) for article in summary.articles],
        "outlets": list(summary.outlets),
        **_made(summary.model, summary.usage, summary.notes, ms),
    }


def digest_record(digest: Digest, ms: float) -> dict[str, Any]:
    """Return the JSON record of a digest; ``ms`` is the time taken."""
    from retrieval.timestamps import from_micros, iso

    return {
        "range": {"since": iso(digest.since), "until": iso(digest.until)},
        "topic": digest.topic,
        "stories": [
            {
                "rank": rank,
                "story_id": entry.story.story_id,
                "title": entry.title,
                "score": round(entry.story.score, 3),
                "sentences": _sentences(entry.sentences),
                "citations": _citations(entry.citations),
                "outlets": list(entry.story.outlets),
                "articles": len(entry.story.reports),
                "reports": [asdict(report.article) for report in entry.story.reports],
                "latest": iso(from_micros(entry.story.latest.at)),
            }
            for rank, entry in enumerate(digest.entries, 1)
        ],
        "total": digest.total,
        "articles": digest.articles,
        **_made(digest.model, digest.usage, digest.notes, ms),
    }


def timeline_record(timeline: Timeline, alt: str | None, ms: float) -> dict[str, Any]:
    """Return the JSON record of a timeline; ``alt`` is its chart's text, and ``ms`` the time
    taken."""
    return {
        "topic": timeline.topic,
        "events": [
            {
                "date": event.day.isoformat() if event.day else None,
                "story_id": event.story_id,
                "title": event.title,
                "text": event.sentence.text,
                "citations": _citations(event.citations),
                "outlets": list(event.outlets),
            }
            for event in timeline.events
        ],
        "coverage": {day.isoformat(): counts for day, counts in timeline.coverage.items()},
        "total": timeline.total,
        "alt": alt,
        **_made(timeline.model, timeline.usage, timeline.notes, ms),
    }


def comparison_record(comparison: Comparison, ms: float) -> dict[str, Any]:
    """Return the JSON record of a comparison; ``ms`` is the time taken."""
    return {
        "topic": comparison.topic,
        "rows": [
            {
                "publishers": list(row.publishers),
                "text": row.sentence.text,
                "citations": list(row.sentence.citations),
            }
            for row in comparison.rows
        ],
        "citations": _citations(comparison.citations),
        **_made("quotations", None, (), ms),
    }


def print_summary(summary: Summary) -> None:
    """Print a summary with its sections, figures and sources."""
    out = _SummaryPrinter()
    out.line(summary.title, "bold")
    if summary.kind == "story":
        articles = counted(len(summary.articles), "article")
        name = story_name(summary.story_id, summary.articles[0].article_id)
        outlets = ", ".join(summary.outlets) or "unknown publishers"
        out.line(f"{articles}; {outlets}. Story {name}.", "dim")
    for section in summary.sections:
        out.line("")
        if heading := _HEADINGS[section.name]:
            out.line(heading, "bold cyan")
        for sentence in section.sentences:
            out.line(_cited(sentence), indent=2 if heading else 0)
    if summary.figures:
        out.line("")
        out.line("Key figures", "bold cyan")
        for figure in summary.figures:
            marks = "".join(f"[{n}]" for n in figure.sentence.citations)
            out.line(f"{figure.text} {marks}", indent=2)
    out.line("")
    out.sources(summary.citations)
    out.ending(summary.notes, summary.model, summary.usage)


def print_digest(digest: Digest) -> None:
    """Print a digest, each story with its sources."""
    from bot.answering.summaries.export import heading, outlets

    out = _SummaryPrinter()
    out.line(heading(digest), "bold")
    for rank, entry in enumerate(digest.entries, 1):
        out.line("")
        out.line(f"{rank}. {entry.title}", "bold cyan")
        out.line(" ".join(_cited(sentence) for sentence in entry.sentences), indent=3)
        story = entry.story
        name = story_name(story.story_id, story.latest.article.article_id)
        out.line(f"{outlets(entry)} Story {name}.", "dim", indent=3)
        out.sources(entry.citations, indent=3)
    out.line("")
    total = counted(digest.total, "story", "stories")
    some = f"{len(digest.entries)} of " if len(digest.entries) < digest.total else ""
    shown = f"{some}{total}, from {counted(digest.articles, 'article')}"
    out.line(f"{shown}. `newsdesk summarize NUMBER --story` summarises one.", "dim")
    out.ending(digest.notes, digest.model, digest.usage)


def print_timeline(timeline: Timeline, key: Sequence[tuple[str, str]] = ()) -> None:
    """Print a timeline; ``key`` has the abbreviations of names in the chart."""
    out = _SummaryPrinter()
    out.line(f"Timeline of {timeline.topic}", "bold")
    day: object = ""
    for number, event in enumerate(timeline.events, 1):
        if event.day != day:
            day = event.day
            out.line("")
            shown = f"{event.day.day} {event.day:%B %Y}" if event.day else "Undated"
            out.line(shown, "bold cyan")
        out.line(f"{number}. {event.sentence.text}", indent=2)
        for citation in event.citations:
            out.line(f"{citation.article.title}, {byline(citation.article)}", "dim", indent=5)
    out.line("")
    if timeline.total > len(timeline.events):
        out.line(f"{len(timeline.events)} of {timeline.total} events; --limit shows more.", "dim")
    for letters, name in key:
        out.line(f"In the chart, {name} is {letters}.", "dim")
    out.ending(timeline.notes, timeline.model, timeline.usage)


def print_comparison(comparison: Comparison) -> None:
    """Print a comparison as a table on a terminal, or as a line for each row in a pipe."""
    from rich.table import Table
    from rich.text import Text

    out = _SummaryPrinter()
    out.line(f"Who says what about {comparison.topic}", "bold")
    table = Table("Publisher", "Says", show_lines=True)
    for row in comparison.rows:
        who = ", ".join(row.publishers)
        if out.piped:
            out.line(f"{who}: {_cited(row.sentence)}")
        else:
            table.add_row(Text(who), Text(_cited(row.sentence)))
    if not out.piped:
        out.show(table)
    out.line("")
    out.sources(comparison.citations)


class _SummaryPrinter:
    def __init__(self) -> None:
        self._console = output_console()
        self.piped = self._console.soft_wrap

    def show(self, table: Table) -> None:
        self._console.print(table)

    def line(self, text: str, style: str = "", *, indent: int = 0) -> None:
        print_line(self._console, text, style, indent=indent)

    def sources(self, citations: Iterable[Citation], indent: int = 2) -> None:
        """Print each article once with all its numbers."""
        from bot.answering.models import grouped

        for article, cited in grouped(citations).items():
            marks = "".join(f"[{citation.n}]" for citation in cited)
            self.line(f"{marks} {article.title}", "green", indent=indent)
            self.line(byline(article), "dim", indent=indent + 4)

    def ending(self, notes: Sequence[Note], model: str, usage: Usage | None) -> None:
        for note in notes:
            self.line(for_terminal(note), "yellow")
        if model != "quotations":
            tokens = usage.prompt_tokens + usage.completion_tokens if usage else 0
            cost = f", ${usage.cost:.4f}" if usage and usage.cost is not None else ""
            self.line(f"Written by {model}, {tokens:,} tokens{cost}.", "dim")


def _cited(sentence: AnswerSentence) -> str:
    return f"{sentence.text} {''.join(f'[{n}]' for n in sentence.citations)}"


def _sentences(sentences: Iterable[AnswerSentence]) -> list[dict[str, Any]]:
    return [{"text": s.text, "citations": list(s.citations)} for s in sentences]


def _citations(citations: Iterable[Citation]) -> list[dict[str, Any]]:
    return [{"n": c.n, **asdict(c.article), "quote": c.quote} for c in citations]


def _made(model: str, usage: Usage | None, notes: Sequence[Note], ms: float) -> dict[str, Any]:
    return {
        "model": model,
        "usage": asdict(usage) if usage else None,
        "notes": list(notes),
        "ms": ms,
    }
