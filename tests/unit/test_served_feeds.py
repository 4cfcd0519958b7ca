"""Feeds as publishers serve them."""

from __future__ import annotations

import gzip

import pytest

from retrieval.extraction.feeds.parser import parse_feed
from retrieval.feeds.item_filter import FeedFilters
from tests.newsite import documents
from tests.unit.served import LANGUAGES, item, items, paragraphs, rss

_APPEARED = {
    "en": 'The post <a href="x">Mill</a> appeared first on <a href="y">Post</a>.',
    "de": 'Der Beitrag <a href="x">Mühle</a> erschien zuerst auf <a href="y">Post</a>.',
    "fr": 'L’article <a href="x">Moulin</a> est apparu en premier sur <a href="y">Post</a>.',
    "es": 'La entrada <a href="x">Molino</a> apareció primero en <a href="y">Post</a>.',
    "it": 'L’articolo <a href="x">Mulino</a> proviene da <a href="y">Post</a>.',
    "pt": 'O post <a href="x">Moinho</a> apareceu primeiro em <a href="y">Post</a>.',
    "nl": 'Het bericht <a href="x">Molen</a> verscheen eerst op <a href="y">Post</a>.',
    "ru": 'Сообщение <a href="x">Мельница</a> появились сначала на <a href="y">Post</a>.',
}


def _content(tag: str, more: str = "") -> str:
    text = "".join(f"<p>{line}</p>" for line in paragraphs(tag) * 2)
    return f"<content:encoded><![CDATA[{text}{more}]]></content:encoded>"


@pytest.mark.parametrize("tag", _APPEARED)
def test_what_blog_engines_add_is_no_part_of_an_item(tag: str) -> None:
    (found,) = items(rss(item(more=_content(tag, f"<p>{_APPEARED[tag]}</p>"))))
    assert found.is_full
    assert found.text.endswith(paragraphs(tag)[-1])


@pytest.mark.parametrize("tag", LANGUAGES)
def test_full_texts_lose_pointers_and_notes(tag: str) -> None:
    of = LANGUAGES[tag]
    pointer = f'<p>{of["read_also"]}<a href="/x">{of["brief"][0][:40]}</a></p>'
    (found,) = items(rss(item(more=_content(tag, pointer))))
    assert found.is_full
    assert of["read_also"].strip() not in found.text


@pytest.mark.parametrize("tag", ["zh", "ja"])
def test_a_short_text_in_dense_script_is_a_whole_one(tag: str) -> None:
    assert items(rss(item(more=_content(tag))))[0].is_full


@pytest.mark.parametrize(
    ("end", "whole"),
    [("Weiterlesen", False), ("[…]", False), ("Lire la suite »", False), ("Читать далее", False), ("続きを読む", False), ("اقرأ المزيد", False), ("Sie will mehr.", True)],
)  # fmt: skip
def test_a_text_that_breaks_off_is_a_teaser(end: str, whole: bool) -> None:
    assert items(rss(item(more=_content("de", f"<p>{end}</p>"))))[0].is_full is whole


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Intent to ship: &lt;a&gt; as &lt;area&gt; in maps", "Intent to ship: <a> as <area> in maps"),
        ("Use &lt;b&gt; when 3 &lt; 5", "Use <b> when 3 < 5"),
        ("AT&amp;amp;T &amp;amp; Co", "AT&T & Co"),
        ("AT&amp;T &amp; Co", "AT&T & Co"),
        ("The &lt;i&gt;Vasa&lt;/i&gt; sails &lt;b&gt;again&lt;/b&gt;", "The Vasa sails again"),
        ("<![CDATA[Caf&eacute; <em>Süd</em> <br/>öffnet]]>", "Café Süd öffnet"),
        ("Übersicht &amp;#8211; Teil 2", "Übersicht – Teil 2"),
        ("Wenn x &lt; y: Mathe für alle", "Wenn x < y: Mathe für alle"),
        ("Ге­рой &amp;laquo;дня&amp;raquo;", "Герой «дня»"),
    ],
)  # fmt: skip
def test_titles_are_what_readers_see(written: str, shown: str) -> None:
    assert items(rss(item(written)))[0].title == shown


@pytest.mark.parametrize(
    ("kind", "written", "shown"),
    [("text", "Use &lt;b&gt; when 3 &lt; 5", "Use <b> when 3 < 5"), ("html", "Use &lt;b&gt;bold&lt;/b&gt;", "Use bold"), ("text", "&lt;p&gt; ist ein Element", "<p> ist ein Element"), ("html", "Q&amp;amp;A", "Q&A"), ("text", "&lt;b&gt;fett&lt;/b&gt;", "<b>fett</b>")],
)  # fmt: skip
def test_atom_says_whether_a_title_holds_markup(kind: str, written: str, shown: str) -> None:
    feed = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry>'
        f'<title type="{kind}">{written}</title><link href="https://varsundpost.example/n/1"/><id>u:1</id>'
        "<updated>2026-11-24T08:00:00Z</updated></entry></feed>"
    )
    assert items(feed)[0].title == shown


def test_entries_of_a_live_page_are_different_items() -> None:
    links = [f"https://varsundpost.example/live#p{n}" for n in range(3)]
    found = items(rss(*(item(f"Entry {n}", link=link) for n, link in enumerate(links))))
    assert len({each.key for each in found}) == 3
    guids = [item("T", more=f'<guid isPermaLink="false">{n}</guid>') for n in range(4)]
    assert len({each.key for each in items(rss(*guids))}) == 4
    assert len({each.key for each in items(rss(item(), item()))}) == 1


def test_a_shared_fragment_does_not_change_what_one_item_is() -> None:
    (alone,) = items(rss(item(link="https://varsundpost.example/n/1#comments")))
    (plain,) = items(rss(item()))
    assert alone.key == plain.key


@pytest.mark.parametrize("noise", ["<!-- " + "x" * 20_000 + " -->", "<!-- a --><!-- b -->\n", "<?xml-stylesheet href='a.xsl'?>", "\n\n  ", "<!DOCTYPE x>"])  # fmt: skip
def test_what_stands_before_the_root_does_no_harm(noise: str) -> None:
    sitemap = documents.news_sitemap(documents.entries(2) if hasattr(documents, "entries") else [])
    declaration, _, rest = sitemap.partition("?>")
    assert parse_feed(f"{declaration}?>{noise}{rest}".encode()).kind == "sitemap"
    assert len(items(rss(noise if noise.startswith("<!-- a") else "", item()))) == 1


def test_packed_feeds_are_unpacked() -> None:
    assert items(gzip.compress(rss(item()).encode()))[0].title == "Mill becomes a library"


@pytest.mark.parametrize(
    ("link", "right"),
    [(" https://varsundpost.example/a b ", "https://varsundpost.example/a%20b"), ("\n   https://varsundpost.example/n/\n   1\n", "https://varsundpost.example/n/1"), ("/n/2", "https://varsundpost.example/n/2")],
)  # fmt: skip
def test_blanks_in_links(link: str, right: str) -> None:
    assert items(rss(item(link=link)))[0].url == right


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_text_tells_its_language_not_the_template(tag: str) -> None:
    (found,) = items(rss(item(more=_content(tag)), channel="<language>en-us</language>"))
    assert found.language == tag


@pytest.mark.parametrize(
    ("title", "declared", "language"),
    [
        ("Mühle wird Bibliothek", "de", "de"),
        ("Final 3:1", "tr-TR", "tr"),
        ("Мельница станет библиотекой", "bg", "bg"),
        ("磨坊变成图书馆", "en-us", "zh"),
    ],
)
def test_of_a_few_words_the_feed_tells_the_language_unless_they_are_in_other_letters(
    title: str, declared: str, language: str
) -> None:
    entry = f"<item><title>{title}</title><link>https://varsundpost.example/n/7</link></item>"
    (found,) = items(rss(entry, channel=f"<language>{declared}</language>"))
    assert found.language == language


def test_descriptions_of_media_are_texts() -> None:
    more = (
        f"<media:group><media:description>{paragraphs('de')[0]}</media:description></media:group>"
    )
    feed = rss(
        f"<item><title>Video</title><link>https://varsundpost.example/v/1</link>{more}</item>"
    )
    assert items(feed)[0].text == paragraphs("de")[0]


def test_filters_go_by_words_language_and_category() -> None:
    sport = item(
        "Final heute",
        link="https://varsundpost.example/sport/1",
        more="<category>Politik</category>",
    )
    (found,) = items(rss(sport, channel="<language>de</language>"))
    assert FeedFilters(languages=("de",)).rejection(found) is None
    assert FeedFilters(languages=("en", "fr")).rejection(found) is not None
    assert FeedFilters(categories=("politik",)).rejection(found) is None
    assert FeedFilters(categories=("sport",)).rejection(found) is None
    assert FeedFilters(categories=("kultur",)).rejection(found) is not None
    assert FeedFilters(without_categories=("Sport",)).rejection(found) is not None
    assert FeedFilters(include=("final",), exclude=("morgen",)).rejection(found) is None


def test_filters_are_kept_in_two_lists() -> None:
    filters = FeedFilters(("a", "b"), ("c",), ("de",), ("Sport",), ("Reise",))
    assert FeedFilters.of(*filters.as_lists()) == filters


@pytest.mark.parametrize(("word", "title", "held"), [("市议会", "市议会决定改建", True), ("工場", "古い製紙工場を改装", True), ("tax", "Syntax matters", False), ("мост", "Новый мост открыт", True), ("ab", "abc", False)])  # fmt: skip
def test_words_are_whole_ones_where_there_are_spaces(word: str, title: str, held: bool) -> None:
    (found,) = items(rss(item(title)))
    assert (FeedFilters(exclude=(word,)).rejection(found) is not None) is held
