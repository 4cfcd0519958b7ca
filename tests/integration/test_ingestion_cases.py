"""Every small page, feed and file of ../shared/cases/ingestion, with its right value."""

from __future__ import annotations

import ast
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest

from retrieval.errors import UnreadableSource
from retrieval.extraction.feeds.items import FeedItem
from retrieval.extraction.feeds.parser import parse_feed
from retrieval.extraction.pdf import article_from_pdf
from retrieval.models import Article
from retrieval.timestamps import TimeRange
from tests.benchmarks.weekly_news import SHARED
from tests.integration.conftest import Newsdesk, lines
from tests.integration.newsroom import MODERATOR, Clock, moderator, opened
from tests.newsite import NewsSite
from tests.unit.served import read, shown

CASES = SHARED / "cases" / "ingestion"
_ADDRESS = "https://courier.example/news/ferry"
# The encodings that pages of the cases are written in, where that is not UTF-8.
_CODECS = {"e-866": "cp1251", "e-874": "cp874", "e-cp949": "cp949"}
# Written for a site at this address.
_SITE = "http://127.0.0.1:8931"

pytestmark = pytest.mark.skipif(
    not (CASES / "cases.jsonl").exists(), reason=f"the cases are not beside the project ({CASES})"
)


def _rights() -> dict[str, str]:
    if not (CASES / "cases.jsonl").exists():
        return {}
    lines = (CASES / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return {each["files"][0]: each["right"] for each in map(json.loads, lines)}


_RIGHTS = _rights()


def _named(pattern: str) -> list[str]:
    return sorted(name for name in _RIGHTS if re.fullmatch(pattern, name))


def _data(name: str) -> bytes:
    return (CASES / name).read_bytes()


def _article(name: str, url: str = _ADDRESS) -> Article:
    return read(_data(name), url)


def _items(name: str) -> tuple[FeedItem, ...]:
    return parse_feed(_data(name), url="https://courier.example/feed").items


def _paragraphs(name: str) -> list[str]:
    """What a page holds between its marks of paragraphs, as its bytes say."""
    html = _data(name).decode(_CODECS.get(name.partition(".")[0], "utf-8"), "replace")
    html = html.partition("<article>")[2].partition("</article>")[0]
    return [" ".join(unescape(line).split()) for line in re.findall(r"<p>([^<]+)</p>", html)]


@pytest.mark.parametrize("name", _named(r"a-.*"))
def test_authors(name: str) -> None:
    assert _article(name).authors == ast.literal_eval(_RIGHTS[name])


@pytest.mark.parametrize("name", _named(r"d-.*"))
def test_dates_of_pages(name: str) -> None:
    assert str(shown(_article(name).published)) == _RIGHTS[name]


@pytest.mark.parametrize("name", _named(r"f-d-.*"))
def test_dates_of_feeds(name: str) -> None:
    assert str(shown(_items(name)[0].published)) == _RIGHTS[name]


@pytest.mark.parametrize("name", _named(r"e-.*|g-nfd.*|p-lead.*"))
def test_letters_and_paragraphs(name: str) -> None:
    article = _article(name)
    wanted = [unicodedata.normalize("NFC", line) for line in _paragraphs(name)]
    assert wanted
    assert [line for line in wanted if line not in article.text] == []
    assert f"{article.title}{article.text}".count("\ufffd") <= 1


@pytest.mark.parametrize("name", _named(r"p-related.*"))
def test_pointers_to_other_articles(name: str) -> None:
    label, other = re.findall(r"<p>([^<]+)<a href=\"/x\">([^<]+)</a></p>", _data(name).decode())[0]
    text = _article(name).text
    assert label.strip() not in text
    assert other not in text
    assert all(line in text for line in _paragraphs(name))


@pytest.mark.parametrize("name", _named(r"p-title.*"))
def test_titles(name: str) -> None:
    assert _article(name).title == _RIGHTS[name]


@pytest.mark.parametrize("name", _named(r"r-.*"))
def test_what_is_no_article(name: str) -> None:
    codes = {"r-captcha": "robot-check", "r-cookie": "consent-page", "r-wall": "paywall"}
    with pytest.raises(UnreadableSource) as refused:
        _article(name)
    assert refused.value.code == codes["-".join(name.split("-")[:2])]


def _address_by_number() -> bool:
    return _article("c-idslug.html", "https://courier.example/123456").url == _RIGHTS["c-idslug.html"]  # fmt: skip


def _a_text_of_json_ld() -> bool:
    found = [_article(name).text.split("\n") for name in ("g-jsonbody.html", "g-jsonbody-nl.html")]
    return all(len([line for line in lines if line]) == 6 for lines in found)


def _letters_without_strokes() -> bool:
    article = _article("g-tatweel.html")
    text = f"{article.title}{article.text}"
    return "\u0640" not in text and unicodedata.normalize("NFKC", text) == text


def _boxes_go() -> bool:
    text = _article("z-boxes.html").text
    gone = ("热门新闻", "公园计划", "火车票", "图书馆")
    return len(text) > 190 and not any(words in text for words in gone)


_OTHERS: dict[str, Callable[[], bool]] = {
    "c-idslug.html": _address_by_number,
    "f-478b.xml": lambda: (_items("f-478b.xml")[0].title or "").startswith("找到正数的"),
    "f-atom-title-text.xml": lambda: _items("f-atom-title-text.xml")[0].title == "Use <b> when 3 < 5",
    "f-content-dup.xml": lambda: _items("f-content-dup.xml")[0].text.endswith("rebuild the ramp altogether."),
    "f-linkdup-frag.xml": lambda: len({item.key for item in _items("f-linkdup-frag.xml")}) == 3,
    "f-one-bad-byte.xml": lambda: [item.title for item in _items("f-one-bad-byte.xml")] == ["Порт закрыт", "Te\ufffdxt"],
    "f-t-lt2.xml": lambda: _items("f-t-lt2.xml")[0].title == _RIGHTS["f-t-lt2.xml"],
    "g-jsonbody-nl.html": _a_text_of_json_ld,
    "g-jsonbody.html": _a_text_of_json_ld,
    "g-tatweel.html": _letters_without_strokes,
    "l-feed-lang.xml": lambda: _items("l-feed-lang.xml")[0].language == "de",
    "m-prefix.xml": lambda: _items("m-prefix.xml")[0].title == "Hafen & Fähre",
    "p-softhyphen.html": lambda: "\u00ad" not in _article("p-softhyphen.html").title + _article("p-softhyphen.html").text,
    "s-host.html": lambda: _article("s-host.html").source == "courier.example",
    "z-boxes.html": _boxes_go,
    "z-brief-ja.html": lambda: _article("z-brief-ja.html").language == "ja",
    "z-feed-full.xml": lambda: _items("z-feed-full.xml")[0].is_full,
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(_OTHERS))
def test_other_pages_and_feeds(name: str) -> None:
    assert _OTHERS[name]()


def test_hyphens_and_columns_of_pdfs() -> None:
    words = article_from_pdf(_data("pdf-hyph.pdf"), None).text
    assert all(word in words for word in _RIGHTS["pdf-hyph.pdf"].split(", "))
    first, _, second = article_from_pdf(_data("pdf-rows.pdf"), None).text.partition("SECOND ")
    assert "rebuild the ramp altogether." in first
    assert first.count("SECOND") == 0
    assert second.endswith("two pillars by the end of the month,")


# Sites


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


def _serve(site: NewsSite, path: str, feed: bytes) -> None:
    site.serve(path, feed.replace(_SITE.encode(), site.url().encode()), "application/rss+xml")


async def test_a_page_that_leads_on(tmp_path: Path, site: NewsSite) -> None:
    site.serve("/page.html", _data("n-metarefresh.html"))
    site.serve("/real.html", _data("p-lead-intro.html"))
    async with opened(tmp_path, site) as room:
        incoming = await room.pages.article(site.url("/page.html"))
        assert incoming.article is not None
        assert incoming.article.url == site.url("/real.html")


async def test_an_item_dated_in_tokyo(tmp_path: Path, site: NewsSite) -> None:
    item = _items("n-future-jst.xml")[0]
    assert item.published is not None
    now = item.published.start + timedelta(minutes=30)
    _serve(site, "/feed", _data("n-future-jst.xml"))
    site.serve("/fire.html", _data("p-lead-intro.html"))
    async with opened(tmp_path, site, Clock(now)) as room:
        await room.feeds.visit(await room.feeds.add(site.url("/feed"), "local", MODERATOR))
        found = await room.library.search("ferry terminal", TimeRange(now), corpus="local", limit=5)
        assert found.hits[0].passage.article.title == item.title


async def test_a_feed_of_1970(tmp_path: Path, site: NewsSite) -> None:
    whole = _data("n-epoch0.xml").decode()
    newest = re.findall(r"<item>.*?</item>", whole, re.DOTALL)[0]
    for page in ("/e0.html", "/e1.html"):
        body = _data("p-lead-intro.html").replace(b"Lindqvist", f"Lindqvist {page}".encode())
        site.serve(page, body)
    _serve(site, "/feed", whole.replace(newest, "").encode())
    clock = Clock(datetime(2026, 11, 25, tzinfo=UTC))
    async with opened(tmp_path, site, clock) as room:
        await room.feeds.visit(await room.feeds.add(site.url("/feed"), "local", MODERATOR))
        _serve(site, "/feed", whole.encode())
        clock.advance(hours=2)
        visit = await room.feeds.visit((await room.feeds.feeds("local"))[0])
        assert [each.verdict for each in visit.judged] == ["new", "seen"]
        assert visit.counts == {"indexed": 1}


async def test_a_title_cut_within_a_letter(tmp_path: Path, site: NewsSite) -> None:
    clock = Clock(datetime(2026, 11, 25, tzinfo=UTC))
    _serve(site, "/feed", _data("n-badbyte-feed.v1.xml"))
    site.serve("/q2.html", _data("p-lead-intro.html"))
    async with opened(tmp_path, site, clock) as room:
        await room.feeds.visit(await room.feeds.add(site.url("/feed"), "local", MODERATOR))
        desk = await moderator(room)
        _, before = await desk.articles.show(site.url("/ru1.html"))
        _serve(site, "/feed", _data("n-badbyte-feed.v2.xml"))
        clock.advance(hours=2)
        await room.feeds.visit((await room.feeds.feeds("local"))[0])
        _, after = await desk.articles.show(site.url("/ru1.html"))
        assert after == before
        titles = [card.title for card in await desk.articles.find("")]
        assert [title.count("\ufffd") for title in sorted(titles, key=lambda t: "\ufffd" in t)] == [0, 1]  # fmt: skip


# Questions


def _asked(newsdesk: Newsdesk, file: str, questions: list[str], folder: Path) -> list[str]:
    """The first cited address of each answer, with the answer."""
    assert newsdesk("ingest", str(CASES / file)).returncode == 0
    batch = folder / "questions.jsonl"
    batch.write_text("".join(json.dumps({"question": q}) + "\n" for q in questions))
    answers = lines(newsdesk("ask", "--batch", str(batch), "--json").stdout)
    return [f"{each['citations'][:1]} {each['answer']}" for each in answers]


def test_questions_in_japanese(newsdesk: Newsdesk, tmp_path: Path) -> None:
    told = (CASES / "ml-ja.questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [json.loads(line) for line in told][::6]
    found = _asked(newsdesk, "ml-ja.jsonl", [each["question"] for each in asked], tmp_path)
    wrong = [
        each["question"]
        for each, answer in zip(asked, found, strict=True)
        if f"/{each['id']}'" not in answer or str(each["n"]) not in answer
    ]
    assert wrong == []


def test_a_question_about_a_town_with_a_dotted_i(newsdesk: Newsdesk, tmp_path: Path) -> None:
    (found,) = _asked(newsdesk, "tr-dotted-i.jsonl", ["izmir'deki köprü kaç metre?"], tmp_path)
    assert "742 metre" in found
    assert "/izmir'" in found


def test_every_case_has_a_test() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    by_pattern = set(_named(r"a-.*|d-.*|f-d-.*|e-.*|g-nfd.*|p-lead.*|p-related.*|p-title.*|r-.*"))
    assert {name for name in _RIGHTS if name not in by_pattern and f'"{name}"' not in here} == set()
