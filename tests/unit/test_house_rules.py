"""The import rules of the house."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _imports(folder: str) -> Iterator[tuple[Path, str]]:
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                assert node.level == 0, f"{path}: relative import"
                yield path, node.module


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("retrieval", {"bot", "prompts", "discord"}),
        ("prompts", {"bot", "retrieval", "discord"}),
        ("bot/answering", {"discord"}),
        ("bot/cogs", {"chromadb", "tantivy", "sqlalchemy"}),
        ("bot/ui", {"chromadb", "tantivy", "sqlalchemy"}),
    ],
)
def test_layers_import_only_downwards(folder: str, forbidden: set[str]) -> None:
    broken = [(path, name) for path, name in _imports(folder) if name.split(".")[0] in forbidden]
    assert not broken


def test_importing_the_bot_starts_nothing_and_reads_nothing(tmp_path: Path) -> None:
    code = "import bot.charts.coverage, bot.cli.main, prompts, retrieval, sys, threading; assert threading.active_count() == 1; assert not {'chromadb', 'matplotlib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={"HOME": str(tmp_path)})
    assert not any(tmp_path.iterdir())


def test_help_waits_for_nothing_heavy() -> None:
    code = "import bot.cli.main, sys; print(*{'numpy', 'sqlalchemy', 'chromadb', 'discord', 'openai', 'trafilatura'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, capture_output=True, text=True)  # fmt: skip
    assert done.stdout.strip() == ""
