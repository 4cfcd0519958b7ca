"""Text of articles, models and people as Discord shows it: as it is written, and nothing more.

The one place for this. What goes through ``plain`` is no markup, mentions nobody, links nowhere,
turns no writing direction around and stays on its line.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, urlsplit

# Marks that turn the direction of writing, and characters that take no room.
_INVISIBLE = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\u180e]")
# More marks on one letter than any language writes.
_PILED = re.compile(
    r"((?:\S)(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]){2})"
    r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
# What begins markup, a mention, a masked link, an address that Discord would make a link of.
# discord.utils.escape_markdown leaves mentions and every masked link but the first.
_MARKUP = re.compile(r"[\\*_`~|<\[\]]|(?<=\])\(|(?<=:)/(?=/)|^(?:[>#+-]|\d+(?=\.\s))")
_EVERYONE = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_LONGEST_LINK = 500
# Who acts in Discord, as the audit names them.
_PERSON = re.compile(r"\bdiscord user (\d{5,20})\b")
_CHANNEL = re.compile(r"\bdiscord (?:server \d{5,20} )?channel (\d{5,20})\b")
_ROLE = re.compile(r"\bdiscord role (\d{5,20})\b")


def cleaned(text: str) -> str:
    """One line of visible text: no control characters, no turned direction, no piles of marks."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        " " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c
        for c in _INVISIBLE.sub("", text)
    )
    return " ".join(_PILED.sub(r"\1", text).split())


def cut(text: str, most: int) -> str:
    """At most ``most`` characters, ended by an ellipsis at a word if it had more."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at_word = head.rsplit(" ", 1)[0] if " " in head[most // 2 :] else head
    return at_word.rstrip(" ,;:–-") + "…"


def plain(text: str, most: int | None = None) -> str:
    """``text`` as it is written; ``most`` bounds its characters before escaping."""
    text = cleaned(text)
    if most is not None:
        text = cut(text, most)
    text = _MARKUP.sub(_escaped, text)
    return _EVERYONE.sub("@\u200b", text)


def _escaped(match: re.Match[str]) -> str:
    # A digit can't be escaped: the point after it is.
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def unmarked(text: str, most: int) -> str:
    """For places that show no markup: names of threads, labels, footers, suggestions."""
    return _EVERYONE.sub("@\u200b", cut(cleaned(text), most))


def explained(text: str, most: int | None = None) -> str:
    """Return words such as a reason as ``plain`` does, with people, roles and channels shown as
    Discord shows them."""
    text = _PERSON.sub(r"<@\1>", plain(text, most))
    text = _ROLE.sub(r"<@&\1>", text)
    return _CHANNEL.sub(r"<#\1>", text)


def link(title: str, url: str | None, most: int = 120) -> str:
    """``title`` as a link, or as plain text if ``url`` is none that may be followed."""
    words = plain(title, most) or "…"
    target = link_target(url)
    return f"[{words}]({target})" if target else words


def link_target(url: str | None) -> str | None:
    """An address as a masked link takes it; None for one that may not be followed or is too long."""
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
