"""Show the text of articles, models and people in Discord as it is written, and nothing more.

This is the one place for it. What goes through ``plain`` isn't markup, mentions nobody, links
nowhere, doesn't change the writing direction and stays on its line.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

# Marks that change the writing direction, and invisible characters.
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u180e]")
# More marks on one letter than any language writes.
_PILED = re.compile(
    r"((?:\S)(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]){2})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# The beginning of markup, a mention, a masked link, or a URL that Discord would link.
# discord.utils.escape_markdown leaves mentions and every masked link but the first.
_MARKUP = re.compile(r"[\\*_`~|<\[\]]|(?<=\])\(|(?<=:)/(?=/)|^(?:[>#+-]|\d+(?=\.\s))")
_EVERYONE = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_LONGEST_LINK = 500
# People, channels and roles of Discord, as the audit log names them.
_PERSON = re.compile(r"\bdiscord user (\d{5,20})\b")
_CHANNEL = re.compile(r"\bdiscord (?:server \d{5,20} )?channel (\d{5,20})\b")
_ROLE = re.compile(r"\bdiscord role (\d{5,20})\b")


def cleaned(text: str) -> str:
    """Return one line of visible text, without control characters, direction marks and piles of
    accents."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c
        for c in _INVISIBLE.sub("", text)
    )
    return " ".join(_PILED.sub(r"\1", text).split())


def cut(text: str, most: int) -> str:
    """Return at most ``most`` characters, shortened with an ellipsis after a word."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at_word = head.rsplit(" ", 1)[0] if " " in head[most // 2 :] else head
    return at_word.rstrip(" ,;:–-") + "…"


def plain(text: str, most: int | None = None) -> str:
    """Return ``text`` escaped, so that it appears as written; ``most`` limits its characters before
    escaping."""
    text = cleaned(text)
    if most is not None:
        text = cut(text, most)
    text = _MARKUP.sub(_escaped, text)
    return _EVERYONE.sub("@\u200b", text)


def _escaped(match: re.Match[str]) -> str:
    # A digit can't be escaped: the point after it is.
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def unmarked(text: str, most: int) -> str:
    """Return a text for places without markup: names of threads, labels, footers, suggestions."""
    return _EVERYONE.sub("@\u200b", cut(cleaned(text), most))


def explained(text: str, most: int | None = None) -> str:
    """Return words such as a reason as ``plain`` does, with people, roles and channels as Discord's
    mentions."""
    text = _PERSON.sub(r"<@\1>", plain(text, most))
    text = _ROLE.sub(r"<@&\1>", text)
    return _CHANNEL.sub(r"<#\1>", text)


def link(title: str, url: str | None, most: int = 120) -> str:
    """Return ``title`` as a link, or as plain text if ``url`` may not be followed."""
    words = plain(title, most) or "…"
    target = link_target(url)
    return f"[{words}]({target})" if target else words


def link_target(url: str | None) -> str | None:
    """Return a URL for a masked link; None if it may not be followed or is too long."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    target = quote(url, safe=":/?#[@!$&'*+,;=%~-._]")
    # Square brackets and what ends a link are written out.
    target = target.replace("[", "%5B").replace("]", "%5D")
    return target if len(target) <= _LONGEST_LINK else None
