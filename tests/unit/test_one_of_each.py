"""Names, numbers, stop words and stems are known in one place each, which all else reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.text.calendar_names import calendar_names
from retrieval.text.numbers.number_words import UNITS
from retrieval.text.places import countries, states
from retrieval.text.stop_words import stop_words
from tests.unit.source_files import ROOT, modules, nodes, text_of

_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = re.compile(r"[\w'’.-]+")
_TEXT = ROOT / "retrieval" / "text"


def _months(language: str) -> frozenset[str]:
    names = calendar_names(language)
    assert names is not None
    return frozenset(form for forms in names.months for form in forms)


def _strings(path: Path) -> Iterator[tuple[int, str]]:
    """The text constants of a module but its docstrings, those of one collection joined."""
    inside: set[ast.AST] = set()
    for node in nodes(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            inside.add(node.value)
        elif isinstance(node, ast.List | ast.Set | ast.Tuple | ast.Dict | ast.JoinedStr):
            parts = [
                part
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            inside.update(parts)
            yield node.lineno, " ".join(str(part.value) for part in parts)
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield node.lineno, node.value


def _in_modules(names: frozenset[str], most: int) -> list[str]:
    """Where more than so many of the names stand together in a module."""
    return [
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules("bot", "retrieval", "prompts")
        for line, text in _strings(path)
        if len(names & set(_WORD.findall(text.lower()))) > most
    ]


def _tables(names: frozenset[str], most: int, *, but: Path) -> list[str]:
    """Where more than so many of the names stand together, in modules and in files of data."""
    found = _in_modules(names, most)
    for folder in ("bot", "retrieval", "prompts"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.suffix in {".toml", ".json"} and path != but:
                words = set(_WORD.findall(path.read_text(encoding="utf-8").lower()))
                if len(names & words) > most:
                    found.append(str(path.relative_to(ROOT)))
    return found


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "it", "nl", "pt", "ru", "tr"])
def test_no_second_table_names_the_months(language: str) -> None:
    assert not _tables(_months(language), 6, but=_TEXT / "calendar_names.json")


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "it", "nl", "pt", "ru", "tr"])
def test_no_module_lists_the_weekdays(language: str) -> None:
    # Rules about time name days too ("Black Friday", "vendredi saint"), in files of data.
    names = calendar_names(language)
    assert names is not None
    assert not _in_modules(frozenset(form for forms in names.weekdays for form in forms), 2)


def test_no_second_table_names_countries_or_states() -> None:
    assert not _tables(countries() | states(), 12, but=_TEXT / "places.toml")


def test_no_second_table_names_numbers() -> None:
    assert not _tables(frozenset(UNITS), 12, but=_TEXT / "numbers" / "number_words.toml")


def test_no_module_lists_stop_words() -> None:
    lists = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in modules("bot", "retrieval", "prompts")
        for line, text in _strings(path)
        if all(map(_PLAIN.fullmatch, text.split()))
        if len(stop_words() & set(text.lower().split())) > 20
    ]
    assert not lists


@pytest.mark.parametrize(
    ("used", "place"),
    [
        (r"Filter\.stemmer\(", "retrieval/text/stemming.py"),
        (r"\bdef expected_answer_type\b", "retrieval/text/answer_types.py"),
        (r"\bdef parse_numbers\b", "retrieval/text/numbers/__init__.py"),
        (r"\bget_currency_name\(", "retrieval/text/currencies.py"),
        (r"\.territories\b", "retrieval/text/places.py"),
        (r"\.(?:months|days)\[", None),
    ],
)
def test_only_one_module_does_it(used: str, place: str | None) -> None:
    found = [path for path in modules("bot", "retrieval") if re.search(used, text_of(path))]
    assert [str(path.relative_to(ROOT)) for path in found] == ([place] if place else [])


def test_tables_that_stand_twice_are_found(tmp_path: Path) -> None:
    module = tmp_path / "twice.py"
    module.write_text(
        f"A = re.compile('{'|'.join(sorted(_months('en')))}')\nB = {sorted(countries())[:20]}\n"
    )
    (_, months), (_, named) = sorted(_strings(module))
    assert set(months.split("|")) == _months("en")
    assert len(countries() & set(_WORD.findall(named))) > 5
