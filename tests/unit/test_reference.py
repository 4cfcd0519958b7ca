"""The generated pages of the documentation say what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from bot.cli.main import app
from bot.config.settings import load_settings, variable_names
from tests.reference import messages, settings
from tests.reference.__main__ import PARTS
from tests.reference.pages import DOCS, ROOT, with_part


@pytest.mark.parametrize("page", PARTS)
def test_a_generated_page_is_current(page: str) -> None:
    written = (DOCS / page).read_text(encoding="utf-8")
    made = written
    for part, make in PARTS[page].items():
        made = with_part(made, part, make())
    assert made == written, f"docs/{page} is out of date: run python -m tests.reference"


@pytest.mark.parametrize("each", settings.explained(), ids=lambda each: each.name)
def test_a_setting_is_explained_with_its_bounds_and_choices(each: settings.Explained) -> None:
    field = variable_names()[each.name]
    assert each.section
    assert len(each.text) > 20
    assert each.text.endswith(".")
    bounds = settings.bounds(field)
    assert bounds is None or bounds in each.text
    assert [word for word in settings.choices(field) if word not in each.text] == []


def test_the_example_file_shows_the_defaults() -> None:
    """Uncommented, it changes nothing, but for the folder, the model of the verifier and lists."""
    given = {
        each.name: each.default
        for each in settings.explained()
        if each.name not in ("NEWSDESK_DATA_DIR", "NEWSDESK_VERIFIER_MODEL")
    }
    none = ROOT / "no.env"
    assert load_settings(given, none) == load_settings({}, none)


def test_messages_show_no_bare_placeholders() -> None:
    text = messages.messages()
    assert "{" not in text
    assert text.count("\n| ") > 100


def _summaries(command: Any, name: str) -> Iterator[tuple[str, str]]:
    within = getattr(command, "commands", None) or {}
    room = 80 - 6 - max(map(len, within), default=0)
    for key, each in within.items():
        yield f"{name} {key}", each.get_short_help_str(room)
        yield from _summaries(each, f"{name} {key}")


def test_help_lists_each_command_with_a_whole_sentence() -> None:
    shown = dict(_summaries(typer.main.get_command(app), "newsdesk"))
    assert len(shown) > 40
    assert not {name: text for name, text in shown.items() if not re.search(r"[^.]\.$", text)}
