"""Word documents, e-mails, archives and e-books."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from html import escape
from pathlib import Path

import pytest

from retrieval.errors import UnreadableSource
from retrieval.extraction.office import article_from_docx, article_from_email
from retrieval.ingestion.readers import read_source
from tests.unit.served import LANGUAGES, page, paragraphs, shown

_MOST = 5_000_000
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def _zip(files: dict[str, str | bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def _docx(tag: str, *, heading: bool = True) -> bytes:
    lines = ([LANGUAGES[tag]["title"]] if heading else []) + paragraphs(tag)
    body = "".join(f"<w:p><w:r><w:t>{escape(line)}</w:t></w:r></w:p>" for line in lines)
    return _zip(
        {
            "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>',
            "docProps/core.xml": '<?xml version="1.0"?><cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"><dc:creator>Ilse Krog</dc:creator><dcterms:created>2026-11-24T08:00:00Z</dcterms:created></cp:coreProperties>',
        }
    )


def _email(tag: str, *, html: bool, charset: str = "utf-8") -> bytes:
    message = EmailMessage()
    message["Subject"] = f"Fwd: {LANGUAGES[tag]['title']}"
    message["From"] = "Ilse Krog <ilse@varsundpost.example>"
    message["Date"] = "Tue, 24 Nov 2026 09:00:00 +0100"
    message.set_content("\n\n".join(paragraphs(tag)), charset=charset)
    if html:
        body = "".join(f"<p>{escape(line)}</p>" for line in paragraphs(tag))
        message.add_alternative(
            f"<html><body>{body}</body></html>", subtype="html", charset=charset
        )
    return message.as_bytes()


@pytest.mark.parametrize("tag", ["en", "de", "ru", "ar", "hi", "ja"])
def test_a_word_document_is_an_article(tag: str) -> None:
    article = article_from_docx(_docx(tag))
    assert article.title == LANGUAGES[tag]["title"]
    assert article.text.split("\n\n") == paragraphs(tag)
    assert (article.authors, shown(article.published), article.language) == (("Ilse Krog",), "2026-11-24T08:00:00Z", tag)  # fmt: skip


@pytest.mark.parametrize("html", [True, False])
@pytest.mark.parametrize(("tag", "charset"), [("en", "utf-8"), ("ru", "koi8-r"), ("tr", "iso-8859-9"), ("ja", "iso-2022-jp"), ("ar", "utf-8"), ("zh", "gb18030")])  # fmt: skip
def test_an_email_is_an_article(tag: str, charset: str, html: bool) -> None:
    try:
        data = _email(tag, html=html, charset=charset)
    except UnicodeEncodeError:
        pytest.skip(f"{charset} lacks a letter of the text")
    article = article_from_email(data)
    assert article.title == LANGUAGES[tag]["title"]
    assert all(line in article.text for line in paragraphs(tag))
    assert (article.authors, shown(article.published)) == (("Ilse Krog",), "2026-11-24T08:00:00Z")


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04rubbish", b"\xd0\xcf\x11\xe0" + bytes(600), _zip({"a.txt": "x"})]
)
def test_what_is_no_word_document_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableSource):
        article_from_docx(data)


def test_what_is_no_email_is_refused() -> None:
    for data in (b"", b"\x00\x01", b"just a text", b"Subject: nothing\n\n"):
        with pytest.raises(UnreadableSource):
            article_from_email(data)


def test_an_archive_gives_the_articles_of_its_files(tmp_path: Path) -> None:
    inner: dict[str, str | bytes] = {
        "news/de.html": page("de"), "ru.docx": _docx("ru"), "fr.eml": _email("fr", html=True), "note.txt": "\n\n".join(paragraphs("en")),
        "a.exe": b"MZ", "more.zip": _zip({"x.html": page("en")}), "__MACOSX/._de.html": b"x", ".hidden": b"x",
    }  # fmt: skip
    path = tmp_path / "all.zip"
    path.write_bytes(_zip(inner))
    found = {item.label.partition(":")[2]: item for item in read_source(path, _MOST)}
    assert {name for name, item in found.items() if item.article} == {
        "news/de.html",
        "ru.docx",
        "fr.eml",
        "note.txt",
    }
    assert {name for name, item in found.items() if item.reason} == {"a.exe", "more.zip"}


def test_a_file_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(
        _zip({"big.txt": b"a" * 3_000_000, "small.txt": "\n\n".join(paragraphs("en"))})
    )
    found = {item.label.partition(":")[2]: item for item in read_source(path, 500_000)}
    assert found["big.txt"].reason
    assert found["small.txt"].article


def test_an_e_book_gives_its_chapters_in_order(tmp_path: Path) -> None:
    chapters = {f"text/{tag}.xhtml": page(tag) for tag in ("de", "en", "fr")}
    items = "".join(
        f'<item id="{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="{n}"/>' for n in range(len(chapters)))
    opf = f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>'
    container = '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    files: dict[str, str | bytes] = {"META-INF/container.xml": container, "OEBPS/book.opf": opf}
    files |= {f"OEBPS/{name}": text for name, text in chapters.items()}
    path = tmp_path / "book.epub"
    path.write_bytes(_zip(files))
    titles = [item.article.title for item in read_source(path, _MOST) if item.article]
    assert titles == [LANGUAGES[tag]["title"] for tag in ("de", "en", "fr")]


@pytest.mark.parametrize("name", ["broken.zip", "broken.epub"])
def test_a_broken_archive_is_one_rejection(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 and nothing else")
    (only,) = read_source(path, _MOST)
    assert only.article is None
    assert only.reason
