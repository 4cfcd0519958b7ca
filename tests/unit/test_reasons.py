"""Reasons of the services in the languages of Discord: every one of them has its words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.i18n import translator_for
from bot.i18n.reasons import reason_in

ROOT = Path(__file__).parents[2]
_ERRORS = {"UnreadableSource", "FetchRefused", "RobotsRefused"}
# Where functions return reasons, and where ``ValueError`` has one to show.
_RETURNED = {
    "classify_non_article",
    "_listing",
    "reservation",
    "_no_article",
    "removal_reason",
    "refusal",
}
_SHOWN = {"urls.py", "jsonl.py"}
_GERMAN = translator_for("de")


def _given() -> Iterator[str]:
    """Every reason that stands in the code of the services, with x where something is filled in."""
    for path in sorted((ROOT / "retrieval").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", "")
                if name in _ERRORS or (name == "ValueError" and path.name in _SHOWN):
                    yield from _words(node.args[0])
                if name == "FilteredItem" and len(node.args) > 2:
                    yield from _words(node.args[2])
                for keyword in node.keywords:
                    if keyword.arg in ("reason", "pause_reason"):
                        yield from _words(keyword.value)
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
                yield from _words(node.value)
            elif isinstance(node, ast.FunctionDef) and node.name in _RETURNED:
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Return) and inner.value is not None:
                        yield from _words(inner.value)


def _words(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
        )
    elif isinstance(node, ast.IfExp):
        yield from _words(node.body)
        yield from _words(node.orelse)
    elif isinstance(node, ast.BinOp):
        for left in _words(node.left):
            yield left + "x"


def test_every_reason_has_words_in_every_language() -> None:
    given = set(_given())
    assert len(given) > 90
    # What the reading process is called with takes the place of x here.
    given -= {"reading the x took longer than x s", "the x is malformed or too large to be read"}
    given |= {f"reading the {what} took longer than 5 s" for what in ("page", "PDF", "feed")}
    given |= {
        f"the {what} is malformed or too large to be read" for what in ("page", "PDF", "feed")
    }
    given -= {"it has no x"}
    given |= {"it has no address", "it has no address and no text"}
    assert {reason for reason in given if reason_in(_GERMAN, reason) == reason} == set()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("the server answered 404 Not Found", "der Server antwortete 404 Not Found"),
        (
            "it could not be had yet: its robots.txt can't be read: no answer",
            "er war noch nicht zu bekommen: ihre robots.txt ist nicht zu lesen: keine Antwort",
        ),
        ("it is of no known kind, not a page, a feed or a PDF", "es ist von unbekannter Art, keine Seite, kein Feed und kein PDF"),
        ("it is a list of articles, not an article", "es ist eine Liste von Artikeln, kein Artikel"),
        ("the moon is full", "the moon is full"),
        ("{robots} is no address", "{robots} ist keine Adresse"),
    ],
)  # fmt: skip
def test_a_reason_is_said_in_german_and_what_it_holds_too(reason: str, said: str) -> None:
    assert reason_in(_GERMAN, reason) == said
    assert reason_in(translator_for("en"), reason) == reason
