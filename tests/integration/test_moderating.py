"""Removing and restoring articles, splitting and merging stories, and the audit of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.services.ingestion import IngestionServices
from retrieval.errors import Note, NotFound, Refused
from retrieval.ingestion.pipeline import ingest
from retrieval.ingestion.readers.jsonl import article_from_record
from retrieval.maintenance import check_indexes
from retrieval.models import IngestItem, IngestResult
from retrieval.moderation import removals
from tests.integration.conftest import Newsdesk, article, lines
from tests.integration.newsroom import MODERATOR, moderator, opened, titles
from tests.newsite import NewsSite

pytestmark = pytest.mark.both_databases

_MARINA = "The old marina of Pellworm burned down in the night of Sunday, the fire brigade said. "


@pytest.fixture(scope="module")
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


async def bring(
    room: IngestionServices, *records: dict[str, object], corpus: str = "local"
) -> list[IngestResult]:
    indexer = await room.library.indexer(corpus)
    incoming = [IngestItem("test", article_from_record(record)) for record in records]
    folder = room.library.config.data_dir
    return [
        result
        async for result in ingest(
            indexer, incoming, actor="Ada (17)", origin="#in", data_dir=folder
        )
    ]


async def test_a_removed_article_is_in_no_answer_and_stays_out_until_it_is_restored(
    tmp_path: Path, site: NewsSite
) -> None:
    async with opened(tmp_path, site) as room:
        done = await bring(room, article(1), article(2))
        desk = await moderator(room)
        title = str(article(1)["title"])
        assert title in await titles(room, "topic1")
        card = await desk.remove(str(done[0].article_id)[:6], MODERATOR, because="a hoax")
        assert (card.state, card.removed_by, card.removed_because) == (
            "removed",
            "Ada (17)",
            "a hoax",
        )
        assert await titles(room, "topic1") == [article(2)["title"]]
        assert await check_indexes(room.library) == []
        again = (await bring(room, article(1, "Another text about topic1, longer than before.")))[0]
        assert (again.status, again.article_id) == ("rejected", done[0].article_id)
        assert again.reason == Note(
            "removed-by", who="Ada (17)", date="2023-11-07", article=again.article_id
        )
        with pytest.raises(Refused, match="article-already-removed"):
            await desk.remove(str(again.article_id), MODERATOR)
        assert await removals(room.library, "local", [str(again.article_id), "0" * 16]) == {
            str(again.article_id): room.library.clock()
        }
        restored = await desk.restore("http://www.example.com/news/1/?utm_source=x", MODERATOR)
        assert restored.state == "shown"
        assert title in await titles(room, "topic1")
        assert await check_indexes(room.library) == []
        with pytest.raises(Refused, match="article-never-removed"):
            await desk.restore(restored.article_id, MODERATOR)
    async with opened(tmp_path, site) as room:
        assert title in await titles(room, "topic1")


async def test_an_article_is_named_by_id_prefix_url_or_title_of_its_own_corpus_only(
    tmp_path: Path, site: NewsSite
) -> None:
    async with opened(tmp_path, site) as room:
        mine = (await bring(room, article(1)))[0]
        await bring(room, article(2), corpus="theirs")
        theirs = await moderator(room, "theirs")
        title = article(1)["title"]
        for reference in (
            str(mine.article_id), str(mine.article_id)[:5], str(mine.url), title, title.upper()
        ):  # fmt: skip
            assert (await (await moderator(room)).articles.show(reference))[
                0
            ].article_id == mine.article_id
            with pytest.raises(NotFound):
                await theirs.articles.show(reference)
            with pytest.raises(NotFound):
                await theirs.remove(reference, MODERATOR)
        for nonsense in ("abc", "%", "", "ffff", "http://", "a b c d"):
            with pytest.raises(NotFound):
                await (await moderator(room)).articles.show(nonsense)
        assert await theirs.articles.find("Town1") == []
        with pytest.raises(NotFound, match="corpus-not-found"):
            await moderator(room, "nobody")


async def test_a_split_article_stays_out_of_its_story_and_merged_stories_stay_one(
    tmp_path: Path, site: NewsSite
) -> None:
    def report(number: int, more: str = "") -> dict[str, object]:
        return {
            "url": f"https://example.com/marina/{number}",
            "title": "Old marina of Pellworm burns down",
            "text": _MARINA * 6 + more,
            "published_at": f"2023-11-0{number}T10:00:00Z",
        }

    async with opened(tmp_path, site) as room:
        done = await bring(room, report(1), report(2), report(3), article(5))
        desk = await moderator(room)
        with pytest.raises(NotFound, match="article-title-ambiguous"):
            await desk.articles.show("Old marina of Pellworm burns down")
        ids = [str(each.article_id) for each in done]
        assert [card.article_id for card in await desk.articles.story(ids[0])] == ids[:3]
        # The one that began the story leaves it, and leaves the others together.
        assert [card.article_id for card in await desk.split(ids[0], MODERATOR)] == ids[:1]
        assert [card.article_id for card in await desk.articles.story(ids[1])] == ids[1:3]
        # What the audit names can be merged again.
        await desk.split(ids[3], MODERATOR)
        alone, parted = await desk.audit_log.read(limit=2)
        assert (parted.action, parted.subject) == ("story.split", ids[0])
        assert (parted.detail, alone.detail) == (
            Note("story-left", article=ids[1]),
            Note("story-was-single"),
        )
        assert (await bring(room, report(1, "One more sentence was added.")))[0].status == "updated"
        assert [card.article_id for card in await desk.articles.story(ids[0])] == ids[:1]
        await bring(room, report(4))
        merged = await desk.merge(ids[1], ids[3], MODERATOR)
        assert {card.article_id for card in merged} > {ids[1], ids[2], ids[3]}
        assert ids[0] not in {card.article_id for card in merged}
        with pytest.raises(Refused, match="stories-already-one"):
            await desk.merge(ids[1], ids[3], MODERATOR)
        listed = await desk.articles.stories()
        assert [each.articles for each in listed] == [4, 1]
        assert listed[1].newest.article_id == ids[0]
        by_number = await desk.articles.story(str(listed[0].story_id))
        assert {card.article_id for card in by_number} == {card.article_id for card in merged}
        assert [each.story_id for each in await desk.articles.stories(1)] == [listed[0].story_id]
        with pytest.raises(NotFound, match="nothing-such-story"):
            await desk.articles.story("999")
    async with opened(tmp_path, site) as room:
        changed = article(5, "The council of Town5 changed its mind about topic5 on Friday.")
        assert (await bring(room, changed))[0].status == "updated"
        story = await (await moderator(room)).articles.story(ids[3])
        assert {ids[1], ids[2], ids[3]} < {card.article_id for card in story}


async def test_the_audit_tells_who_did_what_when_and_from_where(
    tmp_path: Path, site: NewsSite
) -> None:
    async with opened(tmp_path, site) as room:
        done = (await bring(room, article(1)))[0]
        desk = await moderator(room)
        await desk.remove(str(done.article_id), MODERATOR, because="a hoax")
        await desk.restore(str(done.article_id), MODERATOR)
        site.feed("/feed", [1], full=True)
        feed = await room.feeds.add(site.url("/feed"), "local", MODERATOR)
        entries = await desk.audit_log.read()
        assert [(e.action, e.subject, e.who, e.where) for e in entries] == [
            ("feed.add", str(feed.id), "Ada (17)", "#newsroom"),
            ("article.restore", done.article_id, "Ada (17)", "#newsroom"),
            ("article.remove", done.article_id, "Ada (17)", "#newsroom"),
            ("article.indexed", done.article_id, "Ada (17)", "#in"),
        ]
        assert {entry.at for entry in entries} == {room.library.clock()}
        assert entries[2].detail == Note("verbatim", text="a hoax")
        await bring(room, article(2), corpus="theirs")
        about = await (await moderator(room, "theirs")).audit_log.read()
        assert [entry.action for entry in about] == ["article.indexed"]
        assert len(await desk.audit_log.read(subject=str(done.article_id))) == 3


def test_moderating_from_the_terminal(newsdesk: Newsdesk, tmp_path: Path) -> None:
    import json

    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(article(n)) for n in (1, 2)))
    assert newsdesk("ingest", str(file)).returncode == 0
    found = lines(newsdesk("articles", "find", "topic1", "--json").stdout)
    assert [each["state"] for each in found] == ["shown"]
    reference = found[0]["article_id"]
    removed = newsdesk("articles", "remove", reference, "--because", "a hoax", "--json")
    assert lines(removed.stdout)[0]["state"] == "removed", removed.stderr
    hits = lines(newsdesk("search", "topic1", "--json").stdout)[0]["hits"]
    assert reference not in {hit["article_id"] for hit in hits}
    again = newsdesk("ingest", str(file), "--json")
    assert again.returncode == 1
    assert [each["status"] for each in lines(again.stdout)] == ["rejected", "unchanged"]
    shown = lines(newsdesk("articles", "show", "https://example.com/news/1", "--json").stdout)[0]
    assert (shown["state"], shown["text"]) == ("removed", article(1)["text"])
    assert newsdesk("articles", "restore", reference[:8]).returncode == 0
    actions = [each["action"] for each in lines(newsdesk("audit", "--json").stdout)]
    assert actions == ["article.restore", "article.remove", "article.indexed", "article.indexed"]
    told = newsdesk("audit").stdout.splitlines()
    assert len(told) == 3
    assert told[2].endswith("2 indexed")
    wrong = newsdesk("articles", "remove", "nothing-like-it")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (1, 1)
