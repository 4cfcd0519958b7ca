"""The import rules of the house."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.source_files import ROOT, modules, nodes, text_of

_ALL_BUT_CODE = shutil.ignore_patterns(
    "__pycache__", "*.npz", "*.json", "*.jsonl", "*.ttf", "*.gz", "*.bin"
)


CHECK = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
)


def _modules() -> list[Path]:
    return modules("bot", "prompts", "retrieval")


def _lines_of_code(path: Path) -> list[tuple[int, str]]:
    """Numbers and texts of lines that are neither empty nor part of an import, comment or docstring."""
    left_out: set[int] = set()
    for node in nodes(path):
        said: ast.stmt
        if isinstance(node, ast.Import | ast.ImportFrom):
            said = node
        elif (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(first := node.body[0], ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            said = first
        else:
            continue
        left_out.update(range(said.lineno, (said.end_lineno or said.lineno) + 1))
    return [
        (number, text)
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if (text := line.strip()) and not text.startswith("#") and number not in left_out
    ]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, to break."""
    folder = tmp_path_factory.mktemp("house")
    for package in ("bot", "prompts", "retrieval"):
        shutil.copytree(ROOT / package, folder / package, ignore=_ALL_BUT_CODE)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHECK],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_contracts_hold(house: Path) -> None:
    done = _lint(house)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "imported", "contract"),
    [
        ("retrieval/text/tokens.py", "retrieval.catalogue.schema", "Retrieval's floors"),
        ("retrieval/ingestion/progress.py", "retrieval.library", "Retrieval's floors"),
        ("retrieval/embedders/base.py", "retrieval.embedders.factory", "No circle in retrieval"),
        ("retrieval/catalogue/schema.py", "bot.storage.schema", "Retrieval knows nothing"),
        ("prompts/__init__.py", "retrieval.models", "The prompts know nothing"),
        ("bot/answering/models.py", "discord", "Answering knows nothing of Discord"),
        ("bot/ui/links.py", "sqlalchemy", "What faces Discord opens no store"),
        ("bot/answering/models.py", "bot.services.answers", "The bot's floors"),
        (
            "bot/answering/providers/base.py",
            "bot.answering.providers.factory",
            "No circle in the bot",
        ),
        ("bot/ui/links.py", "bot.services.answers", "What is drawn knows no services"),
        (
            "bot/answering/verification/base.py",
            "bot.answering.budget",
            "Verification knows nothing",
        ),
    ],
)
def test_a_wrong_import_breaks_a_contract(
    house: Path, module: str, imported: str, contract: str
) -> None:
    path = house / module
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\nimport {imported}\n", encoding="utf-8")
    try:
        done = _lint(house)
    finally:
        path.write_text(before, encoding="utf-8")
    assert done.returncode == 1
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    assert any(line.startswith(contract) for line in broken), done.stdout


def test_no_module_is_over_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _modules()
        if (count := len(text_of(path).splitlines())) > 400
    }
    assert not long


def test_no_run_of_twelve_lines_stands_twice() -> None:
    places: dict[tuple[str, ...], list[str]] = {}
    for path in _modules():
        lines = _lines_of_code(path)
        for first in range(len(lines) - 11):
            run = tuple(text for _, text in lines[first : first + 12])
            places.setdefault(run, []).append(f"{path.relative_to(ROOT)}:{lines[first][0]}")
    assert not [where for where in places.values() if len(where) > 1]


def test_hardly_a_line_is_kept_from_the_formatter() -> None:
    assert sum(text_of(path).count("# fmt: skip") for path in _modules()) < 20


def test_no_class_has_the_name_of_another() -> None:
    places: dict[str, list[str]] = {}
    for path in _modules():
        for node in nodes(path):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert not {name: where for name, where in places.items() if len(where) > 1}


def test_no_module_of_a_package_has_the_name_of_another() -> None:
    conventional = {"__init__", "base", "errors", "factory", "models", "schema", "service"}
    places: dict[tuple[str, ...], list[str]] = {}
    for path in _modules():
        within = path.relative_to(ROOT)
        if len(within.parts) > 2 and path.stem not in conventional:
            places.setdefault((*within.parts[:2], path.stem), []).append(str(within))
    assert not {name: where for name, where in places.items() if len(where) > 1}


def test_what_the_architecture_page_names_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:bot|prompts|retrieval|tests|docs)/[\w./-]+)`", page))
    assert len(named) >= 10
    assert not [path for path in named if not (ROOT / path).exists()]
    table = page.partition("## Where is …?")[2].partition("\n## ")[0]
    answers = [line for line in table.splitlines() if line.startswith("| the ")]
    assert len(answers) >= 10
    assert all(re.search(r"`(?:bot|prompts|retrieval)/", line) for line in answers)


def test_no_import_is_relative() -> None:
    for path in _modules():
        for node in nodes(path):
            assert not (isinstance(node, ast.ImportFrom) and node.level), path


def test_importing_the_bot_starts_nothing_and_reads_nothing(tmp_path: Path) -> None:
    code = "import bot.charts.coverage, bot.cli.main, prompts, retrieval, sys, threading; assert threading.active_count() == 1; assert not {'chromadb', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={"HOME": str(tmp_path)})
    assert not any(tmp_path.iterdir())


def test_help_waits_for_nothing_heavy() -> None:
    code = "import bot.cli.main, sys; print(*{'numpy', 'sqlalchemy', 'chromadb', 'discord', 'openai', 'trafilatura'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    assert done.stdout.strip() == ""
