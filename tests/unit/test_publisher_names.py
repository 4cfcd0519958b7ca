"""Who publishes is told by the address."""

from __future__ import annotations

import pytest

from retrieval.web.outlets import agency, publisher_of, registrable_domain, syndicated
from tests.unit.served import item, items, page, read, rss


@pytest.mark.parametrize(
    ("url", "claimed", "name"),
    [
        ("https://www.reuters.com/world/x", "Reuters | Breaking", "Reuters"),
        ("https://edition.cnn.com/x", None, "CNN"),
        ("https://www.bbc.co.uk/news/1", "BBC News", "BBC"),
        ("https://www.spiegel.de/x", "DER SPIEGEL", "Der Spiegel"),
        ("https://g1.globo.com/x", None, "G1"),
        ("https://www.yomiuri.co.jp/x", "読売新聞オンライン", "The Yomiuri Shimbun"),
        ("https://evil.example/x", "Reuters", "evil.example"),
        ("https://evil.example/x", "BBC News", "evil.example"),
        ("https://evil.example/x", "Le Monde", "evil.example"),
        ("https://reuters.com.evil.example/x", "The Associated Press", "evil.example"),
        ("https://news.courier.co.uk/x", None, "courier.co.uk"),
        ("https://courier.example/x", "WWW.COURIER.EXAMPLE", "courier.example"),
        ("https://courier.example/x", "https://courier.example", "courier.example"),
        ("https://courier.example/x", "Courier.example", "Courier.example"),
        ("https://courier.example/x", "THE VARSUND COURIER", "The Varsund Courier"),
        ("https://courier.example/x", "Varsund Courier - News from the north", "Varsund Courier"),
        ("https://courier.example/x", "Varsund Courier | Nachrichten aus dem Norden", "Varsund Courier"),
        ("https://courier.example/x", "北海新聞デジタル", "北海新聞デジタル"),
        ("https://mill.blogspot.com/x", None, "mill.blogspot.com"),
        ("http://127.0.0.1:8080/x", None, "127.0.0.1"),
    ],
)  # fmt: skip
def test_names_of_publishers(url: str, claimed: str | None, name: str) -> None:
    assert publisher_of(url, claimed) == name


def test_text_of_an_agency_says_via() -> None:
    assert agency("Reuters") == agency("Thomson Reuters") == "Reuters"
    assert agency("Ilse Krog") is None
    assert syndicated("Yahoo News", "Reuters") == "Yahoo News, via Reuters"
    assert syndicated("Reuters", "Reuters") == "Reuters"
    html = page(
        "en",
        head='<meta property="og:site_name" content="Varsund Post"><meta name="author" content="Reuters">',
    )
    assert read(html).source == "Varsund Post, via Reuters"
    canonical = '<link rel="canonical" href="https://www.reuters.com/world/mill">'
    assert read(page("en", head=canonical)).source == "varsundpost.example, via Reuters"


def test_a_feed_can_not_call_itself_what_it_is_not() -> None:
    feed = rss(item()).replace("<title>Varsund Post</title>", "<title>Reuters</title>")
    assert items(feed)[0].source == "varsundpost.example"
    other = rss(item(more='<source url="https://reuters.com/feed">Reuters</source>'))
    assert items(other)[0].source == "Varsund Post, via Reuters"


@pytest.mark.parametrize(("host", "domain"), [("www.a.com.br", "a.com.br"), ("x.y.gov.uk", "y.gov.uk"), ("localhost", "localhost"), ("news.example", "news.example"), ("a.b.co.jp", "b.co.jp")])  # fmt: skip
def test_registrable_domains(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain
