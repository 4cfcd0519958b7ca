"""Turn pieces of HTML, such as a feed item's content, into text."""

from __future__ import annotations

import re

from retrieval.extraction.boilerplate import prune_fragment
from retrieval.extraction.text_cleanup import is_note
from retrieval.extraction.wording import fold, holds, size

_LONGEST_NOTE = 400


def article_text(fragment: str) -> str:
    """Return the text of an article that a feed gives as HTML, without links to other articles,
    editorial notes, newsletters, and what blog engines add at the end."""
    return cleaned(html_to_text(fragment, prune=True))


def cleaned(text: str) -> str:
    """Return an article's text without lines that are about the page or the feed."""
    blocks = text.split("\n\n")
    kept = ["\n".join(line for line in block.split("\n") if not is_note(line)) for block in blocks]
    kept = [block for block in kept if block.strip()]
    while len(kept) > 1 and size(kept[-1]) <= _LONGEST_NOTE and holds("appeared", fold(kept[-1])):
        kept.pop()
    return "\n\n".join(kept) if kept else text


_BLOCKS = "p div h1 h2 h3 h4 h5 h6 li blockquote tr ul ol table figure section article pre".split()


def html_to_text(fragment: str, *, prune: bool = False) -> str:
    """Return the text of a piece of HTML, with a blank line between blocks; ``prune`` leaves out
    what is hidden and what links to other articles. Empty if it can't be parsed."""
    from lxml import html
    from lxml.etree import LxmlError

    try:
        root = html.fragment_fromstring(fragment, create_parent="div")
    except (LxmlError, ValueError):
        return ""
    for unseen in root.xpath("//script|//style|//noscript|//template|//comment()"):
        unseen.drop_tree()
    if prune:
        prune_fragment(root)
    for block in root.iter(*_BLOCKS):
        block.tail = "\n\n" + (block.tail or "")
        block.text = "\n\n" + (block.text or "")
    for line_break in root.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    paragraphs = (
        "\n".join(" ".join(line.split()) for line in part.split("\n") if line.strip())
        for part in re.split(r"\n\s*\n", root.text_content())
    )
    return "\n\n".join(part for part in paragraphs if part)
