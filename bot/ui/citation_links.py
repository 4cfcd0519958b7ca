"""The numbers of an answer as links to the quoted places in their articles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urldefrag

from bot.answering.models import Citation
from bot.ui.escaping import link_target
from retrieval.text.words import has_unspaced

# How many characters links may add to the text of a message.
_BUDGET = 1_600
# A text fragment has the first and last words of a quotation; a shorter one might occur anywhere.
_FEWEST_WORDS, _ENDS = 4, 5
_FEWEST_LETTERS, _END_LETTERS = 12, 14


def citation_links(
    citations: Sequence[Citation], uses: Iterable[int] | None = None
) -> dict[int, str]:
    """Return the URL behind each number, as exact as the room allows: the quotation, else the
    article, else none. ``uses`` are the numbers as often as they occur in the text."""
    counted = list(uses) if uses is not None else [each.n for each in citations]
    for address in (_quoted, _article):
        found = {each.n: url for each in citations if (url := address(each)) is not None}
        if sum(len(found.get(n, "")) + 4 for n in counted) <= _BUDGET:
            return found
    return {}


def linked_marks(numbers: Iterable[int], links: Mapping[int, str]) -> str:
    """Return ``[1][2]``, each number as a link if it has one."""
    return "".join(f"[[{n}]]({links[n]})" if n in links else f"[{n}]" for n in numbers)


def text_fragment(quoted: str) -> str | None:
    """Return the directive by which a browser finds a quotation on its page and highlights it; None
    if it is too short to be found.

    https://wicg.github.io/scroll-to-text-fragment/#syntax
    """
    words = quoted.split()
    if has_unspaced(quoted):
        if sum(map(len, words)) < _FEWEST_LETTERS:
            return None
        if len(quoted) <= 2 * _END_LETTERS:
            return _directive([" ".join(words)])
        return _directive([words[0][:_END_LETTERS], words[-1][-_END_LETTERS:]])
    if len(words) < _FEWEST_WORDS:
        return None
    if len(words) <= 2 * _ENDS:
        return _directive([" ".join(words)])
    return _directive([" ".join(words[:_ENDS]), " ".join(words[-_ENDS:])])


def _directive(ends: Sequence[str]) -> str:
    # Dashes and commas have a meaning there, and some characters end a link: all are encoded.
    return ":~:text=" + ",".join(quote(end, safe="").replace("-", "%2D") for end in ends)


def _quoted(citation: Citation) -> str | None:
    url = _article(citation)
    fragment = text_fragment(citation.quote)
    if url is None or fragment is None:
        return url
    page, anchor = urldefrag(url)
    return link_target(f"{page}#{anchor}{fragment}") or url


def _article(citation: Citation) -> str | None:
    return link_target(citation.article.url)
