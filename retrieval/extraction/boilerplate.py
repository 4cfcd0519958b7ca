"""Remove what surrounds an article from the page's tree before its text is extracted.

The rules use the names that pages give their boxes, and where a block is; none is for a certain
site.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from retrieval.extraction.wording import begins, size, words

# Names of boxes, in class and id, matched whole or at the boundaries of their words.
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
# Names of standfirsts; subheadings have others.
_LEAD_NAME = re.compile(
    r"(?<![a-z])(?:lead|lede|intro(?:duction)?|stand-?first|chapo|chapeau|vorspann|teaser|summary|synopsis|entradilla|bajada|sommario|occhiello|ingress|manchet|spot)(?![a-z])"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_WHOLE = frozenset(["html", "body", "article", "main", "head"])
_UNSEEN = frozenset(
    ("noscript form button select iframe svg textarea input nav figcaption dialog aside").split()
)
_RUNNING = frozenset("p li td blockquote em strong b i span a".split())
# A time with so much text around it is part of a sentence.
_TIME_BESIDE = 40
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*)?([.#])([\w-]+)", re.IGNORECASE)
_LONGEST_RULES = 200_000
# Shorter texts say little about where the article is.
PROSE = 80
# The largest share of a page's prose that a box may hold, and that comments may.
_LARGEST_BOX = 0.3
_LARGEST_COMMENTS = 0.9
# A shorter standfirst is a kicker; one of whose words this share recurs is repeated in the text.
_LEAD = 60
_SAID_AGAIN = 0.8
# How many characters of the page are searched for the repetition.
_BEHIND = 30_000
_SENTENCE_END = re.compile(r"[.!?…。！？।॥؟][\"”’»“)\]」』]*$")
_LONGEST_POINTER = 300
_LONGEST_LABEL = 40
_SHORTEST_POINTER = 12


_NEVER_HIDDEN = _WHOLE | {"input", "script", "style"}


def prune(tree: Any, headlines: list[str]) -> None:
    """Remove boxes, captions, what is between headline and text, and links that stand alone.

    The headline itself stays: it shows where the article begins.
    """
    heading = _headline(tree, headlines)
    _unwrap_layout(tree)
    _prune_boxes(tree, heading)
    if heading is not None:
        _prune_head(heading)
    _prune_lone_links(tree)
    _prune_pointers(tree)


def keep_inline_times(tree: Any) -> None:
    """Turn ``time`` elements within sentences into plain text; others are about the page."""
    for element in list(tree.iter("time")):
        around = element.getparent()
        if around is None or around.tag not in _RUNNING:
            continue
        beside = size(around.text_content()) - size(element.text_content())
        if beside >= _TIME_BESIDE and _SENTENCE_END.search(around.text_content().strip()):
            element.tag = "span"


def prune_fragment(root: Any) -> None:
    """Remove what is hidden or links to other articles from a piece of HTML."""
    for element in hidden_elements(root):
        _drop(element)
    for caption in list(root.iter("figcaption", "aside", "form", "button", "select", "iframe")):
        if prose_in(caption) <= _LARGEST_BOX * max(1, prose_in(root)):
            _drop(caption)
    _prune_pointers(root)


def _unwrap_layout(tree: Any) -> None:
    """Turn layout tables into blocks; tables of data stay."""
    for table in list(tree.iter("table")):
        own = [
            e for e in table.iter("tbody", "tr", "td") if next(e.iterancestors("table")) is table
        ]
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
    # Elements of one name are weighed together: they may be the article's own parts.
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
    """Return the largest share of a page's prose for a box of this kind; None if it isn't a box."""
    tag = element.tag
    if not isinstance(tag, str) or tag in _WHOLE:
        return None
    named = _share_by_name(f"{element.get('class') or ''} {element.get('id') or ''}")
    if named is None and (tag in _UNSEEN or _HIDING.search(element.get("style") or "")):
        return _LARGEST_BOX
    return named


@lru_cache(8_192)
def _share_by_name(name: str) -> float | None:
    plain = plain_name(name)
    if _COMMENTS.search(plain):
        return _LARGEST_COMMENTS
    return _LARGEST_BOX if _BOX.search(plain) else None


def plain_name(name: str) -> str:
    """Return class names and ids in the form in which the rules for boxes compare them."""
    return _CAMEL.sub("-", name).replace("_", "-").lower() if len(name) > 3 else ""


def prose_in(element: Any) -> int:
    """Count the characters of text runs that are long enough to be an article's."""
    # A character counts as at most three, so most texts needn't be measured.
    return sum(
        each
        for text in element.itertext()
        if 3 * len(text) >= PROSE and (each := size(text)) >= PROSE
    )


def _headline(tree: Any, headlines: list[str]) -> Any:
    """Return the heading that shows the headline, or another element with only its words."""
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
    """Remove what follows the headline up to the first paragraph, but keep a standfirst of whole
    sentences unless the text repeats it."""
    doomed: list[Any] = []
    behind: str | None = None
    for element in following(heading):
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if size((element.tail or "").strip()) >= PROSE:
            break
        name = f"{element.get('class') or ''} {element.get('id') or ''}"
        is_head = tag in _HEADINGS or (
            tag in {"p", "div", "span", "strong", "em", "li", "ul"}
            and (_STANDFIRST.search(plain_name(name)) or _LEAD_NAME.search(plain_name(name)))
            and size(element.text_content()) < 600
        )
        if is_head and not any(above in doomed for above in element.iterancestors()):
            if behind is None:
                behind = _text_behind(heading)
            is_lead = bool(_LEAD_NAME.search(plain_name(name)))
            said_again = _is_said_again(element.text_content(), behind)
            if (
                (tag not in _HEADINGS or is_lead)
                and not said_again
                and _is_told(element.text_content())
            ):
                break
            if is_lead and not said_again and not _STANDFIRST.search(plain_name(name)):
                break
            doomed.append(element)
        elif not any(above in doomed for above in element.iterancestors()):
            own = element.text_content() if tag == "p" else element.text
            if size((own or "").strip()) >= PROSE:
                break
    for element in doomed:
        _drop(element)


def _text_behind(heading: Any) -> str:
    body = next(heading.iterancestors("article", "main", "body", "html"), heading)
    return str(body.text_content())[:_BEHIND]


def _is_told(text: str) -> bool:
    """Return whether a standfirst consists of whole sentences, unlike a kicker."""
    plain = " ".join(text.split())
    return size(plain) >= _LEAD and bool(_SENTENCE_END.search(plain))


def _is_said_again(text: str, page: str) -> bool:
    """Return whether the words of a standfirst recur in the text after it."""
    mine = words(" ".join(text.split()))
    counts = Counter(words(page))
    for word in mine:
        counts[word] -= 1
    return sum(counts[word] > 0 for word in mine) >= _SAID_AGAIN * len(mine)


def following(element: Any) -> Iterator[Any]:
    """Yield at most 200 elements after ``element``, in document order."""
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


def hidden_elements(tree: Any) -> list[Any]:
    """Return the outermost elements that the page's own styles hide."""
    classes, ids = _hidden_names(tree)
    found: list[Any] = []
    seen: set[Any] = set()
    for element in tree.iter():
        if not isinstance(element.tag, str) or element.tag in _NEVER_HIDDEN:
            continue
        style = element.get("style")
        hides = (
            (style and _HIDING.search(style))
            or element.get("hidden") is not None
            or (classes and not classes.isdisjoint((element.get("class") or "").split()))
            or (ids and element.get("id") in ids)
        )
        if hides and not any(above in seen for above in element.iterancestors()):
            seen.add(element)
            found.append(element)
    return found


def _hidden_names(tree: Any) -> tuple[set[str], set[str]]:
    """Return the classes and ids that a rule of the page hides."""
    classes: set[str] = set()
    ids: set[str] = set()
    for style in tree.iter("style"):
        media = (style.get("media") or "").lower()
        text = (style.text or "")[:_LONGEST_RULES]
        if "print" in media or ("display" not in text and "visibility" not in text):
            continue
        for hiding in _HIDING.finditer(text):
            opening = text.rfind("{", 0, hiding.start())
            if opening < 0 or "}" in text[opening : hiding.start()]:
                continue
            before = text[:opening]
            begin = max(
                before.rfind("}") + 1,
                before.rfind("{") + 1,
                before.rfind("*/") + 2 if "*/" in before else 0,
            )
            # A nested rule is for some screens only: others show what it hides.
            if text.count("{", 0, opening) != text.count("}", 0, opening):
                continue
            for selector in text[begin:opening].split(","):
                if found := _SELECTOR.fullmatch(selector.strip()):
                    (classes if found[1] == "." else ids).add(found[2])
    return classes, ids


def _prune_lone_links(tree: Any) -> None:
    """Remove paragraphs that are only a link, unless the page consists of them."""
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


def _prune_pointers(tree: Any) -> None:
    """Remove ``Read also: <a>…</a>`` in any language, and headings of such links with their
    lists."""
    for block in list(
        tree.iter("p", "div", "li", "h2", "h3", "h4", "h5", "strong", "em", "blockquote", "span")
    ):
        if block.getparent() is None or block.find(".//p") is not None:
            continue
        text = " ".join(block.text_content().split())
        if not text or size(text) > _LONGEST_POINTER:
            continue
        links = [a for a in block.iter("a") if a.get("href")]
        if links and _is_pointer(block, text, links):
            _drop(block)
        elif block.tag in {*_HEADINGS, "p", "strong", "div"} and begins("related", text) == "":
            _drop_list_behind(block)


def _is_pointer(block: Any, text: str, links: list[Any]) -> bool:
    """Return whether a block is a label and then only links."""
    linked = sum(size(" ".join(a.text_content().split())) for a in links)
    rest = begins("related", text)
    if rest is not None and linked >= 0.5 * size(rest or text):
        return True
    if block.tag not in {"p", "div"} or len(links) > 1:
        return False
    before = " ".join((block.text or "").split())
    label = before or " ".join("".join(block.itertext()).split())[: max(0, len(text) - linked)]
    ends = label.rstrip().endswith((":", "：", "»", "→", "▶", "►", "|"))
    return (
        ends
        and 0 < size(label) <= _LONGEST_LABEL
        and linked + size(label) >= 0.9 * size(text)
        and linked >= _SHORTEST_POINTER
    )


def _drop_list_behind(heading: Any) -> None:
    """Remove a heading such as "Read also" together with the links after it."""
    sibling = heading.getnext()
    doomed = [heading]
    while (
        sibling is not None
        and isinstance(sibling.tag, str)
        and sibling.tag in {"ul", "ol", "p", "div", "a", "h3", "h4"}
    ):
        text = " ".join(sibling.text_content().split())
        linked = sum(
            size(" ".join(a.text_content().split())) for a in sibling.iter("a") if a.get("href")
        )
        if not text or linked < 0.7 * size(text):
            break
        doomed.append(sibling)
        sibling = sibling.getnext()
    if len(doomed) > 1:
        for element in doomed:
            _drop(element)


def _drop(element: Any) -> None:
    if element.getparent() is not None:
        element.drop_tree()
