"""Read Word documents and e-mails as articles."""

from __future__ import annotations

import io
import re
import zipfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from retrieval.errors import UnreadableSource
from retrieval.extraction.authors import names_in
from retrieval.extraction.dates import parse_date
from retrieval.extraction.fragments import article_text, cleaned
from retrieval.extraction.wording import size, tidy
from retrieval.models import Article
from retrieval.text.encoding import codec_of, decode_text
from retrieval.text.language import detect_language

# The most that a document may unpack to: a zip of a few kilobytes can hold gigabytes.
_MOST_BYTES = 200_000_000
_LEAST_LETTERS = 60
_CORE = "docProps/core.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
# What mail programs put before the subject of a reply or a forwarded message.
_SUBJECT_PREFIX = re.compile(
    r"^(?:(?:re|fwd?|aw|wg|tr|rv|res|enc|sv|vs|odp|ynt|i|r)\s*(?:\[\d+\])?\s*[:：]\s*)+",
    re.IGNORECASE,
)


def article_from_docx(data: bytes) -> Article:
    """Return the text of a Word document as an article, with title, author and date from its
    properties.

    Raises ``UnreadableSource`` if it is damaged, encrypted, too large or empty.
    """
    import mammoth

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise UnreadableSource("too-large-to-read")
            if "word/document.xml" not in archive.namelist():
                raise UnreadableSource("not-a-word-document")
            said = _properties(archive)
        html = mammoth.convert_to_html(
            io.BytesIO(data), convert_image=mammoth.images.img_element(lambda _: {})
        ).value
    except UnreadableSource:
        raise
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        AttributeError,
        RuntimeError,
        RecursionError,
    ) as error:
        if data.startswith(b"\xd0\xcf\x11\xe0"):
            raise UnreadableSource("word-document-old-or-encrypted") from error
        raise UnreadableSource("word-document-damaged") from error
    return _article(html, said.get("title"), said.get("creator"), said.get("created"))


def article_from_email(data: bytes) -> Article:
    """Return the text of an e-mail as an article, with its subject, sender and date; the HTML part
    is preferred.

    Raises ``UnreadableSource`` (``not-an-email``, ``email-without-text``, ``no-text``).
    """
    message = message_from_bytes(data, policy=policy.default)
    if not isinstance(message, EmailMessage) or not (message["subject"] or message["from"]):
        raise UnreadableSource("not-an-email")
    sender, _ = parseaddr(_header(message, "from"))
    subject = _SUBJECT_PREFIX.sub("", _header(message, "subject")).strip()
    date = _header(message, "date")
    rich, plain = _part(message, "html"), _part(message, "plain")
    if rich and size(rich) > 0:
        made = _article(rich, subject, None, date)
        if size(made.text) >= 0.5 * size(plain or ""):
            return _signed(made, sender)
    if not plain:
        raise UnreadableSource("email-without-text")
    return _signed(_made(cleaned(plain.strip()), subject, date), sender)


def _signed(article: Article, sender: str) -> Article:
    """Set an e-mail's sender as the author if it is a person's name, or else as the publisher."""
    name = " ".join(sender.split())
    names = names_in([name]) if 2 <= len(name.split()) <= 4 else ()
    return Article(
        title=article.title,
        text=article.text,
        source=None if names else name or None,
        authors=names,
        published=article.published,
        language=article.language,
    )


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return None
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return None
    codec = codec_of(part.get_content_charset() or "")
    try:
        text = content.decode(codec) if codec else decode_text(content)
    except (UnicodeDecodeError, LookupError):
        text = decode_text(content)
    return text.replace("\r\n", "\n")


def _header(message: EmailMessage, name: str) -> str:
    return " ".join(str(message[name] or "").split())


def _article(html: str, title: str | None, author: str | None, date: str | None) -> Article:
    text = tidy(article_text(html))
    return _made(text, title, date, names_in([author]) if author else ())


def _made(text: str, title: str | None, date: str | None, names: tuple[str, ...] = ()) -> Article:
    if len(re.findall(r"[^\W\d_]", text)) < _LEAST_LETTERS:
        raise UnreadableSource("no-text")
    heading, _, rest = text.partition("\n\n")
    is_title = size(heading) <= 200 and rest and not re.search(r"[.:;,。]$", heading)
    if not title or (is_title and "\n" not in heading and title.casefold() == heading.casefold()):
        title, text = (heading, rest) if is_title else (title, text)
    return Article(
        title=tidy(title or heading[:120]),
        text=text,
        authors=names,
        published=parse_date(date) if date else None,
        language=detect_language(text),
    )


def _properties(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the title, author and date in a document's properties."""
    from lxml import etree

    if _CORE not in archive.namelist():
        return {}
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root: Any = etree.fromstring(archive.read(_CORE), parser)
    except etree.XMLSyntaxError:
        return {}
    names = {"title": f"{_DC}title", "creator": f"{_DC}creator", "created": f"{_TERMS}created"}
    found = {key: " ".join((root.findtext(name) or "").split()) for key, name in names.items()}
    return {key: value for key, value in found.items() if value}
