"""/feeds, /articles, /stories and /audit, and what removal does to answers."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.discord_standin import Message
from tests.discord_standin.model import Version
from tests.integration.answering_fixtures import NOW
from tests.integration.discord.conftest import Start
from tests.integration.discord.looking import whole
from tests.integration.discord.newsdesk_server import Server, server
from tests.newsite import NewsSite, documents

QUESTION = "What did Mayor Hanna Lind3 say at the opening?"


@pytest.fixture(scope="module")
def shared_site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


@pytest.fixture
async def desk(start: Start, shared_site: NewsSite) -> AsyncIterator[Server]:
    shared_site.forget()
    async with start(NEWSDESK_FETCH_ALLOW=shared_site.allow) as running:
        yield server(running, shared_site)


async def _told(desk: Server, question: str = QUESTION) -> str:
    return (await (await desk.ada.slash(desk.general, "ask", question=question)).final(whole)).text


# Feeds


async def test_a_feed_is_previewed_added_by_its_sites_address_read_by_itself_and_checked(
    desk: Server,
) -> None:
    site = desk.site
    site.feed("/feed.xml", [3, 4, 5])
    site.serve("/", documents.home([("application/rss+xml", "/feed.xml")]))
    preview = await desk.do("feeds preview", address=site.url("/"))
    assert "The Local Courier" in preview.text
    assert "3 new" in preview.text
    assert documents.title_of(4) in preview.text
    assert await desk.articles() == 0
    added = await desk.do("feeds add", address=site.url("/"), exclude="tramway, number 5")
    assert "Added" in added.text
    assert "must contain none of: tramway, number 5" in added.text
    jobs = 0
    while await desk.articles() < 2 and jobs < 100:
        jobs += 1
        checked = await desk.do("feeds check")
    assert await desk.articles() == 2
    explained = await desk.do("feeds check", feed="1")
    assert "nothing new" in explained.text or "in a minute" in explained.text
    assert checked.is_ephemeral
    site.feed("/feed.xml", [documents.entry(site.url(), n, at=NOW) for n in (3, 4, 5, 6, 7)])
    explained = await desk.do("feeds check", feed=site.url("/feed.xml"))
    assert "2 added" in explained.text
    assert "the item contains the excluded word “number 5”" in explained.text
    assert "**seen**" in explained.text
    assert "/news/6)" in await _told(desk, "What did Mayor Hanna Lind6 say?")


async def test_feeds_of_each_kind_can_be_added_and_are_listed_on_pages(desk: Server) -> None:
    for number, kind in enumerate(documents.KINDS):
        path = f"/kind-{kind}"
        desk.site.feed(path, [200 + number], kind)
        assert "Added" in (await desk.do("feeds add", address=desk.site.url(path))).text
    for number in range(5):
        desk.site.feed(f"/more-{number}", [300 + number])
        await desk.do("feeds add", address=desk.site.url(f"/more-{number}"))
    listed = await desk.do("feeds list")
    assert "page 1 of 2" in listed.text
    assert listed.buttons == ["Next"]
    turned = await (await desk.boss.press(listed, "Next")).final()
    assert "page 2 of 2" in turned.text
    assert "**12**" in turned.text
    assert turned.buttons == ["Back"]


async def test_who_waits_for_slow_feeds_sees_how_far_they_are(
    desk: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["bot.cogs.feeds._feed_commands"], "_SHOW_SECONDS", 0.05)
    site = desk.site
    site.feed("/slow", list(range(400, 412)))
    site.seconds = 0.05
    try:
        preview = await desk.boss.slash(desk.general, "feeds preview", address=site.url("/slow"))
        seen = await preview.final(lambda message: "12 new" in message.text)
        assert any("Looking at" in _said(version) for version in seen.history)
        assert any("12 found" in _said(version) for version in seen.history)
        assert seen.is_ephemeral
        await desk.do("feeds add", address=site.url("/slow"))
        # It is read by itself at once; as long as that takes, there is nothing to check.
        busy = await (await desk.boss.slash(desk.general, "feeds check")).final(_checked)
        while "is being checked right now" in busy.text:
            busy = await (await desk.boss.slash(desk.general, "feeds check")).final(_checked)
        site.feed("/slow", list(range(400, 420)))
        seen = await (await desk.boss.slash(desk.general, "feeds check")).final(_checked)
        assert any("feeds checked" in _said(version) for version in seen.history)
    finally:
        site.seconds = 0.0


def _checked(message: Message) -> bool:
    return "Result of the check" in str(message.embeds) or "right now" in message.text


def _said(version: Version) -> str:
    return " ".join(str(embed.get("description")) for embed in version.embeds)


async def test_in_a_german_server_reasons_are_german_too(desk: Server) -> None:
    desk.boss.locale = "de"
    said = (await desk.do("feeds add", address=desk.site.url("/status/500"))).text
    assert "der Server antwortete 500" in said
    entries = [documents.entry(desk.site.url(), n) for n in (430, 431)]
    entries[0] = replace(entries[0], url=desk.site.url("/film.mp4"))
    desk.site.feed("/odd", entries)
    shown = (await desk.do("feeds preview", address=desk.site.url("/odd"))).text
    assert "die Adresse einer mp4-Datei" in shown
    done = await desk.boss.slash(desk.general, "ingest url", links=desk.site.url("/status/404"))
    over = await done.final(lambda message: "Fertig" in message.text)
    assert "1 × der Server antwortete 404 Not Found" in over.text
    assert (
        "weder mit http:// noch mit https://"
        in (await desk.do("feeds add", address="ftp://a.example/")).text
    )


async def test_a_feed_is_paused_resumed_and_removed_by_its_suggestion(desk: Server) -> None:
    desk.site.feed("/a", [3])
    desk.site.feed("/b", [4])
    await desk.do("feeds add", address=desk.site.url("/a"))
    await desk.do("feeds add", address=desk.site.url("/b"))
    choices = await desk.boss.autocomplete(desk.general, "feeds pause", option="feed", typed="cour")
    assert [(c.name, c.value) for c in choices] == [
        ("1 · The Local Courier · active", "1"),
        ("2 · The Local Courier · active", "2"),
    ]
    assert "is paused" in (await desk.do("feeds pause", feed="1")).text
    listed = (await desk.do("feeds list")).text
    assert f"paused: <@{desk.boss.id}> paused the feed on 2026-03-05" in listed
    choices = await desk.boss.autocomplete(desk.general, "feeds resume", option="feed", typed="/a")
    assert [c.name for c in choices] == ["1 · The Local Courier · paused"]
    assert "active again" in (await desk.do("feeds resume", feed="1")).text
    assert "has been removed" in (await desk.do("feeds remove", feed=desk.site.url("/b"))).text
    assert desk.site.url("/b") not in (await desk.do("feeds list")).text


@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("feeds add", {"address": "nonsense"}, "I can't open"),
        ("feeds add", {"address": "{site}/status/500"}, "the site responded with the status 500"),
        ("feeds add", {"address": "{site}/news/1"}, "I can't find a readable feed"),
        ("feeds add", {"address": "http://127.0.0.1:1/feed"}, "I can't find a readable feed"),
        ("feeds add", {"address": "{site}/feed", "include": "a," * 25}, "Give at most 20 words"),
        ("feeds preview", {"address": "{site}/status/404"}, "I can't find a readable feed"),
        ("feeds pause", {"feed": "77"}, "no feed 77"),
        ("feeds resume", {"feed": "that one"}, "no feed that one"),
        ("feeds remove", {"feed": "https://example.com/feed"}, "no feed https"),
        ("feeds check", {"feed": "77"}, "no feed 77"),
        ("feeds check", {}, "no active feeds"),
        ("feeds list", {}, "has no feeds"),
        ("articles find", {"words": "zeppelin"}, "Nothing found for zeppelin"),
        ("articles show", {"article": "zeppelin"}, "There is no article zeppelin here"),
        ("articles remove", {"article": "abc"}, "There is no article abc here"),
        ("articles restore", {"article": "https://example.com/a"}, "There is no article"),
        ("stories show", {"article": "x"}, "There is no article x here"),
        ("stories split", {"article": "x"}, "There is no article x here"),
        ("stories merge", {"article": "x", "other": "y"}, "There is no article x, y here"),
        ("audit", {}, "No actions found"),
    ],
)  # fmt: skip
async def test_what_cannot_be_done_is_told_in_one_sentence(
    desk: Server, command: str, options: dict[str, str], said: str
) -> None:
    filled = {k: v.replace("{site}", desk.site.url()) for k, v in options.items()}
    refused = await desk.do(command, **filled)
    assert said in refused.text.replace("\\", "")
    assert refused.is_ephemeral
    assert len(refused.text) < 300


async def test_a_feed_that_is_there_already_is_not_added_again(desk: Server) -> None:
    desk.site.feed("/a", [3])
    await desk.do("feeds add", address=desk.site.url("/a"))
    assert "already has this feed" in (await desk.do("feeds add", address=desk.site.url("/a"))).text


# Articles


async def test_a_removed_article_is_out_of_answers_at_once_and_old_sources_say_so(
    desk: Server,
) -> None:
    links = " ".join(desk.site.url(f"/news/{n}") for n in (3, 4))
    await desk.ingested("ingest url", links=links)
    asked = await (await desk.ada.slash(desk.general, "ask", question=QUESTION)).final(whole)
    assert "/news/3)" in asked.text
    article_id = await desk.id_of("/news/3")
    removed = await desk.do("articles remove", article=article_id, because="a hoax")
    assert "no longer appears in answers" in removed.text
    assert f"removed by <@{desk.boss.id}>" in removed.text
    assert "/news/3)" not in await _told(desk)
    sources = await (await desk.ada.press(asked, "Sources")).final()
    assert "was removed by moderators on <t:" in sources.text
    assert "hoax" not in sources.text
    assert "We waited" not in sources.text
    again = await desk.ingested("ingest url", links=desk.site.url("/news/3"))
    assert f"<@{desk.boss.id}> removed the article" in again.text
    assert "/articles restore" in again.text
    twice = await desk.do("articles remove", article=article_id)
    assert "already been removed" in twice.text
    found = await desk.do("articles find", words="/news/3")
    assert "One article found" in found.text
    assert "a hoax" in found.text
    [choice] = await desk.boss.autocomplete(
        desk.general, "articles restore", option="article", typed=""
    )
    assert choice.value == article_id
    restored = await desk.do("articles restore", article=str(choice.value))
    assert "appears in answers again" in restored.text
    assert "hasn't been removed" in (await desk.do("articles restore", article=article_id)).text
    assert "/news/3)" in await _told(desk)
    sources = await (await desk.ada.press(asked, "Sources")).final()
    assert "removed" not in sources.text


async def test_an_article_is_shown_with_all_its_text_on_pages(desk: Server) -> None:
    text = "\n\n".join(f"Paragraph {n} of @everyone *here*. " + "word " * 80 for n in range(30))
    await desk.ingested("ingest file", file=("long.txt", f"A long title\n\n{text}".encode()))
    shown = await desk.do("articles show", article=await desk.id_of("long title"))
    assert "A long title" in shown.text
    assert "Paragraph 0" in shown.text
    pages = int(shown.text.split("of ")[-1].split()[0])
    assert pages > 2
    for _ in range(pages - 1):
        await (await desk.boss.press(shown, "Next")).final()
    assert "Paragraph 29" in shown.text
    assert shown.buttons == ["Back"]


async def test_stories_are_shown_split_and_merged(desk: Server) -> None:
    links = " ".join(desk.site.url(f"/news/{n}") for n in (3, 48))
    await desk.ingested("ingest url", links=links)
    first, second = await desk.id_of("/news/3"), await desk.id_of("/news/48")
    assert "A story of 2 articles" in (await desk.do("stories show", article=first)).text
    split = await desk.do("stories split", article=second)
    assert "its own story" in split.text
    assert documents.title_of(3) not in split.text
    assert "A story of one article" in (await desk.do("stories show", article=first)).text
    merged = await desk.do("stories merge", article=first, other=second)
    assert "Merged into one story of 2 articles" in merged.text
    assert documents.title_of(48) in merged.text
    again = await desk.do("stories merge", article=first, other=second)
    assert "can't be merged" in again.text
    await desk.do("articles remove", article=second)
    assert "isn't in any story" in (await desk.do("stories show", article=second)).text


# Audit


async def test_the_audit_tells_who_did_what_when_and_from_where(desk: Server) -> None:
    desk.site.feed("/a", [3])
    await desk.do("feeds add", address=desk.site.url("/a"))
    await desk.do("feeds pause", feed="1")
    await desk.ingested("ingest url", links=desk.site.url("/news/9"))
    article_id = await desk.id_of("/news/9")
    await desk.do("articles remove", article=article_id, because="a hoax")
    await desk.do("articles restore", article=article_id)
    shown = await desk.do("audit")
    lines = [line for line in shown.text.splitlines() if line.startswith("<t:")]
    who = f"<@{desk.boss.id}> (<#{desk.general.id}>)"
    mine = [line.split(": ", 1)[1] for line in lines if f"{who}: " in line]
    assert mine[:2] == [
        f"**restored an article** `{article_id}`",
        f"**removed an article** `{article_id}`: a hoax",
    ]
    done = {line.split("**")[1] for line in mine}
    assert {"added a feed", "paused a feed", "started a job"} <= done
    assert all(line.startswith("<t:1772712000:f>") for line in lines)
    about = await desk.do("audit", about=article_id)
    assert "added a feed" not in about.text
    assert "a new article" in about.text
    assert "No actions found" in (await desk.do("audit", about="nothing")).text
