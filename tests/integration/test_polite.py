"""Manners towards the sites that are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from retrieval.errors import FetchRefused
from retrieval.web.crawler import Crawler, RobotsRefused
from retrieval.web.fetcher import Fetcher
from tests.integration.newsroom import Clock
from tests.newsite import NewsSite


@pytest.fixture
def site() -> Iterator[NewsSite]:
    with NewsSite() as running:
        yield running


class _Web:
    """Pages politely fetched, with a clock that only goes on while somebody waits."""

    def __init__(self, fetcher: Fetcher) -> None:
        self.clock = Clock()
        self.waited: list[float] = []
        self.web = Crawler(
            fetcher, user_agent="Newsdesk/1", connections=4, clock=self.clock, sleep=self._sleep
        )

    async def _sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.clock.advance(seconds=seconds)
        await asyncio.sleep(0)


@pytest.fixture
async def here(site: NewsSite) -> AsyncIterator[_Web]:
    fetcher = Fetcher(allow=[site.allow], seconds=10, max_bytes=1_000_000, user_agent="Newsdesk/1")
    async with fetcher:
        yield _Web(fetcher)


async def test_a_site_is_given_the_time_between_requests_that_it_asks_for(
    site: NewsSite, here: _Web
) -> None:
    site.robots = "User-agent: *\nCrawl-delay: 3"
    await asyncio.gather(*(here.web.page(site.url(f"/news/{n}")) for n in range(4)))
    assert [round(seconds) for seconds in here.waited] == [3, 3, 3]
    assert site.most_at_once == 1
    assert site.paths(robots=True).count("/robots.txt") == 1


async def test_a_site_whose_rules_cannot_be_read_is_not_fetched_and_asked_again_later(
    site: NewsSite, here: _Web
) -> None:
    site.serve("/robots.txt", "down", status=503)
    for _ in range(2):
        with pytest.raises(FetchRefused, match=r"robots-unreadable .*503") as refused:
            await here.web.page(site.url("/news/1"))
        assert refused.value.retry
    assert site.paths(robots=True) == ["/robots.txt"]
    here.clock.advance(minutes=6)
    site.serve("/robots.txt", "User-agent: newsdesk\nDisallow: /news/", "text/plain")
    with pytest.raises(RobotsRefused):
        await here.web.page(site.url("/news/1"))
    # Who gives an address by hand asks for that page as a reader would.
    assert (await here.web.page(site.url("/news/1"), robots=False)).status == 200


async def test_a_redirect_costs_the_host_it_leads_to_no_more_than_any_request(
    site: NewsSite, here: _Web
) -> None:
    for n in range(9):
        site.serve(f"/round/{n}", "", status=302, headers={"Location": f"/round/{n + 1}"})
    with pytest.raises(FetchRefused, match="too-many-redirects"):
        await here.web.page(site.url("/round/0"))
    assert site.paths() == [f"/round/{n}" for n in range(6)]
    assert (await here.web.page(site.url("/moved/3"))).url == site.url("/news/3")
