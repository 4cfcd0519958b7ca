"""What README and the quick start tell people to type is run, and prints what they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from tests.integration.conftest import ROOT

_PAGES = ("README.md", "docs/quick-start.md")
_ALL_PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
_BLOCK = re.compile(r"(<!-- not run -->\n)?^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_DATE = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:]+Z|\d{1,2} (?:January|February|March|April|May|June|July|August"
    r"|September|October|November|December) 20\d\d(?:, \d\d:\d\d UTC)?"
)
_MORE = "…"  # a line of output that stands for any number of lines


@dataclass(frozen=True)
class Block:
    """A fenced block; ``rest`` is what stands behind its language."""

    language: str
    rest: str
    text: str
    is_run: bool


def _blocks(page: str) -> list[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return [Block(m[2], m[3], m[4], not m[1]) for m in _BLOCK.finditer(text)]


def _commands(block: Block) -> Iterator[list[str]]:
    """The commands of a block, without what is set for them and without comments."""
    for line in block.text.splitlines():
        for command in line.split(" && "):
            words = shlex.split(command, comments=True)
            while words and re.match(r"[A-Z_]+=", words[0]):
                words.pop(0)
            if words:
                yield words


def _newsdesk(words: list[str]) -> list[str] | None:
    """The arguments of ``newsdesk`` in a command; ``None`` if it is another program."""
    if words == ["make", "demo"]:
        return ["demo"]
    return words[1:] if Path(words[0]).name == "newsdesk" else None


def _without_dates(text: str) -> list[str]:
    return [_DATE.sub("DATE", line).rstrip() for line in text.splitlines() if line.strip()]


def _is_shown(shown: str, printed: str) -> bool:
    """Whether ``printed`` is what is shown, in which lines may be left out."""
    pattern = "\n".join(
        "(?:.*\n)*?.*" if line.strip() == _MORE else re.escape(line)
        for line in _without_dates(shown)
    )
    return re.fullmatch(pattern, "\n".join(_without_dates(printed))) is not None


@pytest.mark.parametrize("page", _PAGES)
def test_each_command_runs_and_prints_what_is_shown(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSDESK_DATA_DIR", str(tmp_path / "data"))
    printed: dict[str, str] = {}  # the demo takes seconds, and is the same each time
    last, ran, compared = "", 0, 0
    for block in _blocks(page):
        if block.language == "json":
            (tmp_path / "articles.jsonl").write_text(block.text, encoding="utf-8")
        elif block.language == "text":
            assert _is_shown(block.text, last), f"{page} shows\n{block.text}\nprinted is\n{last}"
            compared += 1
        elif block.language == "sh" and block.is_run:
            for words in _commands(block):
                if (arguments := _newsdesk(words)) is None:
                    continue
                done = CliRunner().invoke(app, arguments, catch_exceptions=False)
                assert done.exit_code == 0, (words, done.output)
                printed[" ".join(arguments)] = done.stdout
                last = done.stdout
                ran += 1
    assert ran >= 3, page
    assert compared >= 1, page
    assert len(printed) == ran


def test_the_comparison_tells_other_output() -> None:
    assert _is_shown("a\n…\nd, 3 May 2024", "a\nb\nc\nd, 12 June 2025")
    assert not _is_shown("a\nd", "a\nb\nd")
    assert not _is_shown("a\n…\nd", "a\nb\ne")


@pytest.mark.parametrize("page", _ALL_PAGES)
def test_each_documented_command_exists(page: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for block in _blocks(page):
        for words in _commands(block) if block.language == "sh" else ():
            if words[0] == "make":
                assert set(words[1:]) <= targets, words
            elif (arguments := _newsdesk(words)) is not None:
                path = [word for word in arguments if not word.startswith("-")][:2]
                done = CliRunner().invoke(app, [*_known(path), "--help"])
                assert done.exit_code == 0, words
                options = {word.partition("=")[0] for word in arguments if word.startswith("--")}
                assert all(option in done.stdout for option in options), words


def _known(path: list[str]) -> list[str]:
    groups = {group.name for group in app.registered_groups}
    return path if path and path[0] in groups else path[:1]


@pytest.mark.parametrize("page", _ALL_PAGES)
def test_commands_in_the_text_exist(page: str) -> None:
    """Also those within a line: `newsdesk feeds check`."""
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    single = {
        c.name or (c.callback.__name__ if c.callback else "") for c in app.registered_commands
    }
    text = (ROOT / page).read_text(encoding="utf-8")
    for found in re.finditer(r"`(?:\.venv/bin/)?newsdesk ([a-z][\w-]*)(?: ([a-z]+)\b)?", text):
        name, second = found[1], found[2]
        if name in groups:
            group = groups[name]
            assert group is not None
            within = {c.name or (c.callback.__name__ if c.callback else "") for c in group.registered_commands}  # fmt: skip
            assert second is None or second in within, found[0]
        else:
            assert name in single, found[0]


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 130
    links = re.findall(r"\]\(([^)#]+)[^)]*\)|src=\"([^\"]+)\"", text)
    places = [first or second for first, second in links]
    assert len(places) > 15
    assert not [p for p in places if "://" not in p and not (ROOT / p).exists()]
