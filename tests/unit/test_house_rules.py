"""The import rules of the house."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ALL_BUT_CODE = shutil.ignore_patterns(
    "__pycache__", "*.npz", "*.json", "*.jsonl", "*.ttf", "*.gz", "*.bin"
)


CHECK = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
)


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


@pytest.mark.parametrize("folder", ["bot", "prompts", "retrieval"])
def test_no_module_is_over_400_lines(folder: str) -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / folder).rglob("*.py")
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_no_import_is_relative() -> None:
    for folder in ("bot", "prompts", "retrieval"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                assert not (isinstance(node, ast.ImportFrom) and node.level), path


def test_importing_the_bot_starts_nothing_and_reads_nothing(tmp_path: Path) -> None:
    code = "import bot.charts.coverage, bot.cli.main, prompts, retrieval, sys, threading; assert threading.active_count() == 1; assert not {'chromadb', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={"HOME": str(tmp_path)})
    assert not any(tmp_path.iterdir())


def test_help_waits_for_nothing_heavy() -> None:
    code = "import bot.cli.main, sys; print(*{'numpy', 'sqlalchemy', 'chromadb', 'discord', 'openai', 'trafilatura'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    assert done.stdout.strip() == ""
