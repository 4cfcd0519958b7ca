"""Commands that texts name, as their reader sees them in Discord.

Texts write a command as it is typed in English: ```/feeds add` ``. Discord shows a mention of it
under its name in the reader's own language, whatever that is; where nothing is registered with
Discord, as in a terminal, it is named in the language of the text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.i18n.catalogues import load

# Domains whose texts name commands of Discord.
DOMAINS = ("discord", "replies")

_COMMAND = re.compile(r"`/([a-z-]+)(?: ([a-z-]+))?( [^`]*)?`")
_registered: dict[str, int] = {}


def set_registered(ids: Mapping[str, int]) -> None:
    """Take the ids, by name, of the commands that are registered with Discord."""
    _registered.clear()
    _registered.update(ids)


def with_commands(pattern: str, language: str) -> str:
    """Return a text with the commands in it as Discord shows them; ``language`` is the text's."""
    if "`/" not in pattern:
        return pattern
    return _COMMAND.sub(lambda found: _shown(found, language), pattern)


def _shown(found: re.Match[str], language: str) -> str:
    names, english = load(language, "commands"), load("en", "commands")
    root, part, rest = found[1], found[2], found[3] or ""
    if part and f"name-{root}-{part}" not in english:
        part, rest = None, f" {part}{rest}"
    path = [root, f"{root}-{part}"] if part else [root]
    if f"name-{path[-1]}" not in english:
        return found[0]
    is_group = any(key.startswith(f"name-{path[-1]}-") for key in english)
    if root in _registered and not is_group:
        return f"</{' '.join(filter(None, (root, part)))}:{_registered[root]}>{rest}"
    keys = [f"name-{each}" for each in path]
    named = [(names if key in names else english).pattern(key) for key in keys]
    return f"`/{' '.join(named)}{rest}`"
