"""OPML files of feeds of the site, some of them broken."""

from __future__ import annotations

from tests.newsite import documents
from tests.newsite.site import NewsSite, Served


def feed_list(site: NewsSite, count: int) -> bytes:
    """An OPML file of feeds, of which every third is broken in one of six ways."""
    outlines = []
    for number in range(count):
        path = f"/feeds/{number}"
        text = documents.rss([documents.entry(site.url(), number, full=True)]).encode()
        broken: dict[int, Served] = {
            0: Served(b"", "text/html", status=404),
            1: Served(documents.page(1).encode(), "text/html"),
            2: Served(text[:60], "application/rss+xml"),
            3: Served(b"", "text/html", status=500),
            4: Served(b"\x89PNG\r\n", "image/png"),
            5: Served(b"{}", "application/json"),
        }
        served = broken[number // 3 % 6] if number % 3 == 0 else Served(text, "application/rss+xml")
        site.serve(path, served.body, served.content_type, status=served.status)
        outlines.append(f'<outline type="rss" text="Feed {number}" xmlUrl="{site.url(path)}"/>')
    twice = f'<outline text="Again"><outline text="x" xmlUrl="{site.url("/feeds/1")}"/></outline>'
    return (
        '<?xml version="1.0" encoding="utf-8"?><opml version="1.0"><head><title>Mine</title></head><body>'
        f'<outline text="Folder">{"".join(outlines)}</outline>{twice}</body></opml>'
    ).encode()
