"""Values of a feed's fields: texts without markup, dates, languages, URLs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape
from typing import Any
from urllib.parse import urljoin

from retrieval.extraction.authors import names_in
from retrieval.extraction.dates import DateHints, parse_date
from retrieval.extraction.fragments import article_text, html_to_text
from retrieval.extraction.metadata import language as language_of
from retrieval.extraction.wording import fold, phrases_of, size, tidy
from retrieval.text.language import detect_language
from retrieval.text.scripts import languages_of_script
from retrieval.timestamps import Span

_LONGEST_TTL = 30 * 86_400  # seconds
_ELLIPSIS = re.compile(r"(?:…|\.\.\.|\[…\]|\[\.\.\.\]|\[&#8230;\])\W*$")
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_REFERENCE = re.compile(r"&#[0-9xa-fA-F]{1,8};?")
_CHARACTER = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)
# Markup in titles, in pairs or alone; anything else in angle brackets is text.
_PAIRED_TAG = re.compile(
    r"<(b|i|em|strong|u|s|sup|sub|span|a|font|mark|small|code|cite|q|abbr|p|div|h[1-6])(?:\s[^<>]*)?>(.*?)</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_LONE_TAG = re.compile(r"<(?:br|wbr|img|hr)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_MAIL = re.compile(r"<?[^\s<>()@]+@[^\s<>()@]+>?")
_MAIL_AND_NAME = re.compile(r"[^\s()@]+@[^\s()@]+\s*\((.+)\)")
_ESCAPED_TWICE = re.compile(
    r"\s*&lt;(?:p|div|span|a|img|b|strong|em|i|ul|h[1-6]|br|figure)[\s&/]", re.IGNORECASE
)
_LEAST_FOR_LANGUAGE = 120
_PERIODS = {
    "hourly": 3600,
    "daily": 86_400,
    "weekly": 604_800,
    "monthly": 2_592_000,
    "yearly": 31_536_000,
}
_HEADLINE_CHARS = 120


def is_whole(text: str, enough: int) -> bool:
    """Return whether a text has at least ``enough`` characters, measured as English, and doesn't
    break off."""
    if size(text) < enough or _ELLIPSIS.search(text[-40:]):
        return False
    ending = fold(text[-120:]).rstrip(" .…»›>→[]()|:")
    return not any(
        ending.endswith(phrase)
        and not ending[: -len(phrase)][-1:].isalpha()
        and _stands_alone(text, phrase)
        for phrase in phrases_of("breaks_off")
    )


def _stands_alone(text: str, phrase: str) -> bool:
    """Return whether a phrase at the end is a link's text, not the end of a sentence."""
    last = fold(text.rsplit("\n", 1)[-1])
    sentence = re.split(r"[.!?…。！？।]\s*", last.rstrip(" .…»›>→[]()|:"))[-1]
    return len(sentence) <= len(phrase) + (30 if len(phrase) > 6 else 2)


def every_seconds(channel: Any) -> int | None:
    """Return what ``ttl`` (minutes) or the syndication module say, in seconds; None if they say
    nothing."""
    try:
        if ttl := string(channel.get("ttl")):
            return min(max(0, int(ttl) * 60), _LONGEST_TTL)
        period = _PERIODS.get((string(channel.get("sy_updateperiod")) or "").strip().lower())
        frequency = int(string(channel.get("sy_updatefrequency")) or 1)
        return period // max(1, frequency) if period else None
    except ValueError:
        return None


def span_of(value: Any, hints: DateHints) -> Span | None:
    """Return the date in a field; None if it isn't one."""
    text = string(value)
    return parse_date(text, hints) if text else None


def spoken_language(text: str, declared: str | None) -> str | None:
    """Return the language of a text. ``declared`` is often that of the feed's template: it only
    decides about short texts, in a script of that language."""
    if size(text) < _LEAST_FOR_LANGUAGE:
        written = languages_of_script(text)
        return written[0] if written and declared not in written else declared
    return language_of(declared, detect_language(text))


def joined(base: str | None, link: str | None) -> str | None:
    """Return an absolute URL, without line breaks and with spaces encoded; None if there is no
    link."""
    if not link or not (link := re.sub(r"\s*[\r\n\t]+\s*", "", link.strip()).replace(" ", "%20")):
        return None
    try:
        return urljoin(base, link) if base else link
    except ValueError:
        return link


def language_code(value: Any) -> str | None:
    """Return the ISO 639 code at the beginning of a language tag; None if there is none."""
    text = (string(value) or "").strip().split("-")[0].split("_")[0].lower()
    return text if 2 <= len(text) <= 3 and text.isalpha() else None


def headline_of(text: str) -> str | None:
    """Return the first line of a text, at most 120 characters long; None if it is empty."""
    line = text.split("\n", 1)[0].strip()
    if len(line) > _HEADLINE_CHARS:
        line = line[: _HEADLINE_CHARS - 1].rstrip() + "…"
    return line or None


def plain(value: Any) -> str | None:
    """Return a field's text without markup, in one line; None if it is empty."""
    text = string(value)
    return " ".join(tidy(_from_html(text)).split()) or None if text else None


def title_of(entry: Any, *, literal: bool) -> str | None:
    """Return a title as readers see it; None if there is none. Atom declares whether it holds
    markup, for RSS it has to be guessed."""
    kind = (entry.get("title_detail") or {}).get("type") or ""
    value = string(entry.get("title")) or ""
    if kind == "application/xhtml+xml" or (literal and kind == "text/html"):
        return plain(value)
    return title_text(value, literal=literal)


def title_text(value: str, *, literal: bool) -> str | None:
    """Return a title without markup and entities; None if it is empty. If ``literal``, angle
    brackets are text."""
    text = value
    if not literal:
        text = _LONE_TAG.sub(" ", text)
        for _ in range(3):
            text = _PAIRED_TAG.sub(r"\2", text)
    for _ in range(2):
        if _CHARACTER.search(text):
            text = unescape(text)
            if not literal:
                text = _PAIRED_TAG.sub(r"\2", text)
    return " ".join(tidy(_NO_TEXT.sub("", text)).split()) or None


def names_of(given: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of people in author fields, without addresses, ``By`` and roles."""
    plainly = [plain(value) for value in given]
    return names_in(_without_address(value) for value in plainly if value)


def _without_address(value: str) -> str:
    """Remove the address from ``ilse@post.example (Ilse Krog)`` and ``Ilse Krog
    <ilse@post.example>``."""
    if found := _MAIL_AND_NAME.fullmatch(value):
        return found[1]
    return _MAIL.sub("", value).strip(" <>()")


def pictures_of(entry: Any) -> list[Any]:
    """Return the URLs of an entry's pictures: those of Media RSS, the widest first, enclosures,
    thumbnails."""
    media = [each for each in entry.get("media_content", []) if _is_picture(each)]
    media.sort(key=_width, reverse=True)
    enclosed = [each for each in entry.get("enclosures", []) if _is_picture(each)]
    found = [each.get("url") or each.get("href") for each in (*media, *enclosed)]
    return [*found, *(each.get("url") for each in entry.get("media_thumbnail", []))]


def _is_picture(media: Any) -> bool:
    kind = media.get("medium") or media.get("type") or ""
    return kind.lower().startswith("image")


def _width(media: Any) -> int:
    try:
        return int(media.get("width") or 0)
    except ValueError:
        return 0


def body_text(fragment: str) -> str:
    """Return the text of an entry's HTML, tidied."""
    if _ESCAPED_TWICE.match(fragment):
        fragment = unescape(fragment)
    try:
        return tidy(article_text(fragment))
    except ValueError:
        return tidy(article_text(_REFERENCE.sub(" ", fragment)))


def _from_html(fragment: str) -> str:
    try:
        return html_to_text(fragment)
    except ValueError:
        # A reference to a character that is none (&#1;).
        return " ".join(html_to_text(_REFERENCE.sub(" ", fragment)).split())


def string(value: Any) -> str | None:
    """Return a string without control characters and surrogates; None if it is empty or not a
    string."""
    if not isinstance(value, str):
        return None
    return _NO_TEXT.sub("", value) or None


def listed(value: Any) -> Iterable[Any]:
    """Return a list; an empty tuple for anything else."""
    return value if isinstance(value, list) else ()
