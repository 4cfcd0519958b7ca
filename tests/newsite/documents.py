"""Pages and feeds as sites write them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

_START = datetime(2023, 11, 6, 8, tzinfo=UTC)
_TOWNS = [
    "Arvel",
    "Bronn",
    "Cestry",
    "Dalmeer",
    "Eskholm",
    "Farrow",
    "Grenz",
    "Halvik",
    "Istvar",
    "Jorund",
]
_THINGS = [
    "bridge",
    "school",
    "harbour",
    "library",
    "tramway",
    "museum",
    "market",
    "stadium",
    "hospital",
    "theatre",
]


@dataclass(frozen=True)
class Entry:
    """One item of a feed. ``body`` None leaves it a teaser."""

    url: str
    title: str
    teaser: str
    body: str | None
    at: datetime
    guid: str

    @property
    def html(self) -> str | None:
        if self.body is None:
            return None
        return "".join(f"<p>{escape(part)}</p>" for part in self.body.split("\n\n"))


def title_of(number: int) -> str:
    return f"{_TOWNS[number % 10]} opens {_THINGS[number // 10 % 10]} number {number}"


def body_of(number: int, revision: int = 0) -> str:
    """Five paragraphs, unlike those of any other article."""
    town, thing = _TOWNS[number % 10], _THINGS[number // 10 % 10]
    mayor = f"Mayor Hanna Lind{number}"
    changed = f" The cost was revised {revision} times." if revision else ""
    return "\n\n".join(
        [
            f"The town of {town} opened its new {thing} on Monday, the {number}th of its programme,"
            f" before some {200 + number} guests who had come from the whole region.",
            f"“We waited {2 + number % 9} years for project{number},” said {mayor} at the opening."
            f" The building cost {10 + number % 90} million crowns, a third of it paid by the state.{changed}",
            f"Work on project{number} had begun in the spring of last year and was held up twice by"
            f" floods, the council said. The architect Piet Osten{number} drew the plans.",
            f"Neighbours of the {thing} had asked for fewer parking places and more trees; {town} will"
            f" plant {30 + number % 50} limes along the river before the winter comes.",
            f"The next project of {town} is to be voted on in March, {mayor} said, and will not cost"
            f" more than {number % 7 + 3} million crowns in all.",
        ]
    )


def entry(
    base: str, number: int, *, full: bool = False, revision: int = 0, at: datetime | None = None
) -> Entry:
    body = body_of(number, revision)
    return Entry(
        url=f"{base}/news/{number}",
        title=title_of(number),
        teaser=body.split("\n\n")[0][:120] + "…",
        body=body if full else None,
        at=at or _START + timedelta(minutes=number),
        guid=f"item-{number}",
    )


def page(number: int, revision: int = 0, note: str = "") -> str:
    paragraphs = "".join(
        f"<p>{escape(part)}</p>"
        for part in [*body_of(number, revision).split("\n\n"), note]
        if part
    )
    at = (_START + timedelta(minutes=number)).isoformat()
    return f"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">
<title>{escape(title_of(number))} | The Local Courier</title>
<meta property="og:type" content="article"><meta property="og:site_name" content="The Local Courier">
<meta property="article:published_time" content="{at}"></head>
<body><header><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav></header>
<main><article><h1>{escape(title_of(number))}</h1>{paragraphs}</article></main>
<footer>© The Local Courier</footer></body></html>"""


def home(feeds: Sequence[tuple[str, str]]) -> str:
    """A home page that names feeds: (type, address)."""
    links = "".join(
        f'<link rel="alternate" type="{kind}" href="{address}" title="News">'
        for kind, address in feeds
    )
    items = "".join(f'<li><a href="/news/{n}">{title_of(n)}</a></li>' for n in range(30))
    return f"<html><head><title>The Local Courier</title>{links}</head><body><ul>{items}</ul></body></html>"


def rss(entries: Sequence[Entry], *, version: str = "2.0", ttl: int | None = None) -> str:
    items = "".join(
        f"<item><title>{escape(e.title)}</title><link>{escape(e.url)}</link>"
        f"<description>{escape(e.teaser)}</description>"
        + ("" if version != "2.0" else
           f'<guid isPermaLink="false">{e.guid}</guid><pubDate>{format_datetime(e.at)}</pubDate>'
           + (f"<content:encoded><![CDATA[{e.html}]]></content:encoded>" if e.html else ""))
        + "</item>"
        for e in entries
    )  # fmt: skip
    wait = f"<ttl>{ttl}</ttl>" if ttl is not None else ""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="{version}" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        "<title>The Local Courier</title><link>/</link><description>News</description>"
        f"<language>en-gb</language>{wait}{items}</channel></rss>"
    )


def rdf(entries: Sequence[Entry]) -> str:
    items = "".join(
        f'<item rdf:about="{escape(e.url)}"><title>{escape(e.title)}</title><link>{escape(e.url)}</link>'
        f"<description>{escape(e.teaser)}</description><dc:date>{e.at.isoformat()}</dc:date></item>"
        for e in entries
    )
    return (
        '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        '<channel rdf:about="/"><title>The Local Courier</title><link>/</link></channel>'
        f"{items}</rdf:RDF>"
    )


def atom(entries: Sequence[Entry]) -> str:
    items = "".join(
        f'<entry><title>{escape(e.title)}</title><id>{e.guid}</id><link href="{escape(e.url)}"/>'
        f"<published>{e.at.isoformat()}</published><updated>{e.at.isoformat()}</updated>"
        f"<author><name>Ada Quill</name></author><summary>{escape(e.teaser)}</summary>"
        + (f'<content type="html">{escape(e.html)}</content>' if e.html else "")
        + "</entry>"
        for e in entries
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
        "<title>The Local Courier</title><id>courier</id><updated>2023-11-06T08:00:00Z</updated>"
        f"{items}</feed>"
    )


def json_feed(entries: Sequence[Entry]) -> str:
    items = [
        {
            "id": e.guid,
            "url": e.url,
            "title": e.title,
            "summary": e.teaser,
            "date_published": e.at.isoformat(),
            "authors": [{"name": "Ada Quill"}],
            **({"content_html": e.html} if e.html else {}),
        }
        for e in entries
    ]
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "The Local Courier",
            "items": items,
        }
    )


def news_sitemap(entries: Sequence[Entry]) -> str:
    items = "".join(
        f"<url><loc>{escape(e.url)}</loc><news:news><news:publication><news:name>The Local Courier"
        "</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>{e.at.isoformat()}</news:publication_date>"
        f"<news:title>{escape(e.title)}</news:title></news:news></url>"
        for e in entries
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{items}</urlset>'
    )


def sitemap_index(addresses: Sequence[str]) -> str:
    items = "".join(f"<sitemap><loc>{escape(each)}</loc></sitemap>" for each in addresses)
    return (
        '<?xml version="1.0" encoding="utf-8"?><sitemapindex '
        f'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{items}</sitemapindex>'
    )


KINDS = {
    "rss": rss,
    "rss091": lambda entries: rss(entries, version="0.91"),
    "rss092": lambda entries: rss(entries, version="0.92"),
    "rdf": rdf,
    "atom": atom,
    "json": json_feed,
    "sitemap": news_sitemap,
}
TYPES = {
    "rss": "application/rss+xml",
    "rss091": "text/xml",
    "rss092": "application/xml",
    "rdf": "application/rdf+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
    "sitemap": "application/xml",
}
