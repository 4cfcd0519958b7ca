"""Pages and PDFs on their way to articles: what they are, what is taken, and what can't hurt."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.errors import Note, UnreadableSource
from retrieval.extraction import extract_article
from retrieval.extraction.process_pool import Extractor
from retrieval.extraction.worker_process import ExtractionJob
from retrieval.ingestion.readers import read_sources
from retrieval.ingestion.readers.url import read_address
from retrieval.models import Article
from retrieval.timestamps import written
from tests.benchmarks import pages as real_pages
from tests.integration.conftest import Newsdesk, lines
from tests.integration.documents import bomb, encrypted, pdf
from tests.integration.hostile_site import ARTICLE, fetcher, page, raw

URL = "https://news.example/2026/harbour-plan"
_PARAGRAPH = "The council of Maravel approved the plan for the harbour on Tuesday evening after a long debate."


@pytest.fixture(scope="module")
def extractor() -> Iterator[Extractor]:
    with Extractor(2) as running:
        yield running


def _rejected(html: str, url: str | None = URL, **options: object) -> str:
    with pytest.raises(UnreadableSource) as refused:
        extract_article(html, url, **options)  # type: ignore[arg-type]
    return refused.value.code


# What is taken


def test_only_the_article_is_taken_out_of_a_page() -> None:
    body = f"""
      <h2 class="sub-headline">What the vote means for the town and its people in the coming years</h2>
      <div class="byline">By Eva Lund</div><time datetime="2026-11-03T10:00:00Z">Nov 3</time>
      {ARTICLE}
      <figure><img src="x.jpg"><figcaption>The harbour at dawn. Photo: A. Nother</figcaption></figure>
      <p><a href="/other">MAYOR OPENS NEW LIBRARY IN THE OLD TOWN</a></p>
      <p>Related: <a href="/third">Why the ferry is late again</a></p>
      <div class="Newsletter-box"><p>Get the day's big stories in your inbox every morning, free of charge.</p></div>
      <p>Sign up here for our weekly newsletter about harbours.</p>
      <p>The last word belonged to the fishermen, who had waited for it since the spring of last year.</p>
      <p>(Reporting by Eva Lund; editing by Tom Holm)</p>
      <div class="related-stories"><h3>More stories</h3><ul><li><a href="/a">A ferry sank in the north of the country on Monday</a></li></ul></div>
      <section id="comments"><p>I think that the mayor is wrong about this, and I have said so many times before.</p></section>"""
    html = page(body, '<meta property="og:site_name" content="Harbour Post"><meta name="author" content="Eva Lund">')  # fmt: skip
    article = extract_article(html, URL)
    paragraphs = article.text.split("\n")
    assert len(paragraphs) == 6
    assert paragraphs[0].startswith("The council of Maravel approved the first part")
    assert paragraphs[-1].startswith("The last word belonged to the fishermen")
    assert (article.title, article.source, article.authors) == ("Harbour plan approved", "Harbour Post", ("Eva Lund",))  # fmt: skip


def test_what_the_page_says_of_itself_is_believed_where_it_can_be() -> None:
    said = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "Harbour Post"},
            {"@type": "NewsArticle", "headline": "Harbour plan approved", "datePublished": "2026-11-03T10:00:00+01:00",
             "dateModified": "2026-11-04T08:00:00Z", "author": [{"@type": "Person", "name": "Eva Lund"}, {"@type": "Person", "name": "Tom Holm"}],
             "publisher": {"@type": "Organization", "name": "Harbour Post"}},
        ],
    }  # fmt: skip
    head = f'<link rel="canonical" href="/2026/harbour-plan"><script type="application/ld+json">{json.dumps(said)}</script>'
    article = extract_article(page(head=head), URL + "?cmpid=mail")
    assert article.published
    assert article.updated
    assert written(article.published) == "2026-11-03T09:00:00Z"
    assert written(article.updated) == "2026-11-04T08:00:00Z"
    assert article.authors == ("Eva Lund", "Tom Holm")
    assert (article.url, article.source, article.language) == (URL, "Harbour Post", "en")


def test_a_canonical_address_of_another_site_or_article_is_not_believed() -> None:
    for other in ("https://other.example/2026/harbour-plan", "/2026/another-article", "/"):
        head = f'<link rel="canonical" href="{other}">'
        assert extract_article(page(head=head), URL).url == URL


def test_a_body_that_only_the_structured_data_hold_is_taken() -> None:
    text = "\n\n".join(f"{_PARAGRAPH} It was vote number {n}." for n in range(8))
    said = {"@type": "NewsArticle", "headline": "Harbour plan approved", "articleBody": text}
    html = page("<div id=app></div>", f'<script type="application/ld+json">{json.dumps(said)}</script>')  # fmt: skip
    assert "vote number 7" in extract_article(html, URL).text


@pytest.mark.skipif(
    not real_pages.PAGES.is_dir(), reason=f"the public pages are not in {real_pages.PAGES}"
)
def test_real_pages_give_what_people_marked_in_them() -> None:
    scores = [
        real_pages.score(extract_article(content.decode(), url, teasers=True).text, wanted)
        for _, content, url, wanted in real_pages.load()
    ]
    precision, recall = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    assert real_pages.f1(precision, recall) >= 0.98
    assert min(real_pages.f1(*pair) for pair in scores) >= 0.5


# What a page is

_LINKS = "".join(
    f'<div class="card"><h3><a href="/2026/story-{n}">The story number {n} of this long day</a></h3>'
    f"<p>In the town of Maravel something has happened that is worth telling in one sentence, number {n}.</p></div>"
    for n in range(20)
)
_COOKIES = (
    "<p>We and our partners store and/or access information on a device, such as cookies, and process personal data.</p>"
    "<p>You can Accept all or Reject all, or Manage settings. Personalised ads depend on it. See our cookie policy for more.</p>"
)


@pytest.mark.parametrize(
    ("html", "url", "reason"),
    [
        pytest.param(page(_LINKS, title="Harbour Post"), "https://news.example/", "front-page", id="a front page"),
        pytest.param(page(_LINKS, title="Harbour Post"), "https://news.example/en/", "front-page", id="a front page in English"),
        pytest.param(page(_LINKS, title="Politics"), "https://news.example/politics", "listing-page", id="a section"),
        pytest.param(page(_LINKS, title="Ferries"), "https://news.example/tag/ferries", "listing-page", id="a tag"),
        pytest.param(page("<p>Watch how the harbour is built.</p><video></video>", '<meta property="og:type" content="video.other">'), URL, "video-page", id="a video"),
        pytest.param(page("<video></video><p>Short.</p>", title="Harbour clip"), "https://news.example/video/harbour", "video-page", id="a video by its address"),
        pytest.param(page(_COOKIES, title="Before you continue to Harbour Post"), URL, "consent-page", id="a consent page"),
        pytest.param(page("<form><input name=u><input type=password></form><p>Log in to Harbour Post with your account to go on.</p>", title="Log in"), URL, "login-page", id="a login page"),
        pytest.param(page("<p>Sorry, the page you are looking for has moved or never was. Try the search or our front page.</p>", title="Page not found"), URL, "page-not-found", id="a soft 404"),
        pytest.param(page("<p>Leider.</p>", title="Seite nicht gefunden"), URL, "page-not-found", id="a German soft 404"),
        pytest.param(page("<p>Please enable JavaScript and cookies to continue.</p>", title="Just a moment..."), URL, "robot-check", id="a robot check"),
        pytest.param(page(f"<p>{_PARAGRAPH} {_PARAGRAPH} {_PARAGRAPH}</p><p>Subscribe to continue reading</p>"), URL, "paywall", id="a paywall in words"),
        pytest.param(page(f"<p>{_PARAGRAPH} {_PARAGRAPH} {_PARAGRAPH}</p>", '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":"False"}</script>'), URL, "paywall", id="a paywall in data"),
        pytest.param(page("<p>Hello.</p>"), URL, "no-article-text", id="hardly anything"),
        pytest.param("just words", URL, "not-html", id="no page"),
    ],
)  # fmt: skip
def test_what_is_no_article_is_rejected_by_what_it_is(html: str, url: str, reason: str) -> None:
    assert _rejected(html, url) == reason


@pytest.mark.parametrize(
    ("body", "head", "title", "url"),
    [
        (ARTICLE, "", "How a page that was not found changed the web", URL),
        (ARTICLE + "<p>Subscribe to continue reading our newsletters.</p>" + ARTICLE.replace("harbour", "bridge"), "", "Harbour plan approved", URL),
        (ARTICLE + _COOKIES, "", "Cookie banners and their partners", URL),
        (ARTICLE + "<form><input type=password></form>", "", "Log in and pay: the new tax portal of the council", URL),
        (ARTICLE + "<video></video>", '<meta property="og:type" content="video.other">', "Harbour plan approved", URL),
        (ARTICLE, "", "Harbour plan approved", "https://news.example/"),
        (ARTICLE + f"<aside>{_LINKS}</aside>", "", "Harbour plan approved", URL),
        (ARTICLE, '<meta property="article:content_tier" content="metered">', "Harbour plan approved", URL),
    ],
)  # fmt: skip
def test_an_article_that_resembles_something_else_is_taken(
    body: str, head: str, title: str, url: str
) -> None:
    assert "Anna Berg" in extract_article(page(body, head, title), url).text


def test_who_asks_to_see_a_page_is_shown_the_beginning_before_its_paywall() -> None:
    html = page(f"<p>{_PARAGRAPH} {_PARAGRAPH} {_PARAGRAPH}</p><p>Subscribe to continue reading</p>")  # fmt: skip
    assert extract_article(html, URL, teasers=True).text.startswith(_PARAGRAPH)


# Licences


@pytest.mark.parametrize(
    ("head", "headers", "reason"),
    [
        ('<meta name="robots" content="index, NOAI, noimageai">', {}, "noai"),
        ("", {"x-robots-tag": "noindex, noai"}, "noai"),
        ("", {"x-robots-tag": "otherbot: noindex, newsdesk: noai"}, "noai"),
        ('<meta name="tdm-reservation" content="1">', {}, "tdm-reservation"),
        ("", {"tdm-reservation": "1"}, "tdm-reservation"),
    ],
)
def test_a_publisher_who_reserves_his_text_is_heard_unless_the_setting_says_no(
    head: str, headers: dict[str, str], reason: str
) -> None:
    assert _rejected(page(head=head), headers=headers) == reason
    assert extract_article(page(head=head), URL, headers=headers, respect_noai=False).text


@pytest.mark.parametrize(
    ("head", "headers"),
    [
        ('<meta name="robots" content="index, noimageai, max-image-preview:large">', {}),
        ("", {"x-robots-tag": "otherbot: noai"}),
        ("", {"tdm-reservation": "0"}),
    ],
)
def test_words_to_others_and_about_pictures_keep_no_text_back(
    head: str, headers: dict[str, str]
) -> None:
    assert extract_article(page(head=head), URL, headers=headers).text


async def test_the_setting_and_the_answers_headers_reach_the_page_that_is_fetched(
    extractor: Extractor,
) -> None:
    body = page().encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTDM-Reservation: 1\r\nContent-Length: {len(body)}\r\n\r\n"
    async with raw([head.encode() + body]) as port, fetcher(port) as client:
        url = f"http://127.0.0.1:{port}/story"
        [refused] = await read_address(url, client, extractor)
        assert refused.reason == Note("tdm-reservation")
        [taken] = await read_address(url, client, extractor, respect_noai=False)
        assert taken.article
        assert taken.article.url == url


async def test_credentials_in_an_address_are_not_repeated(extractor: Extractor) -> None:
    async with fetcher(1) as client:
        [refused] = await read_address("https://eva:hunter2@news.example/x", client, extractor)
    assert refused.reason == Note("url-has-credentials")
    assert "hunter2" not in repr(refused)


# PDFs

_REPORT = [
    ["Harbour Authority Report 1", "The harbour of Maravel will be deep-", "ened by four metres (see the plan), the council de-",
     "cided on Tuesday. The works cost twenty million crowns.", "They begin in May and take two years, said Anna Berg.", "1"],
    ["Harbour Authority Report 2", "Fishermen had asked for it since the spring of last year,", "when the Anglo-", "Saxon pier was closed for repairs and never reopened.", "2"],
    ["Harbour Authority Report 3", "The ferry to the islands keeps its old timetable until then.", "3"],
]  # fmt: skip


async def test_a_pdf_is_read_without_its_furniture(extractor: Extractor) -> None:
    data = pdf(_REPORT, Title="Deeper harbour for Maravel", Author="Eva Lund", CreationDate="D:20261103100000+01'00'")  # fmt: skip
    article = await extractor.extract(ExtractionJob("pdf", "https://news.example/report.pdf"), data)
    assert (article.title, article.authors, article.source) == ("Deeper harbour for Maravel", ("Eva Lund",), "news.example")  # fmt: skip
    assert article.published
    assert written(article.published) == "2026-11-03T09:00:00Z"
    assert "will be deepened by four metres (see the plan), the council decided on" in article.text
    assert "Anglo-Saxon pier" in article.text
    assert "Harbour Authority" not in article.text
    assert not any(line.strip() in {"1", "2", "3"} for line in article.text.split("\n"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(encrypted(pdf(_REPORT), "secret"), "pdf-encrypted", id="encrypted"),
        pytest.param(pdf([[], []]), "pdf-blank", id="blank pages"),
        pytest.param(pdf(_REPORT)[:300], "pdf-damaged", id="cut"),
        pytest.param(b"%PDF-1.7", "pdf-damaged", id="nothing in it"),
        pytest.param(bomb(), "pdf-blank", id="a bomb"),
    ],
)
async def test_a_pdf_that_holds_no_text_says_why(
    extractor: Extractor, data: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableSource, match=reason):
        await extractor.extract(ExtractionJob("pdf"), data)


def test_the_command_takes_pages_and_pdfs_side_by_side_and_tells_of_each(
    newsdesk: Newsdesk, tmp_path: Path
) -> None:
    (tmp_path / "report.pdf").write_bytes(pdf(_REPORT, Title="Deeper harbour for Maravel"))
    (tmp_path / "story.html.gz").write_bytes(gzip.compress(page().encode()))
    (tmp_path / "lost.html").write_text(page("<p>Gone.</p>", title="Page not found"))
    done = newsdesk("ingest", "report.pdf", "lost.html", "story.html.gz", "--json")
    results = lines(done.stdout)
    assert [each["status"] for each in results] == ["indexed", "rejected", "indexed"]
    assert [each["source"] for each in results] == ["report.pdf", "lost.html", "story.html.gz"]
    assert "there is nothing at this address" in results[1]["reason"]
    shown = lines(newsdesk("extract", "report.pdf", "--json").stdout)[0]
    assert shown["title"] == "Deeper harbour for Maravel"
    assert set(shown) == {"title", "source", "authors", "published_at", "language", "text"}


# What can't hurt


async def test_a_process_that_hangs_is_ended_and_the_next_page_is_read() -> None:
    with Extractor(1) as extractor:
        assert (await extractor.extract(ExtractionJob("page", URL), page().encode())).text
        extractor._seconds = 0.001
        with pytest.raises(UnreadableSource, match="page-timeout"):
            await extractor.extract(ExtractionJob("page", URL), page(ARTICLE * 500).encode())
        extractor._seconds = None
        assert (await extractor.extract(ExtractionJob("page", URL), page().encode())).text


async def test_pages_that_are_nested_absurdly_or_never_close_stop_nobody(
    extractor: Extractor,
) -> None:
    absurd = [
        b"<div>" * 300_000 + b"deep", b"<b><i>" * 200_000, b"<table><tr><td>" * 60_000, b"<ul><li>" * 100_000 + b"x" * 400,
        b"<!--" * 300_000, b"<p " + b"a=1 " * 300_000, b"<a href='" * 100_000, b"&amp;" * 400_000, b"<script>" + b"x" * 2_000_000,
        page(head='<script type="application/ld+json">' + "[" * 200_000 + "</script>").encode(),
        page(head='<script type="application/ld+json">' + '{"a":' * 100_000 + "</script>").encode(),
        ("<p>" + "a" * 2_000_000).encode(), ("<p>" + "By " * 300_000).encode(), page("<p>" + "read more: " * 100_000).encode(),
    ]  # fmt: skip
    outcomes = await asyncio.gather(
        *(extractor.extract(ExtractionJob("page", URL), data) for data in absurd),
        return_exceptions=True,
    )
    assert all(isinstance(each, Article | UnreadableSource) for each in outcomes)
    assert (await extractor.extract(ExtractionJob("page", URL), page().encode())).text


def test_nothing_starts_before_the_first_page_and_nothing_is_left_after_the_last(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"title": "A", "text": "B"}))
    (tmp_path / "a.html").write_text(page())
    with Extractor(1) as extractor:
        assert [each.article for each in read_sources([tmp_path / "a.jsonl"], 1_000_000, extractor)]
        assert not extractor._all
        assert all(
            each.article for each in read_sources([tmp_path / "a.html"], 1_000_000, extractor)
        )
        [child] = extractor._all
    assert child._process.poll() is not None


def test_the_processes_see_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hidden")
    with Extractor(1) as extractor:
        extractor.submit(ExtractionJob("page", URL), page().encode()).result()
        [child] = extractor._all
        environment = Path(f"/proc/{child._process.pid}/environ")
        if not environment.exists():
            pytest.skip("this system does not show the environment of processes")
        assert b"sk-hidden" not in environment.read_bytes()
    assert os.environ["OPENAI_API_KEY"] == "sk-hidden"


async def test_500_damaged_pages_are_articles_or_reasons(extractor: Extractor) -> None:
    draw = random.Random(20261124)
    whole = [page().encode(), page(_LINKS).encode(), page(ARTICLE + _COOKIES, "<meta charset=utf-8>").encode()]  # fmt: skip
    if real_pages.PAGES.is_dir():
        whole += [content for _, content, _, _ in real_pages.load() if len(content) < 70_000]
    damaged = [_damaged(draw.choice(whole), draw) for _ in range(500)]
    outcomes = await asyncio.gather(
        *(extractor.extract(ExtractionJob("page", URL, charset=draw.choice([None, "utf-8", "latin-1", "utf-16", "nonsense"])), data) for data in damaged),
        return_exceptions=True,
    )  # fmt: skip
    for outcome in outcomes:
        assert isinstance(outcome, Article | UnreadableSource), outcome
        if isinstance(outcome, Article):
            assert outcome.title.strip()
            assert outcome.text.strip()
        else:
            assert outcome.code not in ("page-timeout", "page-malformed")  # no process died of one
    assert sum(isinstance(outcome, Article) for outcome in outcomes) > 100


_SNIPPETS = [
    b"<", b">", b"</", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"\x00", b"\xff\xfe", b"&#0;", b"&#x110000;", b"&", b"'", b'"', b"<script>", b"</script>", b"<style>",
    b"<table>", b"<td>", b"<form>", b"<noscript>", b"<svg><math>", b"<p" + b" class=related" * 50 + b">", b"<div>" * 3_000, b"</div>" * 3_000, b"<html>", b"</body>",
    b"<base href='javascript:x'>", b"<meta charset=utf-7>", b"<meta http-equiv=refresh content='0;url=file:///etc/passwd'>", b"<h1></h1>", b"<article></article>",
    b"<script type='application/ld+json'>{\"@type\":[\"NewsArticle\",7],\"headline\":{\"a\":1},\"author\":[null,[[]],{\"name\":{}}],\"datePublished\":1e999,\"articleBody\":[1]}</script>",
    b"<time datetime='0000-99-99T99:99:99+99:99'>", b"<meta property='article:published_time' content='999999999-01-01'>", b"<link rel=canonical href='http://[::1'>",
    "‮\u0000￿é".encode(), b"\xf0\x9f\x92", b"<html lang='" + b"x" * 1_000 + b"'>", b"<p>" + b"a" * 50_000,
]  # fmt: skip


def _damaged(data: bytes, draw: random.Random) -> bytes:
    for _ in range(draw.randint(1, 6)):
        start = draw.randrange(len(data) + 1)
        end = min(len(data), start + draw.choice([1, 10, 300, 5_000]))
        match draw.randrange(6):
            case 0:
                data = data[:start] + data[end:]
            case 1:
                data = data[:start] + data[start:end] * draw.randint(2, 20) + data[end:]
            case 2:
                data = data[:start] + draw.choice(_SNIPPETS) * draw.choice([1, 1, 1, 20]) + data[start:]  # fmt: skip
            case 3:
                data = data[:start] + draw.randbytes(end - start) + data[end:]
            case 4:
                other = draw.randrange(len(data) + 1)
                data = data[:start] + data[other : other + 2_000] + data[start:]
            case _:
                data = data[: max(200, start)] if draw.random() < 0.3 else data.replace(b">", draw.choice(_SNIPPETS), 3)  # fmt: skip
    return data[:2_000_000]
