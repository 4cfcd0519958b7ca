"""The audit: a job as one entry, filters, all pages, and all of it as a file."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator

import pytest

from retrieval.models import Article, IngestItem
from tests.discord_standin import Message
from tests.integration.discord.conftest import Start
from tests.integration.discord.looking import eventually
from tests.integration.discord.newsdesk_server import server
from tests.newsite import NewsSite


@pytest.fixture(scope="module")
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


def _entries(message: Message) -> list[str]:
    return [line for line in message.text.splitlines() if line.startswith("<t:")]


async def test_a_job_is_one_entry_with_what_came_of_it(start: Start, site: NewsSite) -> None:
    async with start(NEWSDESK_FETCH_ALLOW=site.allow) as running:
        desk = server(running, site)
        links = " ".join(site.url(f"/news/{n}") for n in (1, 2, 3))
        await desk.ingested("ingest url", links=f"{links} {site.url('/nothing')}")
        site.feed("/feed", [4, 5])
        await desk.do("feeds add", address=site.url("/feed"))
        await desk.do("feeds check", feed="1")

        async def came() -> bool:  # the poller may be reading it
            return await desk.articles() == 5

        await eventually(came)
        await desk.do("settings threads", on=True)
        shown = _entries(await desk.do("audit"))
        by_action = {re.findall(r"\*\*(.+?)\*\*", line)[0]: line for line in shown}
        assert len(shown) == len(by_action)
        threads = "setting: Opens a thread for each answer"
        assert set(by_action) == {threads, "articles were added", "added a feed", "started a job"}
        assert "3 new, 1 rejected" in by_action["started a job"]
        assert "2 new" in by_action["articles were added"]
        assert "feed 1" in by_action["articles were added"]
        # Details on wish: of everything, or of the job alone.
        whole = _entries(await desk.do("audit", details=True))
        assert sum("a new article" in line for line in whole) == 5
        of_job = _entries(await desk.do("audit", about="1", action="article"))
        assert len(of_job) == 3
        assert all("a new article" in line for line in of_job)


async def test_the_audit_is_filtered_by_person_action_and_time(
    start: Start, site: NewsSite
) -> None:
    async with start() as running:
        desk = server(running, site)
        eve = running.standin.member(desk.guild, "Eve", moderator=True)
        await desk.do("settings threads", on=True)
        await (await eve.slash(desk.general, "settings private", on=True)).final()
        await (await eve.slash(desk.general, "settings language", language="en")).final()
        assert len(_entries(await desk.do("audit"))) == 3
        hers = _entries(await desk.do("audit", person=eve))
        assert ["setting: Language" in line for line in hers] == [True, False]
        assert len(_entries(await desk.do("audit", action="settings"))) == 3
        assert (
            len(_entries(await desk.do("audit", action="settings.threads", person=desk.boss))) == 1
        )
        assert "No actions found" in (await desk.do("audit", action="set")).text
        assert len(_entries(await desk.do("audit", since="2026-03-05", until="2026-03-05"))) == 3
        assert "No actions found" in (await desk.do("audit", until="yesterday")).text
        assert "isn't a date" in (await desk.do("audit", since="once upon")).text
        choices = await desk.boss.autocomplete(desk.general, "audit", option="action", typed="priv")
        assert [(choice.name, choice.value) for choice in choices] == [
            ("setting: Answers are private by default", "settings.private")
        ]


async def test_all_pages_can_be_turned_to_and_all_of_it_had_as_a_file(
    start: Start, site: NewsSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start() as running:
        desk = server(running, site)
        articles = [
            Article(f"=1+1 Town {n} opens a bridge", f"Town {n} opened a bridge.")
            for n in range(30)
        ]
        await running.bring_in(
            desk.guild, [IngestItem(f"=1+1 {n} Brücke über Ä", a) for n, a in enumerate(articles)]
        )
        shown = await desk.do("audit", details=True)
        seen = _entries(shown)
        while not shown.component("Next").get("disabled"):
            shown = await (await desk.boss.press(shown, "Next")).final()
            seen += _entries(shown)
        assert len(seen) == len(set(seen)) == 30
        assert "page 4 of 4" in str(shown.embeds)
        assert len(_entries(await desk.do("audit"))) == 1
        given = await desk.do("audit", details=True, as_file=True)
        [file] = given.attachments
        assert file.filename == "audit.csv"
        rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert rows[0] == ["at", "who", "where", "action", "subject", "detail"]
        assert len(rows) == 31
        assert all(row[5].startswith("'=1+1") for row in rows[1:])
        # As many entries as fit, each whole.
        monkeypatch.setattr(sys.modules["bot.cogs.audit"], "_MOST_BYTES", 1_500)
        given = await desk.do("audit", details=True, as_file=True)
        [file] = given.attachments
        assert 1_400 < len(file.content) <= 1_500
        fitting = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig"))))
        assert fitting == rows[: len(fitting)]
        assert f"{len(fitting) - 1} entries" in given.text
