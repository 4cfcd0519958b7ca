"""The list of messages by code, from the English catalogue of errors, reasons and notes."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from bot.i18n.catalogues import LOCALES
from tests.reference.pages import table

_REMEDY = ".remedy"
_PLACEHOLDER = re.compile(r"\*\w+\*")


def messages() -> str:
    """Every error that says what to do, by the sections of the catalogue."""
    with (LOCALES / "en" / "messages.po").open("rb") as file:
        catalogue = [each for each in read_po(file, locale="en") if each.id]
    remedies = {_key(each): _text(each) for each in catalogue if _key(each).endswith(_REMEDY)}
    sections: dict[str, list[list[str]]] = {}
    section = ""
    for each in catalogue:
        section = " ".join(each.user_comments) or section
        key = _key(each)
        remedy = remedies.get(key + _REMEDY)
        if remedy and not _PLACEHOLDER.fullmatch(_text(each)):
            rows = sections.setdefault(section, [])
            rows.append([_begun(_text(each)), _begun(remedy), f"`{key}`"])
    return "\n\n".join(
        f"### {title}\n\n{table(['Message', 'What to do', 'Code'], rows)}"
        for title, rows in sections.items()
    )


def _key(message: object) -> str:
    found = getattr(message, "id", "")
    return found[0] if isinstance(found, tuple) else str(found)


def _text(message: object) -> str:
    found = getattr(message, "string", "")
    text = found[-1] if isinstance(found, tuple) else str(found)
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        re.sub(r"\{(\w+)[^}]*\}", r"\1" if part.startswith("`") else r"*\1*", part)
        for part in parts
    )


def _begun(text: str) -> str:
    text = text if text.endswith((".", "?")) else f"{text}."
    return text if text.startswith(("`", "*")) else text[0].upper() + text[1:]
