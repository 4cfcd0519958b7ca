"""Pieces of HTML, such as a feed item's content, to text."""

from __future__ import annotations

import re


def html_to_text(fragment: str) -> str:
    """The text of a piece of HTML, a blank line between blocks."""
    from lxml import html
    from lxml.etree import LxmlError

    try:
        root = html.fragment_fromstring(fragment, create_parent="div")
    except (LxmlError, ValueError):
        return ""
    for unseen in root.xpath("//script|//style|//noscript|//template|//comment()"):
        unseen.drop_tree()
    for block in root.iter("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote",
                           "tr", "ul", "ol", "table", "figure", "section", "article", "pre"):  # fmt: skip
        block.tail = "\n\n" + (block.tail or "")
        block.text = "\n\n" + (block.text or "")
    for line_break in root.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    paragraphs = (
        "\n".join(" ".join(line.split()) for line in part.split("\n") if line.strip())
        for part in re.split(r"\n\s*\n", root.text_content())
    )
    return "\n\n".join(part for part in paragraphs if part)
