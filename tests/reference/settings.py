"""The configuration reference: `.env.example`, which has the words, held against the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from bot.config.settings import Settings
from tests.reference.pages import ROOT, table

_VARIABLE = re.compile(r"# ([A-Z_]+)=(.*)")


@dataclass(frozen=True)
class Explained:
    """A variable of the example file, its default as written there and what is said of it."""

    section: str
    name: str
    default: str
    text: str


def explained() -> list[Explained]:
    """Read `.env.example`: sections begin with ``##``, comments stand above their variable."""
    found: list[Explained] = []
    section, comment = "", list[str]()
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section, comment = line[3:], []
        elif match := _VARIABLE.fullmatch(line):
            found.append(Explained(section, match[1], match[2], " ".join(comment)))
            comment = []
        elif line.startswith("# "):
            comment.append(line[2:])
    return found


def bounds(field: str) -> str | None:
    """Return how the text of a setting has to give its bounds, such as ``(1 to 64)``."""
    metadata = Settings.model_fields[field].metadata
    least, most = (
        next((getattr(each, name) for each in metadata if hasattr(each, name)), None)
        for name in ("ge", "le")
    )
    if least is None:
        return None
    return f"({least:g} or more)" if most is None else f"({_number(least)} to {_number(most)})"


def choices(field: str) -> tuple[str, ...]:
    """Return the words that a setting may be, if it is one of several."""
    annotation: Any = Settings.model_fields[field].annotation
    kinds = [kind for kind in (annotation, *get_args(annotation)) if kind is not NoneType]
    return next((get_args(kind) for kind in kinds if get_origin(kind) is Literal), ())


def configuration() -> str:
    parts, section = [], ""
    rows: list[list[str]] = []

    def close() -> None:
        if rows:
            parts.append(f"## {section}\n\n{table(['Variable', 'Default', 'Description'], rows)}")
            rows.clear()

    for each in explained():
        if each.section != section:
            close()
            section = each.section
        shown = f"`{each.default}`" if each.default else ""
        rows.append([f"`{each.name}`", shown, _page(each.text)])
    close()
    return "\n\n".join(parts)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _page(text: str) -> str:
    """The words of the example file as Markdown of a page in ``docs``."""
    text = re.sub(r"(?<!`)\b(NEWSDESK_[A-Z_]+|OPENAI_[A-Z_]+)\b", r"`\1`", text)
    text = text.replace("docs/operations.md", "[Monitoring](operations.md)")
    text = re.sub(r"(/ingest file|/livez|/readyz|/health|/metrics)\b", r"`\1`", text)
    return re.sub(r"(https://[\w./-]+\w)", r"<\1>", text)
