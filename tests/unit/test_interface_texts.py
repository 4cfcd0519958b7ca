"""The bot's words in Discord: complete in every language, strict about their variables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.i18n import LANGUAGES, TextError, text, texts, translator_for, variables_of

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_texts_with_the_same_variables(language: str) -> None:
    english, other = texts("en"), texts(language)
    assert english.keys() == other.keys()
    for key, pattern in english.items():
        assert variables_of(pattern) == variables_of(other[key]), key
        assert other[key].strip(), key


def test_every_text_that_is_said_exists() -> None:
    said = set()
    for path in (ROOT / "bot").rglob("*.py"):
        said |= set(re.findall(r"\bsay\(\s*\"([\w-]+)\"", path.read_text(encoding="utf-8")))
    assert said <= texts("en").keys()


def test_descriptions_fit_what_discord_takes() -> None:
    for language in LANGUAGES:
        for key, pattern in texts(language).items():
            if key.startswith("command-"):
                assert len(pattern) <= 100, key
            if key.startswith("button-"):
                assert len(pattern) <= 80, key


def test_the_language_follows_the_locale() -> None:
    assert translator_for("de")("yes") == "ja"
    assert translator_for("en-GB")("yes") == "yes"
    assert translator_for("fr")("yes") == "yes"
    assert translator_for(None)("yes") == "yes"


def test_one_of_a_thing_is_said_as_one() -> None:
    say = translator_for("en")
    assert (
        say("privacy-done", count=1)
        == "Forgotten: one question, and all else that was kept of you."
    )
    assert (
        say("privacy-done", count=0) == "Forgotten: 0 questions, and all else that was kept of you."
    )


def test_an_unknown_text_and_wrong_variables_are_errors() -> None:
    with pytest.raises(TextError, match="no text called"):
        text("en", "nonsense")
    with pytest.raises(TextError, match="takes"):
        text("en", "too-soon")
    with pytest.raises(TextError, match="takes"):
        text("en", "busy", seconds=3)


def test_every_word_of_a_command_is_translated() -> None:
    known = {words for key, words in texts("en").items() if key.startswith("command-")}
    said = {text("en", "command-changed")}  # an error, no command
    for path in (ROOT / "bot" / "cogs").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        said |= set(re.findall(r"locale_str\(\s*\"([^\"]+)\"\s*\)", source))
        assert source.count("locale_str(") == len(re.findall(r"locale_str\(\s*\"", source)), path
    assert said == known


def test_every_remark_of_the_engine_and_every_reason_to_wait_is_a_text() -> None:
    keys = set()
    for path in (ROOT / "bot").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        keys |= set(re.findall(r"\b(?:Note|Busy)\(\s*\"([\w-]+)\"", source))
        keys |= set(re.findall(r"\bpublic = \"([\w-]+)\"", source))
    keys |= {f"note-{this}-quoted" for this in ("summary", "digest", "timeline")}
    texts_of_notes = {key for key in texts("en") if key.startswith(("note-", "nothing-"))}
    texts_of_notes -= {key for key in texts_of_notes if key.endswith("-one")}
    assert keys - {"busy", "restarting", "several-waiting"} == texts_of_notes - {"nothing-here-yet", "nothing-new"}  # fmt: skip
    assert keys <= texts("en").keys()
