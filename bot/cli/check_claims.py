"""`newsdesk check-claims`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import options as o
from bot.cli.output import output_console, print_json, print_line

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from bot.answering.verification import Verdict
    from bot.evaluation.claims import LabelledClaim

_MAX_LINE = 20_000_000  # bytes
_FORM = '{"claim": "…", "passages": ["…"]}'


def check_claims(
    file: Annotated[
        Path,
        typer.Argument(
            help=f"A file of lines like {_FORM}, optionally gzipped; - means standard input.",
            metavar="FILE",
        ),
    ],
    verifier: Annotated[
        str | None,
        typer.Option(help="The verifier: `rules` or `network`. Default: NEWSDESK_VERIFIER."),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Check whether passages support claims. Newsdesk checks the sentences of its answers in
    the same way.

    Example: newsdesk check-claims claims.jsonl --json
    """
    from bot.answering.verification import Evidence, create_verifier
    from bot.config.settings import load_settings

    config = load_settings().answering()
    checker = create_verifier(verifier or config.verifier, config.verifier_model)
    for claim, passages in read_claims(file):
        verdict = checker.check(claim, [Evidence(passage) for passage in passages])
        if as_json:
            print_json(_record(claim, verdict))
        else:
            _print(claim, verdict)


def read_claims(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each claim with its passages. Raises ``UnreadableSource`` for a file or a line of
    another form."""
    for record, place in _records(path):
        yield _claim(record, place)


def read_labelled_claims(path: Path) -> Iterator[LabelledClaim]:
    """Yield claims with people's verdicts. Raises ``UnreadableSource``, also if a claim has no
    verdict (``claim-without-label``)."""
    from bot.evaluation.claims import LabelledClaim
    from retrieval.errors import UnreadableSource

    for record, place in _records(path):
        claim, passages = _claim(record, place)
        if not isinstance(record.get("label"), bool):
            raise UnreadableSource("claim-without-label", place=place)
        text_id, model = record.get("text_id"), record.get("model")
        yield LabelledClaim(
            claim,
            tuple(passages),
            record["label"],
            str(place if text_id is None else text_id),
            None if model is None else str(model),
        )


def _records(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    from retrieval.errors import UnreadableSource
    from retrieval.text.encoding import file_errors, open_plain_or_gzip

    name = "standard input" if str(path) == "-" else str(path)
    number = 0
    with file_errors(name):
        source: AbstractContextManager[IO[bytes]] = (
            nullcontext(sys.stdin.buffer) if str(path) == "-" else open_plain_or_gzip(path)
        )
        with source as lines:
            while line := lines.readline(_MAX_LINE + 1):
                number += 1
                if len(line) > _MAX_LINE:
                    raise UnreadableSource("claim-too-long", place=f"{name}:{number}")
                if line.strip():
                    yield _record_of(line.removeprefix(b"\xef\xbb\xbf"), f"{name}:{number}")
    if not number:
        raise UnreadableSource("path-empty", path=name, form=_FORM)


def _record_of(line: bytes, place: str) -> tuple[dict[str, Any], str]:
    from retrieval.errors import UnreadableSource

    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnreadableSource("not-a-claim", place=place, form=_FORM) from error
    if not isinstance(record, dict):
        raise UnreadableSource("not-a-claim", place=place, form=_FORM)
    return record, place


def _claim(record: dict[str, Any], place: str) -> tuple[str, list[str]]:
    from retrieval.errors import UnreadableSource

    try:
        claim, passages = record["claim"], record["passages"]
        whole = isinstance(claim, str) and isinstance(passages, list)
        if not whole or not all(isinstance(passage, str) for passage in passages):
            raise TypeError
        claim.encode("utf-8")  # half a surrogate pair could not be printed
    except (ValueError, TypeError, KeyError) as error:
        raise UnreadableSource("not-a-claim", place=place, form=_FORM) from error
    return claim, passages


def _record(claim: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "claim": claim,
        "support": round(verdict.support, 4),
        "supported": verdict.supported,
        "verdict": verdict.outcome,
        "reasons": list(verdict.reasons),
    }


def _print(claim: str, verdict: Verdict) -> None:
    from rich.text import Text

    console = output_console()
    style = {"supported": "green", "uncertain": "yellow", "refuted": "red"}[verdict.outcome]
    line = Text(f"{verdict.outcome} ({verdict.support:.2f})", style=style)
    console.print(line.append(f"  {' '.join(claim.split())}", style="default"))
    for reason in verdict.reasons:
        print_line(console, f"- {reason}", "dim", indent=2)
