"""The words of Newsdesk: complete in every language, strict about their variables."""

from __future__ import annotations

import gettext
import re
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.answering.replies.flatten import dated
from bot.answering.router.classifier import SMALL_TALK
from bot.cli.language import for_terminal, terminal_text
from bot.config.settings import TerminalLanguage, terminal_language
from bot.i18n import (
    LANGUAGES,
    NAMES_IN_ENGLISH,
    REPLY_LANGUAGES,
    TextError,
    day_text,
    describe,
    in_english,
    remedy_for,
    reply_text,
    say_note,
    text,
    translator_for,
)
from bot.i18n.catalogues import DOMAINS, LOCALES, REPLIES, load, variables_of
from retrieval.errors import Note, Refused

ROOT = Path(__file__).parents[2]


# Every catalogue that there has to be. The bot's own replies are in more languages than the rest.
CATALOGUES = [(language, domain) for domain in DOMAINS for language in LANGUAGES] + [
    (language, REPLIES) for language in REPLY_LANGUAGES if language not in LANGUAGES
]


def _english() -> set[str]:
    return {key for domain in DOMAINS for key in load("en", domain)}


def _source(language: str, domain: str) -> Catalog:
    with (LOCALES / language / f"{domain}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_language_has_the_same_texts_with_the_same_variables(
    language: str, domain: str
) -> None:
    english, other = load("en", domain), load(language, domain)
    file = f"{language}/{domain}.po"
    assert sorted(set(english) - set(other)) == [], f"{file} lacks these texts"
    assert sorted(set(other) - set(english)) == [], f"{file} has texts that English hasn't"
    for key in english:
        assert english.variables(key) == other.variables(key), f"{file}: {key}"
        assert all(form.strip() for form in other.forms(key)), f"{file}: {key} is empty"


def test_keys_tell_replies_from_other_texts() -> None:
    for domain in DOMAINS:
        assert {key.startswith("reply-") for key in load("en", domain)} == {domain == REPLIES}


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_a_form_for_several_numbers_says_which(language: str, domain: str) -> None:
    """A form that is for one number alone, such as "one", may do without it, and what is told of
    it too; in French that for one is for none as well."""
    catalogue, source = load(language, domain), _source(language, domain)
    choose = gettext.c2py(source.plural_expr)
    numbers = Counter(choose(number) for number in range(200))
    for message in source:
        if message.pluralizable:
            key = message.id[0]
            for index, form in enumerate(catalogue.forms(key)):
                assert variables_of(form) <= catalogue.variables(key), key
                if numbers[index] > 1:
                    assert "count" in variables_of(form), f"{language}/{domain}.po: {key}[{index}]"


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_plural_text_has_as_many_forms_as_its_language(language: str, domain: str) -> None:
    source = _source(language, domain)
    plural = [message for message in source if message.pluralizable]
    assert all(len(message.string or ()) == source.num_plurals for message in plural)
    assert [message.id for message in source if message.fuzzy and message.id] == []
    assert list(source.obsolete) == []
    text = (LOCALES / language / f"{domain}.po").read_text(encoding="utf-8")
    keys = re.findall(r"^msgid \"(.+)\"$", text, re.MULTILINE)
    assert len(keys) == len(set(keys)), "a key stands there twice"


def _glossary() -> dict[str, dict[str, list[str]]]:
    """By English term the forms of its translations, by language; the longest terms first."""
    document = (ROOT / "docs" / "translating.md").read_text(encoding="utf-8")
    table = document.split("## Glossary")[1].split("\n\n")[2].splitlines()
    rows = [[cell.strip() for cell in row.strip("| ").split("|")] for row in table]
    found = {
        term.strip(): {
            language: [form.strip().casefold() for form in forms.split(",")]
            for language, forms in zip(list(LANGUAGES)[1:], cells[1:], strict=True)
        }
        for cells in rows[2:]
        for term in cells[0].split(",")
    }
    return dict(sorted(found.items(), key=lambda entry: -len(entry[0])))


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_the_terms_of_the_glossary_are_used(language: str) -> None:
    glossary = _glossary()
    assert len(glossary) > 20
    other_words = {}
    for domain in DOMAINS:
        for key in load("en", domain):
            if key.startswith(("name-", "option-", "choice-")):
                continue
            # What is typed as it stands, filled in or a name is no word of the text.
            english = re.sub(
                r"`[^`]*`|\{[^}]*\}|JSON Feed|https:\S+", "", load("en", domain).forms(key)[-1]
            )
            said = " ".join(load(language, domain).forms(key)).casefold()
            for term, forms in glossary.items():
                english, found = re.subn(rf"(?i)(?<!\w){re.escape(term)}s?(?!\w)", "", english)
                if found and not any(form in said for form in forms[language]):
                    other_words[f"{language}/{domain}.po: {key}"] = term
    assert other_words == {}


def test_no_catalogue_is_left_over() -> None:
    files = {(path.parent.name, path.stem) for path in LOCALES.rglob("*.po")}
    assert files == set(CATALOGUES)


def test_replies_are_in_english_where_they_are_not_in_the_language() -> None:
    greetings = {reply_text(language, "greeting") for language in REPLY_LANGUAGES}
    assert len(greetings) == len(REPLY_LANGUAGES)
    assert reply_text("sv", "greeting") == reply_text("en", "greeting")


def test_every_reply_is_given_somewhere() -> None:
    sources = [p.read_text(encoding="utf-8") for p in (ROOT / "bot" / "answering").rglob("*.py")]
    given = set(re.findall(r"\"((?:reply-)?[a-z-]+)\"", "".join(sources)))
    made = {f"reply-{kind}" for kind in (*SMALL_TALK, "decline-general", "decline-chore")}
    keys = set(load("en", REPLIES)) - made
    assert {key for key in keys if not {key, key.removeprefix("reply-")} & given} == set()


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 1, "one article from 2 publishers"),
        ("en", 1200, "1,200 articles from 2 publishers"),
        ("de", 1200, "1.200 Artikel von 2 Medien"),
        ("ru", 3, "3 статьи (2 издания)"),
        ("ar", 2, "مقالان من ناشرين"),
        ("ja", 1, "2 媒体の記事が 1 件"),
    ],
)
def test_a_reply_counts_as_its_language_does(language: str, count: int, said: str) -> None:
    reply = reply_text(
        language,
        "status-articles",
        count=count,
        publishers=Note("reply-publishers", count=2),
        oldest="2023-11-03",
        newest="2023-11-05",
    )
    assert said in reply


def test_no_key_stands_in_two_catalogues() -> None:
    assert len(_english()) == sum(len(list(load("en", domain))) for domain in DOMAINS)


def test_every_text_that_is_said_exists() -> None:
    said = set()
    for path in (ROOT / "bot").rglob("*.py"):
        said |= set(re.findall(r"\bsay\(\s*\"([\w-]+)\"", path.read_text(encoding="utf-8")))
    assert said <= _english()


def test_descriptions_fit_what_discord_takes() -> None:
    for language in LANGUAGES:
        for key in load(language, "commands"):
            assert len(text(language, key)) <= 100, key
        texts = load(language, "discord")
        buttons = [key for key in texts if key.startswith("button-") or key.endswith("-button")]
        assert buttons
        assert all(len(text(language, key)) <= 80 for key in buttons)
        # Forms: their titles and the labels and placeholders of their fields.
        for key in ("paste-title", "follow-up-title"):
            assert len(text(language, key)) <= 45, key
        for key in ("paste-headline", "paste-text", "paste-link", "paste-date", "follow-up-label"):
            assert len(text(language, key)) <= 45, key
        for key in ("follow-up-placeholder", "example-question", "dm-choose"):
            assert len(text(language, key)) <= 100, key
        for key in texts:  # the title of an embed is shorter than what it may hold beside
            if key.endswith("-title"):
                assert all(len(form) <= 100 for form in texts.forms(key)), key
            assert all(len(form) <= 400 for form in texts.forms(key)), key


def test_the_language_follows_the_locale() -> None:
    assert NAMES_IN_ENGLISH.keys() == LANGUAGES.keys()
    assert translator_for("de")("yes") == "ja"
    assert translator_for("en-GB")("yes") == "yes"
    assert translator_for("fr")("yes") == "oui"
    assert translator_for("es-419")("yes") == translator_for("es-ES")("yes") == "sí"
    assert translator_for("sv-SE")("yes") == "yes"
    assert translator_for(None)("yes") == "yes"


@pytest.mark.parametrize(("count", "said"), [(0, "0 Quellen"), (1, "1 Quelle"), (2, "2 Quellen")])
def test_the_plural_is_that_of_the_language(count: int, said: str) -> None:
    assert text("de", "job-sources", count=count) == said


def test_an_unknown_text_and_wrong_variables_are_errors() -> None:
    with pytest.raises(TextError, match="no text called"):
        text("en", "nonsense")
    with pytest.raises(TextError, match="takes"):
        text("en", "too-soon")
    with pytest.raises(TextError, match="takes"):
        text("en", "busy", seconds=3)


def test_a_note_within_a_note_is_said_in_the_same_language() -> None:
    note = Note("not-fetched-yet", reason=Note("robots-unreadable", reason=Note("no-answer")))
    assert describe(note, "de").endswith("keine Antwort")
    assert say_note(note, translator_for("de")) == describe(note, "de")
    assert describe(note).endswith("no response")


def test_a_day_is_written_as_the_language_writes_it() -> None:
    note = Note("range-since", since="2023-11-03")
    assert describe(note) == "since 3 November 2023"
    assert describe(note, "de") == "Seit dem 3. November 2023"
    assert describe(note, "ja") == "2023年11月3日以降"
    first = Note("range-day", date="2023-11-01")
    assert describe(first, "fr") == "le 1er novembre 2023"
    assert describe(first, "pt") == "em 1º de novembro de 2023"


def test_the_remedy_is_for_who_runs_it_and_not_for_who_asks() -> None:
    error = Refused("host-not-public", host="intranet")
    assert "NEWSDESK_FETCH_ALLOW" in in_english(error)
    assert "NEWSDESK" not in describe(error.note)
    assert remedy_for(error.note, "de") != remedy_for(error.note)
    assert remedy_for(Note("is-binary")) is None
    for language in LANGUAGES:
        remedy = remedy_for(error.note, language)
        assert describe(error.note, language, remedy=True).endswith(str(remedy)), language


@pytest.mark.parametrize("stored", ["the moon is full", '{"code": 3', '{"code":"moon","params":7}'])
def test_a_sentence_of_an_earlier_version_is_shown_as_it_is(stored: str) -> None:
    note = Note.parse(stored)
    assert note is not None
    assert describe(note) == describe(note, "de") == stored


def test_a_note_survives_being_stored_and_its_text_being_gone() -> None:
    note = Note("moon", phase="full", reason=Note("no-answer"), count=3)
    assert Note.parse(str(note)) == note
    assert Note.parse(None) is None
    assert describe(note) == repr(note)
    assert say_note(note, translator_for("de")) == repr(note)


def test_every_text_of_the_commands_is_used_and_known() -> None:
    used = set()
    for path in (ROOT / "bot" / "cogs").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        used |= set(re.findall(r"command_text\(\s*\"([^\"]+)\"", source))
        assert "locale_str" not in source, path
    # Names of commands, options and choices are found by what they name; test_command_names holds them.
    described = {key for key in load("en", "commands") if key.startswith("command-")}
    assert used == described | {"choice-own-language"}


def test_the_terminal_speaks_the_language_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(get_args(TerminalLanguage)) == set(LANGUAGES)
    env = tmp_path / ".env"
    assert terminal_language({}, env) == "en"
    env.write_text("NEWSDESK_LANGUAGE=fr\n", encoding="utf-8")
    assert terminal_language({}, env) == "fr"
    assert terminal_language({"NEWSDESK_LANGUAGE": "ja"}, env) == "ja"
    assert terminal_language({"NEWSDESK_LANGUAGE": "klingon"}, env) == "en"
    monkeypatch.setattr("bot.cli.language._language", lambda: "de")
    error = Refused("host-not-public", host="intranet")
    assert for_terminal(error) == describe(error.note, "de", remedy=True) != in_english(error)
    assert terminal_text("nearest") == text("de", "nearest")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "3 November 2023"),
        ("de", "3. November 2023"),
        ("ru", "3 ноября 2023"),
        ("sv", "3 November 2023"),
    ],
)
def test_a_reply_dates_reports_in_its_language(language: str, said: str) -> None:
    assert day_text("2023-11-03T10:00:00Z", language) == said
    assert dated("2023-11-03", "It opened.", language) == f"{said}: It opened."
    assert dated(None, "It opened.", language) == "It opened."
