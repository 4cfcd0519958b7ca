"""/ingest and "Ingest this": jobs in one message, from their start to their end."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from bot.services import job_progress
from bot.storage.job_messages import JobMessage, all_job_messages, save_job_message
from retrieval.moderation import ModerationService
from tests.discord_standin import DiscordStandIn, Message
from tests.integration.conftest import article
from tests.integration.discord.conftest import Running, Start
from tests.integration.discord.looking import told, whole
from tests.integration.discord.newsdesk_server import Server, over, server
from tests.integration.documents import pdf
from tests.newsite import NewsSite, documents

EDIT = "/channels/{channel_id}/messages/{message_id}"


@pytest.fixture(scope="module")
def shared_site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


@pytest.fixture
def site(shared_site: NewsSite) -> Iterator[NewsSite]:
    yield shared_site
    shared_site.seconds = 0.0
    shared_site.forget()


@pytest.fixture
async def desk(start: Start, site: NewsSite) -> AsyncIterator[Server]:
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        yield server(running, site)


def _begun(message: Message) -> bool:
    return "Cancel" in message.buttons


async def test_links_come_in_as_one_job_whose_message_ends_in_a_summary(desk: Server) -> None:
    site = desk.site
    site.feed("/feed", list(range(100, 130)))
    links = " ".join([site.url("/news/1"), f"<{site.url('/moved/2')}>,", site.url("/feed"), site.url("/status/404")])  # fmt: skip
    done = await desk.ingested("ingest url", links=links)
    assert "Done (job 1)" in done.text
    assert "33 found" in done.text
    assert "32 indexed" in done.text
    assert "1 skipped" in done.text
    assert "1 × the site responded with the status 404 Not Found" in done.text
    assert documents.title_of(1) in done.text
    assert "and 27 more" in done.text
    assert done.buttons == []
    assert not done.is_ephemeral
    assert await desk.articles() == 32
    again = await desk.ingested("ingest url", links=site.url("/news/1"))
    assert "1 already added" in again.text
    asked = await desk.ada.slash(desk.general, "ask", question="What did Mayor Hanna Lind1 say?")
    assert "Hanna Lind1" in (await asked.final(whole)).text


async def test_the_message_shows_how_far_the_job_is_at_a_pace_that_discord_allows(
    desk: Server,
) -> None:
    desk.site.seconds = 0.04
    links = " ".join(desk.site.url(f"/news/{n}") for n in range(70))
    begun = await desk.boss.slash(desk.general, "ingest url", links=links)
    message = await begun.final(lambda m: "█" in m.text)
    assert "fetched" in message.text
    assert message.buttons == ["Cancel"]
    done = await begun.final(over)
    assert done is message
    assert "70 indexed" in done.text
    edits = [version.at for version in done.history]
    assert 3 <= len(edits) <= 12
    assert len(desk.standin.bot_messages(desk.general)) == 1


@pytest.mark.parametrize(
    ("links", "said"),
    [
        ("nonsense", "I can't open nonsense"),
        ("ftp://example.com/a", "I can't open"),
        ("https://me:secret@example.com/a", "I can't open"),
        ("   ", "Give at least one link"),
    ],
)
async def test_what_is_no_link_is_refused_in_one_sentence(
    desk: Server, links: str, said: str
) -> None:
    refused = await desk.do("ingest url", links=links)
    assert said in refused.text
    assert "secret" not in refused.text
    assert refused.is_ephemeral
    assert desk.site.requests == []


async def test_private_addresses_are_skipped_and_said_so(desk: Server) -> None:
    done = await desk.ingested(
        "ingest url", links="http://169.254.169.254/latest example.invalid/x"
    )
    assert "0 indexed" in done.text
    assert "2 skipped" in done.text
    assert "private" in done.text or "not allowed" in done.text or "public" in done.text


async def test_files_of_every_kind_come_in(desk: Server) -> None:
    lines = "\n".join(json.dumps(article(n)) for n in range(40)).encode()
    story = [documents.body_of(7).replace("\n\n", " ")[at : at + 80] for at in range(0, 800, 80)]
    files = {
        "news.jsonl.gz": (gzip.compress(lines), 40),
        "page.html": (documents.page(3).encode(), 1),
        "story.txt": (f"{documents.title_of(4)}\n\n{documents.body_of(4)}".encode(), 1),
        "story.md": (f"# {documents.title_of(5)}\n\n{documents.body_of(5)}".encode(), 1),
        "saved.pdf": (pdf([[documents.title_of(7), "", *(part.replace("“", "").replace("”", "") for part in story)]]), 1),
        "feed.xml": (documents.rss([documents.entry("https://courier.example", n, full=True) for n in (8, 9)]).encode(), 2),
    }  # fmt: skip
    expected = 0
    for name, (content, count) in files.items():
        done = await desk.ingested("ingest file", file=(name, content))
        assert f"{count} indexed" in done.text, f"{name}: {done.text}"
        expected += count
    assert await desk.articles() == expected
    uploads = desk.running.bot.settings.data_dir / "uploads"
    assert not list(uploads.rglob("*.*"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("movie.mp4", b"x", "can't read movie.mp4"),
        ("noending", b"x", "can't read noending"),
        ("big.txt", b"x" * 300_000, "the limit is 0.2 MB"),
        ("none.txt", b"", "is empty"),
    ],
)
async def test_files_that_cannot_be_read_are_refused_in_one_sentence(
    start: Start, site: NewsSite, name: str, content: bytes, said: str
) -> None:
    async with start(NEWSDESK_FETCH_ALLOW=site.allow, NEWSDESK_MAX_UPLOAD_MB="0.2") as running:
        refused = await server(running, site).do("ingest file", file=(name, content))
        assert said in refused.text
        assert refused.is_ephemeral


async def test_a_pasted_text_comes_in_with_its_title_link_and_date(desk: Server) -> None:
    form = await desk.boss.slash(desk.general, "ingest text")
    values = {
        "Title": "Zeppelin lands in Dalmeer", "Text": documents.body_of(4),
        "Link, if there is one": "https://example.com/zeppelin",
        "Date, if known": "2023-11-03",
    }  # fmt: skip
    done = await (await desk.boss.submit_modal(form, values)).final(over)
    assert "Zeppelin lands in Dalmeer" in done.text
    shown = await desk.do("articles show", article="https://example.com/zeppelin")
    assert "Zeppelin lands" in shown.text
    assert "<t:1699012800:D>" in shown.text
    assert "Hanna Lind4" in shown.text


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"Date, if known": "someday"}, "someday isn't a date"),
        ({"Link, if there is one": "nowhere"}, "I can't open nowhere"),
        ({"Title": "  "}, "give both a title and a text"),
    ],
)
async def test_a_form_with_mistakes_is_refused_in_one_sentence(
    desk: Server, values: dict[str, str], said: str
) -> None:
    form = await desk.boss.slash(desk.general, "ingest text")
    filled = {"Title": "A title", "Text": documents.body_of(4)} | values
    refused = await (await desk.boss.submit_modal(form, filled)).final()
    assert said in refused.text
    assert refused.is_ephemeral
    assert await desk.articles() == 0
    # What was written stands in the form once more, and only the mistake has to be mended.
    again = await (await desk.boss.press(refused, "Edit")).modal()
    there = {label: part.get("value", "") for label, part in again.inputs.items()}
    assert {label: there[label] for label in filled if filled[label].strip()} == {
        label: value for label, value in filled.items() if value.strip()
    }
    mended = there | dict.fromkeys(values, "") | {"Title": "A title"}
    done = await (await desk.boss.submit_modal(again, mended)).final(over)
    assert "A title" in done.text
    assert await desk.articles() == 1


async def test_ingest_this_takes_every_link_and_file_of_a_message_and_says_what_it_leaves_out(
    desk: Server,
) -> None:
    site = desk.site
    message = await desk.ada.send(
        desk.general, f"Look: {site.url('/news/11')} and <{site.url('/news/12')}>",
        attachments=[("a.md", documents.body_of(13).encode()), ("cat.gif", b"GIF89a")],
    )  # fmt: skip
    begun = await desk.boss.context_menu(desk.general, "Ingest this", message)
    done = await begun.final(over)
    assert "3 indexed" in done.text
    await desk.standin.wait_until(lambda: len(begun.messages) == 2)
    left_out = begun.messages[1]
    assert "can't read cat.gif" in left_out.text
    assert left_out.is_ephemeral


async def test_ingest_this_on_a_message_without_anything_says_so(desk: Server) -> None:
    message = await desk.ada.send(desk.general, "Nothing to see")
    refused = await (await desk.boss.context_menu(desk.general, "Ingest this", message)).final()
    assert "neither a link nor a file" in refused.text
    only = await desk.ada.send(desk.general, attachments=[("cat.gif", b"GIF89a")])
    refused = await (await desk.boss.context_menu(desk.general, "Ingest this", only)).final()
    assert "can't read cat.gif" in refused.text


async def test_a_job_is_cancelled_by_its_button_and_what_came_in_stays(desk: Server) -> None:
    desk.site.seconds = 0.05
    links = " ".join(desk.site.url(f"/news/{n}") for n in range(80))
    begun = await desk.boss.slash(desk.general, "ingest url", links=links)
    message = await begun.final(lambda m: "█" in m.text)
    refused = await (await desk.ada.press(message, "Cancel")).final()
    assert "Only moderators" in refused.text
    pressed = await (await desk.boss.press(message, "Cancel")).final()
    assert "The job is being cancelled" in pressed.text
    done = await begun.final(over)
    assert "Cancelled" in done.text
    count = await desk.articles()
    assert 0 < count < 80
    late = await (await desk.boss.press(message, "newsdesk:cancel:1", forged=True)).final()
    assert "no longer works" in late.text
    assert count == await desk.articles()


async def test_a_moderator_of_another_server_cannot_cancel(desk: Server) -> None:
    other = server(desk.running, desk.site, "Other News")
    desk.site.seconds = 0.05
    links = " ".join(desk.site.url(f"/news/{n}") for n in range(40))
    begun = await desk.boss.slash(desk.general, "ingest url", links=links)
    await begun.final(_begun)
    theirs = await other.ingested("ingest url", links=desk.site.url("/news/1"))
    forged = await (await other.boss.press(theirs, "newsdesk:cancel:1", forged=True)).final()
    assert "no longer works" in forged.text
    assert "40 indexed" in (await begun.final(over)).text


async def test_waiting_jobs_show_their_place(desk: Server) -> None:
    desk.site.seconds = 0.04
    links = [" ".join(desk.site.url(f"/news/{n}") for n in range(k, k + 50)) for k in (0, 50, 100)]
    begun = []
    for each in links:
        begun.append(await desk.boss.slash(desk.general, "ingest url", links=each))
        await begun[-1].final()
    assert "You are next" in (await begun[1].final()).text
    assert "number 2 in line" in (await begun[2].final()).text
    waiting = begun[2].messages[0]
    await (await desk.boss.press(waiting, "Cancel")).final()
    assert "Cancelled" in (await begun[2].final(over)).text
    assert "50 indexed" in (await begun[1].final(over)).text


async def test_too_many_waiting_jobs_are_refused(start: Start, site: NewsSite) -> None:
    async with start(NEWSDESK_FETCH_ALLOW=site.allow, NEWSDESK_MAX_QUEUED_JOBS="1") as running:
        desk = server(running, site)
        site.seconds = 0.2
        url = " ".join(site.url(f"/news/{n}") for n in range(10))
        first = await desk.boss.slash(desk.general, "ingest url", links=url)
        await first.final()
        await (await desk.boss.slash(desk.general, "ingest url", links=url)).final()
        refused = await desk.do("ingest url", links=url)
        assert "already has 1 jobs waiting" in refused.text


async def test_a_restart_in_the_middle_of_a_job_goes_on_in_the_same_message(
    start: Start, standin: DiscordStandIn, site: NewsSite, caplog: pytest.LogCaptureFixture
) -> None:
    site.seconds = 0.04
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        desk = server(running, site)
        links = " ".join(site.url(f"/news/{n}") for n in range(60))
        begun = await desk.boss.slash(desk.general, "ingest url", links=links)
        message = await begun.final(lambda m: " 0 indexed" not in m.text and _begun(m))
        file = ("a.txt", f"{documents.title_of(99)}\n\n{documents.body_of(99)}".encode())
        waiting = await desk.boss.slash(desk.general, "ingest file", file=file)
        second = await waiting.final()
    assert not over(message)
    begun.expire()
    waiting.expire()
    site.seconds = 0.0
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        desk.running = running
        await standin.wait_until(lambda: over(message) and over(second), 20)
        assert "60 indexed" in message.text
        assert "1 indexed" in second.text
        assert await desk.articles() == 61
        moderator = await ModerationService.of(running.bot.services.library, desk.corpus)
        taken = [
            e for e in await moderator.audit_log.read(limit=500) if e.action == "article.indexed"
        ]
        assert len(taken) == len({e.subject for e in taken}) == 61
    assert len(standin.bot_messages(desk.general)) == 2
    assert told(caplog) == []


async def test_a_job_whose_end_could_not_be_shown_is_told_at_the_next_start(
    start: Start, standin: DiscordStandIn, site: NewsSite
) -> None:
    site.seconds = 0.04
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        desk = server(running, site)
        links = " ".join(site.url(f"/news/{n}") for n in range(20))
        begun = await desk.boss.slash(desk.general, "ingest url", links=links)
        message = await begun.final(_begun)
        begun.expire()
        standin.deny(desk.general, "view_channel")
        jobs = running.bot.services.ingestion.jobs
        [job] = await jobs.jobs(desk.corpus)
        async for _ in jobs.watch(job.id, desk.corpus):
            pass
        await standin.wait_until(lambda: not running.bot.services.job_board.is_showing)
        assert not over(message)
    standin.allow(desk.general, "view_channel")
    async with start(NEWSDESK_FETCH_ALLOW=site.allow):
        await standin.wait_until(
            lambda: any(
                "20 indexed" in m.text and over(m) for m in standin.bot_messages(desk.general)
            )
        )


async def test_a_job_that_another_process_has_shown_meanwhile_is_not_shown_twice(
    desk: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = await desk.ingested("ingest url", links=desk.site.url("/news/1"))
    services = desk.running.bot.services
    board, database = services.job_board, services.library.database
    await desk.standin.wait_until(lambda: not board.is_showing)
    assert await all_job_messages(database) == []
    before = JobMessage(1, desk.guild.id, desk.general.id, None, "en")

    async def read_before(_: object) -> list[JobMessage]:
        return [before]

    monkeypatch.setattr(job_progress, "all_job_messages", read_before)
    await board.resume()
    await desk.standin.wait_until(lambda: not board.is_showing)
    assert desk.standin.bot_messages(desk.general) == [done]
    await save_job_message(database, replace(before, message_id=done.id))
    edited = len(desk.standin.calls_to("PATCH", EDIT))
    await board.resume()
    await desk.standin.wait_until(lambda: not board.is_showing)
    assert desk.standin.bot_messages(desk.general) == [done]
    assert len(desk.standin.calls_to("PATCH", EDIT)) == edited + 1
    assert await all_job_messages(database) == []


async def test_when_the_token_is_over_the_message_is_edited_as_any_other(desk: Server) -> None:
    desk.site.seconds = 0.04
    links = " ".join(desk.site.url(f"/news/{n}") for n in range(60))
    begun = await desk.boss.slash(desk.general, "ingest url", links=links)
    message = await begun.final(_begun)
    begun.expire()
    await desk.standin.wait_until(lambda: over(message), 20)
    assert "60 indexed" in message.text
    assert desk.standin.calls_to("PATCH", EDIT)
    assert len(desk.standin.bot_messages(desk.general)) == 1


async def test_a_job_whose_message_is_deleted_goes_on(desk: Server) -> None:
    desk.site.seconds = 0.03
    links = " ".join(desk.site.url(f"/news/{n}") for n in range(40))
    begun = await desk.boss.slash(desk.general, "ingest url", links=links)
    await desk.boss.delete(await begun.final(_begun))

    jobs = desk.running.bot.services.ingestion.jobs
    [job] = await jobs.jobs(desk.corpus)
    async for event in jobs.watch(job.id, desk.corpus):
        last = event
    assert last.progress.indexed == await desk.articles() == 40
    assert desk.standin.bot_messages(desk.general) == []


async def test_moderators_are_offered_to_ingest_an_article_that_is_not_here(
    desk: Server, running: Running
) -> None:
    message = await desk.ada.send(desk.general, desk.site.url("/news/21"))
    form = await desk.boss.context_menu(desk.general, "Ask about this", message)
    asked = await desk.boss.submit_modal(form, {"Your question": "What did Hanna Lind21 say?"})
    await asked.final(whole)
    await desk.standin.wait_until(lambda: len(asked.messages) == 2)
    offer = asked.messages[1]
    assert "hasn't been added here" in offer.text
    assert offer.is_ephemeral
    done = await (await desk.boss.press(offer, "Add it")).final(over)
    assert documents.title_of(21) in done.text
    form = await desk.ada.context_menu(desk.general, "Ask about this", message)
    asked = await desk.ada.submit_modal(form, {"Your question": "What did Hanna Lind21 say?"})
    assert "Hanna Lind21" in (await asked.final(whole)).text
    assert len(asked.messages) == 1
