"""The words of Newsdesk, by key and language. Discord speaks all of them, the terminal that of `NEWSDESK_LANGUAGE`.

A language is a folder of gettext catalogues in ``locales``, whose keys (msgid) are codes: those of
errors, reasons and remarks (``retrieval.errors.Note``), those of what Discord shows and those of
the bot's own replies, which are there in more languages. Plural forms are chosen by the
catalogue's own rule for the variable ``count``. Every language has the same keys with the same
variables, which a test holds.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.i18n import command_names
from bot.i18n.catalogues import DOMAINS, REPLIES, TextCatalogue, TextError, load
from bot.i18n.formatting import fill
from retrieval.errors import NewsdeskError, Note, Value
from retrieval.timestamps import parse_span

__all__ = [
    "DEFAULT",
    "LANGUAGES",
    "NAMES_IN_ENGLISH",
    "REPLY_LANGUAGES",
    "Say",
    "TextError",
    "day_text",
    "describe",
    "in_english",
    "language_of",
    "remedy_for",
    "reply_text",
    "say_note",
    "text",
    "translator_for",
]

DEFAULT = "en"
_REPLY = "reply-"
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "es": "Español",
    "fr": "Français",
    "pt": "Português (Brasil)",
    "ja": "日本語",
}
# As a language model is told.
NAMES_IN_ENGLISH = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "pt": "Brazilian Portuguese",
    "ja": "Japanese",
}
REPLY_LANGUAGES = (*LANGUAGES, "ar", "hi", "ru", "tr", "zh")
REMEDY = ".remedy"

Say = Callable[..., str]


def translator_for(locale: str | None) -> Say:
    """Return what speaks the language of a locale, such as ``de`` or ``en-GB``; English for others."""
    language = language_of(locale)
    return lambda key, /, **variables: text(language, key, **variables)


def language_of(locale: str | None) -> str:
    """Return the language of a locale, English if it is none of ours."""
    language = (locale or DEFAULT).split("-")[0].lower()
    return language if language in LANGUAGES else DEFAULT


def text(language: str, key: str, /, **variables: object) -> str:
    """Return the text ``key`` with its variables filled in; a note among them in the same language.

    Raises ``TextError`` for an unknown key, a missing variable or one that it does not have.
    """
    domain, catalogue = _catalogue(language, key)
    wanted, given = catalogue.variables(key), set(variables)
    if wanted != given:
        raise TextError(f"The text {key} takes {sorted(wanted)}, not {sorted(given)}.")
    values = {
        name: describe(value, language) if isinstance(value, Note) else value
        for name, value in variables.items()
    }
    pattern = catalogue.pattern(key, variables.get("count"))
    if domain in command_names.DOMAINS:
        shown_in = language if language in LANGUAGES else DEFAULT
        pattern = command_names.with_commands(pattern, shown_in)
    return fill(language, pattern, values)


def load_all() -> None:
    """Read the texts of every language, so that nobody waits for them later. Blocks."""
    for language in REPLY_LANGUAGES:
        for domain in DOMAINS if language in LANGUAGES else (REPLIES,):
            load(language, domain)


def reply_text(language: str, key: str, /, **variables: object) -> str:
    """Return the bot's own reply ``key``, in English where it doesn't speak the language."""
    return text(language if language in REPLY_LANGUAGES else DEFAULT, f"{_REPLY}{key}", **variables)


def day_text(moment: str, language: str) -> str:
    """Return the day of a moment or date of ISO 8601 as a language writes it, English for unknown
    languages: ``3 November 2023``."""
    day = parse_span(moment).start.date().isoformat()
    return reply_text(language, "day", day=day)


def describe(note: Note, language: str = DEFAULT, *, remedy: bool = False) -> str:
    """Return the words for a note, with ``remedy`` also what the operator can do.

    Never raises: a note that an earlier version stored, whose text is gone, is shown by its code.
    """
    try:
        said = text(language, note.code, **_own_params(note))
    except TextError:
        return repr(note)
    if not remedy or (mending := remedy_for(note, language)) is None:
        return said
    if said.endswith((".", "?", "。", "？")):
        return text(language, "joined", first=said, second=mending)
    return text(language, "with-remedy", said=said, remedy=mending)


def remedy_for(note: Note, language: str = DEFAULT) -> str | None:
    """Return what the operator can do about an error, where there is something to say."""
    key = note.code + REMEDY
    try:
        wanted = _catalogue(language, key)[1].variables(key)
    except TextError:
        return None
    return text(language, key, **{name: note.params[name] for name in wanted})


def in_english(said: Note | NewsdeskError) -> str:
    """Return the sentence for the terminal, for JSON and for the log: with the remedy."""
    return describe(said.note if isinstance(said, NewsdeskError) else said, remedy=True)


def say_note(note: Note | None, say: Say) -> str:
    """Return the words for a note in the language that ``say`` speaks; none for None."""
    if note is None:
        return ""
    try:
        return say(note.code, **_own_params(note))
    except TextError:
        return repr(note)


def _own_params(note: Note) -> dict[str, Value]:
    """The parameters of a note but for those that only its remedy takes."""
    try:
        mending = _catalogue(DEFAULT, note.code + REMEDY)[1].variables(note.code + REMEDY)
    except TextError:
        return dict(note.params)
    wanted = _catalogue(DEFAULT, note.code)[1].variables(note.code)
    return {
        name: value for name, value in note.params.items() if name in wanted or name not in mending
    }


def _catalogue(language: str, key: str) -> tuple[str, TextCatalogue]:
    """The domain and catalogue that have ``key``. Large ones are read when they are needed; the
    small one of replies has all keys of theirs, and no other."""
    is_reply = key.startswith(_REPLY)
    for domain in (REPLIES,) if is_reply or language not in LANGUAGES else DOMAINS:
        catalogue = load(language, domain)
        if key in catalogue:
            return domain, catalogue
    if language != DEFAULT:  # not translated yet, which a test tells of
        return _catalogue(DEFAULT, key)
    raise TextError(f"There is no text called {key}.")
