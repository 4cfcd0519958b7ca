"""Which picture a publisher gives an article, and which addresses of pictures are never shown."""

from __future__ import annotations

import pytest

from retrieval.extraction.worker_process import article_of, article_record
from retrieval.ingestion.readers.feed import read_item
from retrieval.web.picture_urls import picture_url
from tests.unit.served import item, items, page, paragraphs, read, rss

_MEDIA = 'xmlns:media="http://search.yahoo.com/mrss/"'
PICTURE = "https://img.varsundpost.example/mill.jpg"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://img.paper.example/a.jpg", "https://img.paper.example/a.jpg"), ("/a b.png", "https://paper.example/a%20b.png"),
        ("//img.paper.example/ä.jpg?w=1&h=2", "https://img.paper.example/%C3%A4.jpg?w=1&h=2"), ("https://img.paper.example:443/a", "https://img.paper.example:443/a"),
        ("http://img.paper.example/a.jpg", None), ("https://192.0.2.7/a.jpg", None), ("https://0x7f000001/a.jpg", None), ("https://127.1/a.jpg", None), ("https://[::1]/a.jpg", None),
        ("https://localhost/a.jpg", None), ("https://intranet/a.jpg", None), ("https://nas.local/a.jpg", None), ("https://metadata.google.internal/a", None),
        ("https://paper.example:8443/a.jpg", None), ("https://me:secret@paper.example/a.jpg", None), ("data:image/png;base64,AAAA", None), ("javascript:alert(1)", None),
        ("https://paper.example/drawing.svg", None), ("https://paper.example/" + "a" * 2_000, None), ("https://paper.example/\x00", None), ("https://[paper/a.jpg", None), ("  ", None), (None, None), ({"url": 1}, None),
    ],
)  # fmt: skip
def test_only_public_names_over_https_are_shown(given: object, shown: str | None) -> None:
    assert picture_url([given], "https://paper.example/news/1") == shown
    # What may not be shown gives way to what may.
    assert picture_url([given, PICTURE], "https://paper.example/news/1") == (shown or PICTURE)


@pytest.mark.parametrize(
    "head",
    [
        f'<meta property="og:image" content="{PICTURE}">', f'<meta name="twitter:image" content="{PICTURE}">',
        f'<meta property="og:image" content="http://varsundpost.example/mill.jpg"><meta property="og:image:secure_url" content="{PICTURE}">',
        f'<script type="application/ld+json">{{"@type":"NewsArticle","image":[{{"@type":"ImageObject","url":"{PICTURE}"}}]}}</script>',
        f'<script type="application/ld+json">{{"@type":"NewsArticle","image":"{PICTURE}"}}</script>',
    ],
)  # fmt: skip
def test_a_page_names_its_picture(head: str) -> None:
    article = read(page(head=head))
    assert article.picture_url == PICTURE
    assert article_of(article_record(article)) == article


@pytest.mark.parametrize(
    "more",
    [
        f'<enclosure url="{PICTURE}" type="image/jpeg" length="1"/>',
        f'<media:content {_MEDIA} url="https://img.varsundpost.example/small.jpg" medium="image" width="90"/><media:content {_MEDIA} url="{PICTURE}" medium="image" width="900"/>',
        f'<media:thumbnail {_MEDIA} url="{PICTURE}"/>',
        f'<media:group {_MEDIA}><media:content url="https://img.varsundpost.example/a.mp4" type="video/mp4"/><media:content url="{PICTURE}" type="image/png"/></media:group>',
    ],
)  # fmt: skip
def test_a_feed_names_the_pictures_of_its_items(more: str) -> None:
    text = "".join(f"<p>{line}</p>" for line in paragraphs("en") * 2)
    content = f"<content:encoded><![CDATA[{text}]]></content:encoded>"
    (found,) = items(rss(item(more=content + more)))
    assert found.picture_url == PICTURE
    assert type(found).from_record(found.to_record()) == found
    article = read_item("a", found).article
    assert article is not None
    assert article.picture_url == PICTURE


def test_a_sound_or_film_is_no_picture() -> None:
    more = '<enclosure url="https://varsundpost.example/a.mp3" type="audio/mpeg" length="1"/>'
    assert items(rss(item(more=more)))[0].picture_url is None
