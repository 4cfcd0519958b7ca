"""What a page is, if it is no article: said in one sentence, or None.

Every rule wants two things at once, such as a title that tells and hardly any text, because an
article about cookies or about a missing page is an article.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit

from retrieval.extraction.structured import StructuredData

_FRONT = re.compile(r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?|home|index|default|start|startseite)?(?:\.(?:html?|php|aspx?|jsp))?/?", re.IGNORECASE)  # fmt: skip
_LISTING = re.compile(r"/(?:tags?|categor(?:y|ies)|topics?|sections?|authors?|archives?|search|page/\d+|themen|rubrik)(?:/|$)", re.IGNORECASE)  # fmt: skip
_VIDEO_PATH = re.compile(r"/(?:videos?|watch|tv|mediathek|clips?|live-?tv)(?:/|$)", re.IGNORECASE)
_GONE = re.compile(
    r"""\W*(?:(?:error|fehler|erreur)\W*)?404\b.{0,60} | .{0,40}\b(?:error|fehler)\s404\W*
    | (?:(?:sorry|oops|whoops|uh[ -]oh|hmm)\W+)?.{0,20}\b(?:page|article|story|content|url|document)\b.{0,45}\b(?:not|never|cannot|can['’]t|couldn['’]t|doesn['’]t|isn['’]t|no\ longer)\b.{0,20}\b(?:found|find|exist|exists|available|here)\b.{0,40}
    | (?:not\ found|we\ (?:can['’]t|couldn['’]t|cannot)\ find\ (?:that|the|this)\ page).{0,40}
    | .{0,20}(?:seite|artikel)\b.{0,20}\bnicht\ (?:gefunden|vorhanden|verfügbar|mehr).{0,40} | .{0,10}page\ (?:introuvable|non\ trouvée).{0,30}
    | .{0,10}página\ no\ (?:encontrada|existe|disponible).{0,30} | .{0,10}página\ não\ encontrada.{0,30} | .{0,10}pagina\ non\ trovata.{0,30} | .{0,10}pagina\ niet\ gevonden.{0,30}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ROBOT = re.compile(
    r"just a moment\W*|attention required.{0,30}|access (?:to this page has been )?denied.{0,30}|are you (?:a )?(?:human|robot).{0,30}|(?:please )?verify (?:that )?you are (?:a )?human.{0,40}|security check.{0,30}|robot check|captcha.{0,20}|checking your browser.{0,40}|pardon our interruption.{0,20}|.{0,20}request (?:was )?(?:blocked|unsuccessful).{0,30}|403 forbidden|forbidden",
    re.IGNORECASE,
)
_CONSENT_TITLE = re.compile(r".{0,30}(?:before you continue|(?:we (?:value|care about|respect) )?your (?:data|privacy)\b|cookie (?:consent|settings|preferences|notice)|consent (?:required|management|settings)|privacy (?:settings|preferences|notice)|datenschutzeinstellungen|mit werbung (?:weiter|lesen)|accept (?:all )?cookies|yahoo is part of).{0,60}", re.IGNORECASE)  # fmt: skip
_CONSENT = re.compile(r"\bwe (?:and our (?:\d+ )?(?:partners|vendors)|use cookies|value your privacy)|accept (?:all|and (?:continue|close))|reject all|manage (?:settings|preferences|options|cookies)|store and/or access|your (?:privacy )?choices|personali[sz]ed (?:ads|advertising|content)|withdraw (?:your )?consent|cookie policy|wir und unsere partner|alle akzeptieren|tout accepter|aceptar todo", re.IGNORECASE)  # fmt: skip
_LOGIN_TITLE = re.compile(r"\W*(?:please )?(?:log[ -]?in|sign[ -]?in|sign[ -]?on|login|anmelden|anmeldung|connexion|iniciar sesi[oó]n|entrar|accedi|inloggen|member login|account login|(?:create|log in to|sign in to) (?:your |an )?account)\b.{0,60}", re.IGNORECASE)  # fmt: skip
_WALL = re.compile(
    r"""(?:subscribe|register|sign\ up|sign\ in|log\ ?in|become\ a\ (?:member|subscriber)|join|upgrade)\b.{0,60}\bto\ (?:continue|keep|finish|read|unlock|view|access)\b.{0,60}
    | \bto\ (?:continue|keep)\ reading\b | \bto\ read\ (?:the|this)\ (?:full|rest|whole|entire|complete)\b | \b(?:unlock|read)\ (?:this|the\ full)\ (?:article|story)\b.{0,40}\bsubscri
    | \b(?:article|story|content|post)\ is\ (?:only\ |exclusively\ )?(?:available\ )?(?:for|to|reserved\ for|exclusive\ to)\ (?:our\ |paid\ |paying\ )?(?:subscribers|members) | \bfor\ (?:subscribers|members)\ only\b | \b(?:subscriber|member)[- ](?:only|exclusive)\b
    | \bthis\ is\ a\ premium\ article | already\ a\ (?:subscriber|member)\?\s*(?:log|sign) | \byou(?:['’]ve|\ have)\ (?:reached|read|used)\b.{0,40}\b(?:free\ articles?|limit)
    | nur\ für\ abonnenten | weiterlesen\ mit | réservée?\ aux\ abonnés | exclusivo\ para\ (?:suscriptores|assinantes)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HARDLY_ANY = 600
_TEASER_CHARS = 1_500
_LONGEST_TEASER = 700
_FEW_HEADLINES = 4
_MANY_HEADLINES = 12


def classify_non_article(
    tree: Any, said: StructuredData, url: str | None, title: str, text: str
) -> str | None:
    """What the page is instead of an article, None if it may be one.

    ``text`` is what was found in it, perhaps nothing; a beginning before a paywall is
    ``is_teaser``'s. ``tree`` has not been pruned but for its scripts.
    """
    headings = [title, *(" ".join(h.text_content().split()) for h in tree.iter("h1"))][:3]
    is_article = bool(said.article) or (said.first("og:type") or "").lower() == "article"
    hardly_any = len(text) < _HARDLY_ANY
    # A long headline of some text may be about a missing page.
    brief = [each for each in headings if hardly_any or each.count(" ") < 8]
    if len(text) < _TEASER_CHARS and any(map(_GONE.fullmatch, brief)):
        return "the page says that there is nothing at this address"
    if hardly_any and any(map(_ROBOT.fullmatch, headings)):
        return "the site asks for proof that a person reads it"
    if not is_article and _is_consent(url, headings, text or _all_text(tree)):
        return "it is a consent page; the article is behind it"
    has_password = any((e.get("type") or "").lower() == "password" for e in tree.iter("input"))
    if has_password and hardly_any and (not text or any(map(_LOGIN_TITLE.fullmatch, headings))):
        return "it is a page to log in on"
    if hardly_any and _is_video(said, url, is_article):
        return "it is a video with hardly any text"
    if not is_article and url is not None:
        return _listing(tree, url, text)
    return None


def is_teaser(tree: Any, said: StructuredData, text: str) -> bool:
    """Whether ``text`` is the beginning of an article that is to be paid for."""
    if len(text) >= _TEASER_CHARS:
        return False
    free = said.article.get("isAccessibleForFree")
    tier = (said.first("article:content_tier") or "").lower()
    if free is False or str(free).lower() == "false" or tier == "locked":
        return True
    return bool(_WALL.search(_all_text(tree)))


def is_front(path: str) -> bool:
    """Whether a URL's path is that of a site's front page."""
    return bool(_FRONT.fullmatch(path))


def _is_consent(url: str | None, headings: list[str], text: str) -> bool:
    host = (urlsplit(url).hostname or "") if url else ""
    if host.startswith(("consent.", "guce.")):
        return True
    asks = len({match.lower() for match in _CONSENT.findall(text)})
    if asks >= 2 and len(text) < 4_000 and any(map(_CONSENT_TITLE.fullmatch, headings)):
        return True
    asking = sum(len(line) for line in text.split("\n") if _CONSENT.search(line))
    return asks >= 4 and asking >= 0.5 * len(text)


def _is_video(said: StructuredData, url: str | None, is_article: bool) -> bool:
    if (said.first("og:type") or "").lower().startswith("video"):
        return True
    on_path = bool(url and _VIDEO_PATH.search(urlsplit(url).path))
    return not is_article and ("VideoObject" in said.types or on_path)


def _listing(tree: Any, url: str, text: str) -> str | None:
    """Pages that lead to articles: their prose stands beside headlines that are links."""
    path = urlsplit(url).path
    headlines = _headline_links(tree, url)
    if headlines < _FEW_HEADLINES or _own_prose(tree, text) >= _HARDLY_ANY:
        return None
    if is_front(path):
        return "it is the front page of a site, not an article"
    if headlines >= _MANY_HEADLINES or _LISTING.search(path):
        return "it is a list of articles, not an article"
    return None


def _headline_links(tree: Any, url: str) -> int:
    """Different pages of the same site that whole lines of four words or more lead to."""
    host = urlsplit(url).hostname
    targets = set()
    for link in tree.iter("a"):
        text = " ".join(link.text_content().split())
        if text.count(" ") < 3 or not (href := link.get("href")):
            continue
        block = next(link.iterancestors("h1", "h2", "h3", "h4", "h5", "li", "p", "div", "td"), None)
        if block is None or _is_longer(block, int(1.6 * len(text)) + 20):
            continue
        try:
            parts = urlsplit(urljoin(url, href.strip()))
        except ValueError:
            continue
        if parts.hostname == host and parts.path.strip("/"):
            targets.add(parts.path)
    return len(targets)


def _is_longer(element: Any, limit: int) -> bool:
    """Whether an element's text is longer; a large one is not read to its end."""
    size = 0
    for text in element.itertext():
        size += len(" ".join(text.split()))
        if size > limit:
            return True
    return False


def _own_prose(tree: Any, text: str) -> int:
    """Characters of ``text`` in lines that are not teasers, beside headlines that lead elsewhere."""
    teasers = []
    for heading in tree.iter("h1", "h2", "h3", "h4"):
        if heading.find(".//a") is None and next(heading.iterancestors("a"), None) is None:
            continue
        # The headline may stand in a box of its own, beside the teaser.
        for around in islice(heading.iterancestors(), 3):
            if _is_longer(around, _LONGEST_TEASER):
                break
            teasers.append(" ".join(" ".join(around.itertext()).split()))
    told = "\n".join(teasers)
    return sum(len(line) for line in text.split("\n") if len(line) >= 80 and line not in told)


def _all_text(tree: Any) -> str:
    body = tree.find(".//body")
    root = tree if body is None else body
    return " ".join(" ".join(root.itertext()).split())
