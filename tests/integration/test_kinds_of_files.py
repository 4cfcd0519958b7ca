"""Every kind of file that `newsdesk ingest` takes, plain and compressed, in several encodings."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.integration.conftest import Newsdesk, article, lines

_TEXT = article(1)["text"]
_PARAGRAPHS = "".join(f"<p>{article(n)['text']}</p>" for n in range(1, 5))
_PAGE = f"""<html lang="en"><head><title>Town1 approves topic1</title>
<link rel="canonical" href="https://example.com/news/1">
<meta property="article:published_time" content="2023-11-03T10:00:00Z"></head>
<body><nav><a href="/">Home</a></nav><article><h1>Town1 approves topic1</h1>{_PARAGRAPHS}</article></body></html>"""
_MARKDOWN = f"""---
title: Town1 approves topic1
url: https://example.com/news/1
date: 2023-11-03
---
# Town1 approves topic1

**{_TEXT.split(". ")[0]}**. [More]({"https://example.com"}).

{_TEXT}
"""
_RSS = f"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>Example News</title><link>https://example.com/</link>
<item><title>Town1 approves topic1</title><link>https://example.com/news/1</link>
<pubDate>Fri, 03 Nov 2023 10:00:00 GMT</pubDate><description><![CDATA[<p>{_TEXT}</p>]]></description></item>
</channel></rss>"""
_ATOM = f"""<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Example News</title><id>x</id><updated>2023-11-03T10:00:00Z</updated>
<entry><title>Town1 approves topic1</title><id>1</id><link href="https://example.com/news/1"/>
<published>2023-11-03T10:00:00Z</published><updated>2023-11-03T10:00:00Z</updated>
<content type="html">&lt;p&gt;{_TEXT}&lt;/p&gt;</content></entry></feed>"""


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [("a.html", _PAGE), ("a.md", _MARKDOWN), ("rss.xml", _RSS), ("atom.xml", _ATOM)],
)
def test_title_address_date_and_text_are_read(
    newsdesk: Newsdesk, tmp_path: Path, name: str, content: str, compressed: bool
) -> None:
    data = content.encode()
    path = tmp_path / (f"{name}.gz" if compressed else name)
    path.write_bytes(gzip.compress(data) if compressed else data)
    done = newsdesk("ingest", str(path), "--json")
    assert done.returncode == 0, done.stderr
    result = lines(done.stdout)[0]
    assert (result["status"], result["title"]) == ("indexed", "Town1 approves topic1")
    assert result["url"] == "https://example.com/news/1"
    hit = lines(newsdesk("search", "topic1", "--json").stdout)[0]["hits"][0]
    assert hit["published_at"].startswith("2023-11-03")
    assert "11 million crowns" in hit["text"]
    assert "<" not in hit["text"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "windows-1252", "shift_jis"])
def test_text_in_any_encoding_is_read_right_or_rejected(
    newsdesk: Newsdesk, tmp_path: Path, encoding: str
) -> None:
    text = (
        "東京都知事は火曜日、新しい橋の建設計画を発表した。費用は四百億円で、工事は来年の春に始まる。"
        "知事は記者会見で「この橋は街を変える」と述べた。"
        if encoding == "shift_jis"
        else "Le maire de Besançon a présenté mardi le projet « Évreux ». Le coût s’élève à 12 millions d’euros, "
        "a-t-il précisé. Les travaux débuteront l’été prochain et dureront trois années, selon la société chargée du chantier."
    )
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    done = newsdesk("ingest", str(path), "--json")
    result = lines(done.stdout)[0]
    if result["status"] == "rejected":
        assert "encoding" in result["reason"]
        return
    hit = lines(newsdesk("search", text.split()[-1], "--json").stdout)[0]["hits"][0]
    assert hit["text"] in text
