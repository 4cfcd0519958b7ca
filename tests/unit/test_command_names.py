"""Commands in each language: every name, description and choice, within what Discord takes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.cli.run import _commands
from bot.config.settings import Settings
from bot.i18n import LANGUAGES, text, translator_for
from bot.i18n.catalogues import load
from bot.i18n.command_names import set_registered, with_commands

Json = dict[str, Any]
LOCALES = ["de", "es-ES", "es-419", "fr", "ja", "pt-BR"]
HERE = [locale for locale in LOCALES if locale.split("-")[0] in LANGUAGES]
# Letters of any script and digits, in lower case where the script has it.
_NAME = re.compile(r"[-_'\w]{1,32}")
_MOST_CHARACTERS = 8_000  # of one command, the longest language counting
MODERATORS = {
    "articles", "audit", "feeds", "ingest", "report", "settings", "setup", "stories",
    "Correct this answer", "Ingest this",
}  # fmt: skip
_SLASH, _MESSAGE, _WITH_PARTS = 1, 3, (1, 2)


@pytest.fixture(autouse=True)
def _nothing_is_registered() -> None:
    """Another test of this process may have registered commands with Discord's stand-in."""
    set_registered({})


@pytest.fixture(scope="module")
def commands() -> list[Json]:
    return asyncio.run(_commands(Settings()))


def _parts(command: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """The command, its subcommands and options, each with its path."""
    path = f"{path} {command['name']}".strip()
    yield path, command
    for option in command.get("options", ()):
        yield from _parts(option, path)


def _localised(part: Json, field: str, locale: str) -> str:
    found: str | None = part.get(f"{field}_localizations", {}).get(locale)
    assert found is not None, f"{part['name']} has no {field} in {locale}"
    return found


def test_discord_shows_moderators_commands_to_moderators_in_servers_only(
    commands: list[Json],
) -> None:
    manage_guild = str(1 << 5)
    hidden = {c["name"] for c in commands if c["default_member_permissions"] is not None}
    assert hidden == MODERATORS
    for command in commands:
        name, is_hidden = command["name"], command["name"] in hidden
        # 0 are servers, 1 direct messages with the bot.
        assert command["contexts"] == ([0] if is_hidden or name == "subscribe" else [0, 1]), name
        assert command["integration_types"] == [0], name
        if is_hidden:
            assert str(command["default_member_permissions"]) == manage_guild, name


def test_members_commands_go_along_where_all_servers_share_their_articles() -> None:
    shared = asyncio.run(_commands(Settings(shared_corpus="everyone")))
    for command in shared:
        stays = command["name"] in {*MODERATORS, "subscribe"}
        assert command["integration_types"] == ([0] if stays else [0, 1]), command["name"]
        assert command["contexts"] == ([0] if stays else [0, 1, 2]), command["name"]


def test_everything_is_described(commands: list[Json]) -> None:
    for command in commands:
        for path, part in _parts(command):
            described = part.get("description", "").strip(" .…")
            assert described or command["type"] == _MESSAGE, path


@pytest.mark.parametrize("locale", HERE)
def test_every_name_and_description_is_localised(commands: list[Json], locale: str) -> None:
    for command in commands:
        if command["type"] == _MESSAGE:
            assert 1 <= len(_localised(command, "name", locale)) <= 32
            continue
        for path, part in _parts(command):
            name = _localised(part, "name", locale)
            assert _NAME.fullmatch(name), f"{path}: {name}"
            assert name == name.lower(), f"{path}: {name}"
            assert 1 <= len(_localised(part, "description", locale)) <= 100, path
            for choice in part.get("choices", ()):
                if choice["name"] not in LANGUAGES.values():
                    assert 1 <= len(_localised(choice, "name", locale)) <= 100, path


@pytest.mark.parametrize("locale", HERE)
def test_names_beside_each_other_differ(commands: list[Json], locale: str) -> None:
    groups = [[c for c in commands if c["type"] == kind] for kind in (_SLASH, _MESSAGE)]
    groups += [part["options"] for c in commands for _, part in _parts(c) if part.get("options")]
    for group in groups:
        named = [_localised(each, "name", locale) for each in group]
        assert len(set(named)) == len(named), named


def test_nothing_is_said_of_other_languages(commands: list[Json]) -> None:
    for command in commands:
        for path, part in _parts(command):
            assert set(part.get("name_localizations", {})) == set(HERE), path
            assert part.get("description") != "…", path


def test_each_command_fits_what_discord_takes(commands: list[Json]) -> None:
    def longest(part: Json, field: str) -> int:
        return max(
            map(len, [part.get(field, ""), *part.get(f"{field}_localizations", {}).values()])
        )

    for command in commands:
        length = 0
        for _, part in _parts(command):
            length += longest(part, "name") + longest(part, "description")
            for choice in part.get("choices", ()):
                length += longest(choice, "name") + len(str(choice["value"]))
        assert length <= _MOST_CHARACTERS, command["name"]


def test_the_english_names_are_those_of_the_commands(commands: list[Json]) -> None:
    made = set()
    for command in commands:
        for path, part in _parts(command):
            if command["type"] != _SLASH:
                continue
            is_command = part is command or part["type"] in _WITH_PARTS
            name = path if is_command else part["name"].replace("_", "-")
            key = f"{'name' if is_command else 'option'}-{name.replace(' ', '-')}"
            made.add(key)
            assert text("en", key).replace("-", "_") == part["name"].replace("-", "_")
            made |= {f"choice-{c['name'].lower()}" for c in part.get("choices", ())}
    named = {key for key in load("en", "commands") if not key.startswith("command-")}
    assert named - made == {"choice-own-language"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_name_commands_that_there_are(commands: list[Json], language: str) -> None:
    """Each language names the same commands as English, as they are typed in English."""
    paths = {path for command in commands for path, _ in _parts(command)}
    for domain in ("discord", "replies"):
        english, other = load("en", domain), load(language, domain)
        for key in english:
            for form in other.forms(key):
                named = re.findall(r"`/([a-z -]+?)(?: \{\w+\})?`", form)
                assert set(named) <= paths, f"{language}/{domain}.po: {key}"
                wanted = re.findall(r"`/([a-z -]+?)(?: \{\w+\})?`", english.forms(key)[-1])
                assert sorted(named) == sorted(wanted), f"{language}/{domain}.po: {key}"
                assert form.count("`/") == len(named), f"{language}/{domain}.po: {key}"


@pytest.mark.parametrize(
    ("language", "said"), [("en", "`/privacy forget`"), ("de", "`/datenschutz vergessen`")]
)
def test_a_text_names_a_command_in_its_own_language(language: str, said: str) -> None:
    assert said in translator_for(language)("privacy-how")


def test_a_command_that_discord_knows_is_mentioned() -> None:
    set_registered({"ask": 7, "privacy": 8})
    try:
        assert with_commands("`/ask {example}`, `/privacy forget`", "de") == (
            "</ask:7> {example}, </privacy forget:8>"
        )
        # A group alone can't be mentioned, and no more can what is not registered.
        assert with_commands("`/privacy`, `/help`", "de") == "`/datenschutz`, `/hilfe`"
        assert with_commands("`/nonsense`", "de") == "`/nonsense`"
    finally:
        set_registered({})
