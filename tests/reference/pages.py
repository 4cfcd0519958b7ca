"""Pages with a generated part, between two comments; the rest of each is written by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def with_part(page: str, name: str, part: str) -> str:
    """Return ``page`` with ``part`` between the comments that are called ``name``.

    Raises ``ValueError`` where the page hasn't these comments.
    """
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"the page needs {begin} and {end} once")
    return pattern.sub(lambda _: f"{begin}\n\n{part.strip()}\n\n{end}", page)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table; line breaks in cells become blanks."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(
        f"| {' | '.join(' '.join(cell.split()).replace('|', '&#124;') for cell in line)} |"
        for line in lines
    )
