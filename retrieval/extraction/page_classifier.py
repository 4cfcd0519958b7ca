"""Tell what a page is if it isn't an article, as a code.

Every rule needs two signs at once, such as a telling title and hardly any text, because an article
about cookies or about a missing page is an article.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from retrieval.extraction.boilerplate import hidden_elements
from retrieval.extraction.boilerplate import plain_name as _plain
from retrieval.extraction.structured import StructuredData
from retrieval.extraction.wording import fold, holds, size, words

_FRONT = re.compile(
    r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?|home|index|default|start|startseite)?(?:\.(?:html?|php|aspx?|jsp))?/?",
    re.IGNORECASE,
)
_LISTING = re.compile(
    r"/(?:tags?|categor(?:y|ies)|topics?|sections?|authors?|archives?|search|page/\d+|themen|rubrik)(?:/|$)",
    re.IGNORECASE,
)
_VIDEO_PATH = re.compile(r"/(?:videos?|watch|tv|mediathek|clips?|live-?tv)(?:/|$)", re.IGNORECASE)
_NUMBERED_ERROR = re.compile(
    r"\W*(?:\w+\W+){0,3}(?:404|410|500|502|503)\b.{0,60}|.{0,60}\b(?:404|410|500|502|503)\W*",
    re.IGNORECASE,
)
_REDIRECTS = re.compile(r"\s*\d*\s*[;,]\s*url\s*=\s*[\"']?\s*([^\"'\s>]+)", re.IGNORECASE)
# Names of boxes in place of a text that continues for subscribers.
_WALL_BOX = re.compile(
    r"(?<![a-z])(?:pay-?wall|(?:article|content|metered|reg(?:istration)?|subscriber|premium|login|member)-?wall|wall|regwall|piano|"
    r"subscri(?:be|ber|ption)-?(?:wall|prompt|barrier|gate|only|required|cta|offer)|premium-?(?:box|teaser|overlay|content|lock|barrier)|"
    r"(?:article|content|story)-?(?:gate|lock(?:ed)?|barrier|limit)|offer-?(?:box|page|wall)|abo-?(?:wall|box|teaser|schranke)|plus-?(?:box|wall)|locked(?:-content)?|meter(?:ed)?-?(?:wall|box)?)(?![a-z])"
)
_HARDLY_ANY = 600
_LONGEST_SEARCHED = 60_000
_TEASER_CHARS = 1_500
_LONGEST_TEASER = 700
# The longest exclamation of a page for a missing article, and the longest excuse below it.
_LONGEST_EXCLAMATION = 24
_LONGEST_EXCUSE = 120
_BOXES = frozenset({"div", "section", "aside", "form"})
_LONGEST_OFFER = 400
_PRICE = re.compile(
    r"\d\s?(?:€|\$|£|¥|₽|₹|₺|₴|zł|kr\b|kč|ft\b|lei\b|元|円|원|%|eur\b|euro|usd\b|chf\b)|[€$£¥₹₺]\s?\d|(?:eur|usd|chf|rs\.?)\s?\d",
    re.IGNORECASE,
)
_LONGEST_ERROR = 70
_WORDS_OF_NEWS = 3
_FEW_HEADLINES = 4
_MANY_HEADLINES = 12


def classify_non_article(
    tree: Any, said: StructuredData, url: str | None, title: str, text: str
) -> str | None:
    """Return the code of what the page is instead of an article; None if it may be one.

    ``text`` is what was extracted, perhaps nothing; the beginning of a paid article is for
    ``is_teaser``. ``tree`` is unpruned except for its scripts.
    """
    if meta_refresh(tree, url):
        return "page-leads-on"
    headings = [title, *(" ".join(h.text_content().split()) for h in tree.iter("h1"))][:3]
    folded = [fold(each) for each in headings if each]
    is_article = bool(said.article) or (said.first("og:type") or "").lower() == "article"
    hardly_any = size(text) < _HARDLY_ANY
    little = size(text) < _TEASER_CHARS
    if little and _is_gone(headings, folded, hardly_any=hardly_any):
        return "page-not-found"
    if hardly_any and not is_article and _says_gone(folded, text or _all_text(tree)):
        return "page-not-found"
    if little and any(_is_numbered_error(heading, text, is_article) for heading in headings):
        return "page-not-found"
    if hardly_any and not is_article and _is_robot_check(tree, url, folded, text):
        return "robot-check"
    if not is_article and _is_consent(tree, url, folded, text or _all_text(tree)):
        return "consent-page"
    has_password = any((e.get("type") or "").lower() == "password" for e in tree.iter("input"))
    if has_password and hardly_any and (not text or any(map(_is_login, folded))):
        return "login-page"
    if hardly_any and _is_video(said, url, is_article):
        return "video-page"
    if not is_article and url is not None:
        return _listing(tree, url, text)
    return None


def is_teaser(tree: Any, said: StructuredData, text: str) -> bool:
    """Return whether ``text`` is the beginning of an article that has to be paid for."""
    if size(text) >= _TEASER_CHARS:
        return False
    free = said.article.get("isAccessibleForFree")
    tier = (said.first("article:content_tier") or "").lower()
    if (
        free is False
        or str(free).lower() in {"false", "no"}
        or tier in {"locked", "metered-locked"}
    ):
        return True
    if size(text) < _HARDLY_ANY and _ends_in_an_offer(tree):
        return True
    return _has_wall_box(tree) or bool(holds("wall", fold(_all_text(tree)[:_LONGEST_SEARCHED])))


def meta_refresh(tree: Any, url: str | None) -> str | None:
    """Return the URL to which a page without a text of its own redirects its readers; None if it
    doesn't."""
    for element in tree.iter("meta"):
        if (element.get("http-equiv") or "").lower() != "refresh":
            continue
        found = _REDIRECTS.match(element.get("content") or "")
        if found and size(_all_text(tree)) < _HARDLY_ANY:
            try:
                target: str = urljoin(url or "", found[1])
            except ValueError:
                return None
            return target if target.split("#")[0] != (url or "").split("#")[0] else None
    return None


def is_front(path: str) -> bool:
    """Return whether a URL's path is that of a site's front page."""
    return bool(_FRONT.fullmatch(path))


def _is_gone(headings: list[str], folded: list[str], *, hardly_any: bool) -> bool:
    """Return whether a heading says so and there is little else; a long headline with some text may
    be about that."""
    for heading, plain in zip((h for h in headings if h), folded, strict=True):
        if not hardly_any and (heading.count(" ") >= 8 or size(heading) > 60):
            continue
        found = holds("gone", plain)
        if any(_covers(phrase, plain, 0.45) for phrase in found if phrase != "404"):
            return True
    return False


def _says_gone(folded: list[str], text: str) -> bool:
    """Return whether an exclamation and a first sentence say so: "Oops! This page does not
    exist"."""
    if not folded or min(map(len, folded)) > _LONGEST_EXCLAMATION:
        return False
    shown = [line for line in map(fold, text.split("\n")) if line and line not in folded]
    first = re.split(r"(?<=[.!?。！？।])", shown[0])[0] if shown else ""
    return size(first) <= _LONGEST_EXCUSE and any(
        _covers(phrase, first, 0.3) for phrase in holds("gone", first) if phrase != "404"
    )


def _is_numbered_error(heading: str, text: str, is_article: bool) -> bool:
    """Return whether a heading is a status code with hardly a word, or with some words and hardly
    any text.

    News have such numbers too ("Bus 502 overturns"): there the text repeats the heading's words.
    """
    if not _NUMBERED_ERROR.fullmatch(heading) or size(heading) > _LONGEST_ERROR:
        return False
    beside = [word for word in words(heading) if not word.isdigit()]
    hardly_any = size(text) < _HARDLY_ANY
    if len(beside) <= 1:
        return hardly_any or not is_article
    if not hardly_any or is_article:
        return False
    if holds("gone", fold(heading)) - {"404"}:
        return True
    told = set(words(text))
    is_news = sum(word in told for word in words(heading)) >= 0.5 * len(beside)
    return len(beside) < _WORDS_OF_NEWS or not is_news


def _covers(phrase: str, folded: str, share: float) -> bool:
    """Return whether a phrase is most of a heading, or leaves little of it."""
    return len(phrase) >= share * len(folded) or (len(folded) - len(phrase) <= 30)


def _is_robot_check(tree: Any, url: str | None, folded: list[str], text: str) -> bool:
    for heading in folded:
        if any(
            _covers(phrase, heading, 0.5) and len(heading) < 70
            for phrase in holds("robot", heading)
        ):
            return True
    # A heading that is only the site's name, above a request to prove something.
    host = (urlsplit(url).hostname or "") if url else ""
    bare = any(
        heading.removeprefix("www.") == host.removeprefix("www.") for heading in folded if host
    )
    asked = holds("robot", fold(text or _all_text(tree)))
    return len(asked) >= (1 if bare else 2) and size(_all_text(tree)) < 2 * _HARDLY_ANY


def _is_consent(tree: Any, url: str | None, folded: list[str], text: str) -> bool:
    host = (urlsplit(url).hostname or "") if url else ""
    if host.startswith(("consent.", "guce.")):
        return True
    asks = holds("consent", fold(text[:_LONGEST_SEARCHED]))
    asks = {a for a in asks if not any(a != b and a in b for b in asks)}
    if len(asks) < 3:
        return False
    acts = any(True for _ in tree.iter("button", "input", "form")) or size(text) < _HARDLY_ANY
    headed = any(holds("consent_heading", heading) for heading in folded)
    if len(asks) >= 3 and size(text) < 4_000 and headed and acts:
        return size(text) < _TEASER_CHARS or len(asks) >= 6
    asking = sum(size(line) for line in text.split("\n") if len(holds("consent", fold(line))) >= 2)
    return len(asks) >= 4 and acts and asking >= 0.5 * size(text)


def _is_login(folded: str) -> bool:
    return any(
        folded.startswith(phrase) or (_covers(phrase, folded, 0.5) and len(folded) < 60)
        for phrase in holds("login", folded)
    )


def _has_wall_box(tree: Any) -> bool:
    """Return whether a visible box is named like a paywall, has some text and offers something to
    click."""
    hidden = {id(e) for e in hidden_elements(tree)}
    for element in tree.iter("div", "section", "aside", "form", "p", "span"):
        name = f"{element.get('class') or ''} {element.get('id') or ''}"
        if not _WALL_BOX.search(_plain(name)):
            continue
        if any(id(e) in hidden for e in (element, *element.iterancestors())):
            continue
        text = " ".join(element.text_content().split())
        acts = any(True for _ in element.iter("a", "button", "input", "form"))
        if 15 <= size(text) <= 1_500 and acts:
            return True
    return False


def _ends_in_an_offer(tree: Any) -> bool:
    """Return whether the article's element ends in a box with a price or a percentage and something
    to click."""
    article = tree.find(".//article")
    last = article[-1] if article is not None and len(article) else None
    while last is not None and len(last) == 1 and last.tag in _BOXES:
        last = last[0]
    if last is None or last.tag not in _BOXES:
        return False
    text = " ".join(last.text_content().split())
    acts = any(True for _ in last.iter("a", "button", "input", "form"))
    return acts and 15 <= size(text) <= _LONGEST_OFFER and bool(_PRICE.search(text))


def _is_video(said: StructuredData, url: str | None, is_article: bool) -> bool:
    if (said.first("og:type") or "").lower().startswith("video"):
        return True
    on_path = bool(url and _VIDEO_PATH.search(urlsplit(url).path))
    return not is_article and ("VideoObject" in said.types or on_path)


def _listing(tree: Any, url: str, text: str) -> str | None:
    """Return the code of a page that leads to articles: hardly any prose besides headlines that are
    links."""
    path = urlsplit(url).path
    headlines = _headline_links(tree, url)
    if headlines < _FEW_HEADLINES or _own_prose(tree, text) >= _HARDLY_ANY:
        return None
    if is_front(path):
        return "front-page"
    if headlines >= _MANY_HEADLINES or _LISTING.search(path):
        return "listing-page"
    return None


def _headline_links(tree: Any, url: str) -> int:
    """Count the pages of the same site that whole lines of four words or more link to."""
    host = urlsplit(url).hostname
    targets = set()
    for link in tree.iter("a"):
        text = " ".join(link.text_content().split())
        if len(words(text)) < 4 or not (href := link.get("href")):
            continue
        block = next(link.iterancestors("h1", "h2", "h3", "h4", "h5", "li", "p", "div", "td"), None)
        if block is None or _is_longer(block, int(1.6 * size(text)) + 20):
            continue
        try:
            parts = urlsplit(urljoin(url, href.strip()))
        except ValueError:
            continue
        if parts.hostname == host and parts.path.strip("/"):
            targets.add(parts.path)
    return len(targets)


def _is_longer(element: Any, limit: int) -> bool:
    """Return whether an element's text is longer; a large one isn't read to its end."""
    length = 0
    for text in element.itertext():
        length += size(" ".join(text.split()))
        if length > limit:
            return True
    return False


def _own_prose(tree: Any, text: str) -> int:
    """Count the characters of ``text`` in lines that aren't teasers of linked headlines."""
    teasers = []
    for heading in tree.iter("h1", "h2", "h3", "h4"):
        if heading.find(".//a") is None and next(heading.iterancestors("a"), None) is None:
            continue
        # The headline may be in a box of its own, beside the teaser.
        for around in islice(heading.iterancestors(), 3):
            if _is_longer(around, _LONGEST_TEASER):
                break
            teasers.append(" ".join(" ".join(around.itertext()).split()))
    told = "\n".join(teasers)
    return sum(size(line) for line in text.split("\n") if size(line) >= 80 and line not in told)


def _all_text(tree: Any) -> str:
    body = tree.find(".//body")
    root = tree if body is None else body
    return " ".join(" ".join(root.itertext()).split())
