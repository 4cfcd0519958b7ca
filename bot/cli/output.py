"""How results look in a terminal, in a pipe and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.answering.answers import Answer
    from retrieval.articles import Found, Ingested, Reference


def print_json(record: dict[str, Any]) -> None:
    """One line, flushed: a reader sees it when it is true."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    print(f"newsdesk: {text}", file=sys.stderr, flush=True)


def ingested_record(result: Ingested) -> dict[str, Any]:
    return asdict(result)


def search_record(
    found: Found, question_id: str | None, ms: float, *, explain: bool = False
) -> dict[str, Any]:
    from retrieval.moments import iso

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
            "source": found.source,
            "shares": [
                {kind: round(share, 2) for kind, share in hit.shares.items()} for hit in found.hits
            ],
        }
    return record


def answer_record(answer: Answer, question_id: str | None, ms: float) -> dict[str, Any]:
    return {
        "id": question_id,
        "question": answer.question,
        "answer": answer.text,
        "abstained": answer.abstained,
        "sentences": [{"text": s.text, "citations": list(s.citations)} for s in answer.sentences],
        "citations": [{"n": c.n, **asdict(c.article), "quote": c.quote} for c in answer.citations],
        "nearest": [asdict(reference) for reference in answer.nearest],
        "model": answer.model,
        "usage": None,
        "notes": list(answer.notes),
        "ms": round(ms, 1),
    }


def print_found(found: Found, *, explain: bool = False) -> None:
    from rich.text import Text

    console = _console()
    if explain:
        for line in _reading(found):
            console.print(Text(line, style="cyan"))
    for hit in found.hits:
        console.print(Text(f"{hit.rank}. {hit.passage.article.title}", style="bold"))
        console.print(Text(f"   {byline(hit.passage.article)}", style="dim"))
        console.print(Text(f"   {' '.join(hit.passage.text.split())}"))
        if explain:
            shares = ", ".join(f"{kind} {share:.2f}" for kind, share in hit.shares.items())
            console.print(Text(f"   score {hit.score:.2f}: {shares}", style="cyan"))
        for also in hit.also:
            console.print(Text(f"   also: {also.source or ''} {also.url or ''}", style="dim"))
    if not found.hits and not found.notes:
        console.print("Nothing was found. `newsdesk status` shows what there is to search.")
    for note in found.notes:
        console.print(Text(note, style="yellow"))


def _reading(found: Found) -> list[str]:
    """How the question was read."""
    from retrieval.moments import iso

    words = ", ".join(f"{word} {weight:.1f}" for word, weight in found.weights.items())
    since = f"from {iso(found.since)} " if found.since else ""
    why = f' ("{found.phrase}")' if found.phrase else ""
    lines = [
        f"words: {words or 'none that this corpus knows'}",
        f"range: {since}to {iso(found.until)}{why}",
    ]
    if found.source:
        lines.append(f"source: {found.source}")
    return lines


def print_answer(answer: Answer, *, show_question: bool = False) -> None:
    from rich.text import Text

    console = _console()
    if show_question:
        console.print(Text(f"\nQ: {answer.question}", style="bold cyan"))
    console.print(Text(answer.text, style="yellow" if answer.abstained else ""))
    for citation in answer.citations:
        console.print(Text(f"  [{citation.n}] {citation.article.title}", style="green"))
        console.print(Text(f"      {byline(citation.article)}", style="dim"))
    if answer.nearest:
        console.print("  The nearest coverage:")
    for reference in answer.nearest:
        console.print(Text(f"  - {reference.title}", style="green"))
        console.print(Text(f"    {byline(reference)}", style="dim"))
    for note in answer.notes:
        console.print(Text(f"  {note}", style="yellow"))


def byline(reference: Reference) -> str:
    parts: Sequence[str | None] = (
        reference.source, reference.published_at or "undated", reference.url,
    )  # fmt: skip
    return ", ".join(part for part in parts if part)


def _console() -> Any:
    from rich.console import Console

    # In a pipe: plain text, and lines are left to the reader to wrap.
    return Console(soft_wrap=not sys.stdout.isatty(), highlight=False)
