"""What surrounds an article is taken out of the page's tree before its text is looked for.

Rules read the names that pages give their boxes, and where a block stands; none knows a site.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from retrieval.extraction.metadata import words

# Names of boxes, in class and id. A name is matched whole or at the borders of its words.
_BOX = re.compile(
    r"""(?<![a-z])(?:
      newsletters? | sign-?up(?:-?(?:box|form|widget|wrapper|container))? | (?:e?mail|subscri(?:be|ption))-?(?:box|form|widget|promo|module|cta|signup|wrap(?:per)?)
    | related(?:-?\w+)? | recirc\w* | recommend(?:ed|ations?)\w* | you-?may\w* | more-?(?:stories|news|on|from|like|in|coverage)\w* | (?:also|read)-?(?:also|read|next|more|like)\w*
    | most-?(?:read|popular|viewed|shared|commented|recent)\w* | trending\w* | popular(?:-?\w+)? | latest-?\w+ | top-?(?:stories|news|headlines)\w* | last-?news\w* | recent-?(?:posts|news|stories|articles)\w*
    | outbrain\w* | taboola\w* | zergnet\w* | revcontent\w* | dianomi\w* | promo(?:tion|s|box|ted)?(?:-\w+)? | teasers?(?:-?\w+)? | rail(?:-\w+)? | sidebar\w* | aside
    | (?:social|share)(?:-?(?:bar|box|buttons?|links?|icons?|tools?|media|list|this|wrap(?:per)?|container))? | sharing\w* | follow-?(?:us|box|links?)\w* | shar(?:e|ing)-\w+
    | (?:author|writer)-?(?:bio|box|info|card|profile|details|about|desc\w*|footer)\w* | about-?(?:the-)?author\w* | bio(?:graphy)? | bylines?(?:-?\w+)? | dateline-?\w+
    | captions?(?:-?\w+)? | \w+-caption(?:-?\w+)? | wp-caption-text | image-?(?:credit|source|copyright)\w* | photo-?(?:credit|caption|source)\w* | media-?(?:caption|credit)\w* | credits?
    | breadcrumbs?\w* | tag-?(?:s|list|cloud|links?)\w* | (?:article|post|entry|story)-?(?:tags|topics|categories|keywords|footer|meta|share|social|tools|actions|nav\w*|pagination)
    | cookies?(?:-?\w+)? | consent(?:-?\w+)? | gdpr\w* | advert\w* | ad-?(?:container|wrapper|slot|unit|label|box|banner)\w* | sponsor\w* | ads
    | paywall-?\w* | login-?(?:form|box|modal|prompt)\w* | modal\w* | popup\w* | correction-?form | poll\w* | donat(?:e|ion)\w* | print-?only | skip-?link\w* | screen-?reader\w* | sr-only | visually-?hidden
    | video-?(?:player|playlist|caption|title|description|info|meta)\w* | (?:photo|image)-?gallery\w* | gallery-?(?:caption|info|meta)\w* | playlist\w* | timestamp | site-?(?:footer|header|nav)\w* | footer\w*
    )(?![a-z])""",
    re.VERBOSE,
)
_COMMENTS = re.compile(
    r"(?<![a-z-])(?:comments?(?:-?(?:area|list|section|thread|form|box|wrapper|container|count|link|body|content|text)\w*)?|disqus\w*|livefyre\w*|respond)(?![a-z-])"
)
# Between the headline and the text: standfirsts and what belongs to the headline.
_STANDFIRST = re.compile(
    r"(?<![a-z])(?:dek|deck|stand-?first|sub-?(?:head(?:line|er|ing)?|titles?|lines?|deck)|[a-z]+-?sub-?(?:head(?:line)?|title|line)|strap-?line|summary|tagline|kicker|eyebrow|excerpt|synopsis|teaser|(?:article|story|post|entry)-?(?:desc(?:ription)?|summary|lead-?in|intro))(?![a-z])"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_WHOLE = frozenset(["html", "body", "article", "main", "head"])
_UNSEEN = frozenset(["noscript", "form", "button", "select", "iframe", "svg", "textarea", "input", "nav", "figcaption", "dialog", "aside"])  # fmt: skip
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
# Text shorter than this says little of where the article is.
PROSE = 80
# The share of a page's prose that a box, and that its comments may hold.
_LARGEST_BOX = 0.3
_LARGEST_COMMENTS = 0.9


def prune(tree: Any, headlines: list[str]) -> None:
    """Take out boxes, captions, what stands between headline and text, and links that stand alone.

    The headline itself stays: it shows where the article begins.
    """
    heading = _headline(tree, headlines)
    _unwrap_layout(tree)
    _prune_boxes(tree, heading)
    if heading is not None:
        _prune_head(heading)
    _prune_lone_links(tree)


def _unwrap_layout(tree: Any) -> None:
    """Tables that lay a page out are blocks like others; tables of data stay."""
    for table in list(tree.iter("table")):
        own = [e for e in table.iter("tbody", "tr", "td") if next(e.iterancestors("table")) is table]  # fmt: skip
        if any(
            sum(len(p.text_content()) >= PROSE for p in cell.iter("p")) >= 2
            for cell in own
            if cell.tag == "td"
        ):
            for part in (table, *own):
                part.tag = "div"


def _prune_boxes(tree: Any, heading: Any) -> None:
    kept = set(heading.iterancestors()) if heading is not None else set()
    doomed = [
        (element, largest, prose_in(element))
        for element in tree.iter()
        if element not in kept and (largest := _largest_share(element)) is not None
    ]
    # Parts of one name are weighed together: they may be the article's own.
    together: Counter[tuple[str, str | None]] = Counter()
    for element, _, share in doomed:
        together[element.tag, element.get("class")] += share
    prose = prose_in(tree)
    gone: set[Any] = set()
    for element, largest, _ in doomed:
        small = together[element.tag, element.get("class")] <= largest * prose
        if small and not any(above in gone for above in element.iterancestors()):
            gone.add(element)
    for element in gone:
        _drop(element)


def _largest_share(element: Any) -> float | None:
    """How much of a page's prose an element may hold and still be a box; None if it is none."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _WHOLE:
        return None
    plain = _plain(f"{element.get('class') or ''} {element.get('id') or ''}")
    if _COMMENTS.search(plain):
        return _LARGEST_COMMENTS
    if tag in _UNSEEN or _BOX.search(plain) or _HIDDEN.search(element.get("style") or ""):
        return _LARGEST_BOX
    return None


def _plain(name: str) -> str:
    return _CAMEL.sub("-", name).replace("_", "-").lower() if len(name) > 3 else ""


def prose_in(element: Any) -> int:
    """Characters of text that is long enough to be an article's."""
    return sum(len(text) for text in element.itertext() if len(text) >= PROSE)


def _headline(tree: Any, headlines: list[str]) -> Any:
    """The heading that shows the headline, or another element with nothing but its words."""
    wanted = [set(words(each)) for each in headlines]
    for element in tree.iter(*_HEADINGS):
        has = set(words(element.text_content()))
        if len(has) > 1 and any(
            len(has & each) >= 0.8 * len(has) and len(has) >= 0.6 * len(each) for each in wanted
        ):
            return element
    for element in tree.iter("div", "span", "p", "strong", "b", "td"):
        own = element.text or ""
        if 10 < len(own) < 300 and len(has := set(words(own))) > 2 and has in wanted:
            return element
    return None


def _prune_head(heading: Any) -> None:
    """What follows the headline up to the first paragraph: subheadings, standfirst, byline."""
    doomed: list[Any] = []
    for element in _following(heading):
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if len((element.tail or "").strip()) >= PROSE:
            break
        name = f"{element.get('class') or ''} {element.get('id') or ''}"
        if tag in _HEADINGS or (
            tag in {"p", "div", "span", "strong", "em", "li", "ul"}
            and _STANDFIRST.search(_plain(name))
            and len(element.text_content()) < 600
        ):
            doomed.append(element)
        elif not any(above in doomed for above in element.iterancestors()):
            own = element.text_content() if tag == "p" else element.text
            if len((own or "").strip()) >= PROSE:
                break
    for element in doomed:
        _drop(element)


def _following(element: Any) -> Iterator[Any]:
    """Elements after ``element`` in the order of the page, 200 at most."""
    count = 0
    here = element
    while here is not None:
        for sibling in here.itersiblings():
            for each in sibling.iter():
                count += 1
                if count > 200:
                    return
                yield each
        here = here.getparent()


def _prune_lone_links(tree: Any) -> None:
    """Paragraphs that are nothing but a link lead elsewhere, unless a page is made of them."""
    lone = []
    others = 0
    for paragraph in tree.iter("p"):
        text = paragraph.text_content().strip()
        if not text:
            continue
        linked = sum(len(a.text_content().strip()) for a in paragraph.iter("a") if a.get("href"))
        if linked >= 0.95 * len(text):
            lone.append(paragraph)
        else:
            others += 1
    if len(lone) <= 0.5 * others:
        for paragraph in lone:
            _drop(paragraph)


def _drop(element: Any) -> None:
    if element.getparent() is not None:
        element.drop_tree()
