"""Fetch politely: one request per host at a time, with robots.txt and requests to wait respected."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from protego import Protego

from retrieval.errors import FetchRefused, InvalidURL, Note
from retrieval.timestamps import Clock, clock_went_back, utc_now
from retrieval.web import FEEDS, PAGES, Fetched
from retrieval.web.host_turns import HostTurn, SharedHosts, TurnLost
from retrieval.web.redirects import RedirectChain, RedirectSeen
from retrieval.web.urls import split_http_url

Result = TypeVar("Result")
Sleep = Callable[[float], Awaitable[None]]

_HOSTS = 2_000
_ROBOTS_BYTES = 512_000
_ROBOTS_LIFE = timedelta(hours=12)
# After it could not be read.
_ROBOTS_RETRY = timedelta(minutes=5)
_LONGEST_DELAY = 10.0
# A host that wants to be left alone for no longer than this is waited for.
_SHORT_WAIT = 5.0


class FetchFunction(Protocol):
    """The part of ``Fetcher`` that the crawler needs."""

    async def get(
        self,
        url: str,
        *,
        accept: str = ...,
        etag: str | None = None,
        last_modified: str | None = None,
        max_bytes: int | None = None,
        journey: RedirectChain | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> Fetched: ...


class RobotsRefused(FetchRefused):
    """The site's robots.txt doesn't allow this page to be fetched."""


@dataclass
class _HostState:
    name: str
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    robots: Protego | None = None
    robots_until: datetime | None = None
    robots_error: FetchRefused | None = None
    last_at: datetime | None = None
    retry_after: datetime | None = None
    # Where other processes ask it too: the turn of this one, and which robots.txt is known.
    shared: HostTurn | None = None
    robots_version: int | None = None


class _PageRequest(NamedTuple):
    """What is asked for at each address of a journey."""

    accept: str
    etag: str | None
    last_modified: str | None
    max_bytes: int | None
    robots: bool


class Crawler:
    """Fetches many pages of a site politely. A process should share one.

    ``connections`` limits the requests in progress, over all hosts. ``shared`` is for hosts that
    other processes send requests to as well.
    """

    def __init__(
        self,
        fetcher: FetchFunction,
        *,
        user_agent: str,
        connections: int,
        clock: Clock = utc_now,
        sleep: Sleep = asyncio.sleep,
        shared: SharedHosts | None = None,
    ) -> None:
        self._shared = shared
        self._fetcher = fetcher
        self._name = user_agent.split("/")[0].split()[0] if user_agent.strip() else "*"
        self._slots = asyncio.Semaphore(connections)
        self._clock = clock
        self._sleep = sleep
        self._hosts: OrderedDict[str, _HostState] = OrderedDict()

    async def page(self, url: str, *, robots: bool = True, max_bytes: int | None = None) -> Fetched:
        """Fetch a page. Pass ``robots=False`` for a page that a person asks for by its URL.

        Raise ``FetchRefused``, or ``RobotsRefused`` for a page that robots.txt excludes.
        """
        return await self._get(url, _PageRequest(PAGES, None, None, max_bytes, robots))

    async def feed(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        max_bytes: int | None = None,
    ) -> Fetched:
        """Fetch a feed if it has changed. Raises like ``page``."""
        return await self._get(
            url, _PageRequest(FEEDS, etag, last_modified, max_bytes, robots=True)
        )

    async def sitemaps(self, url: str) -> list[str]:
        """Return the sitemaps that the host's robots.txt names."""
        host = self._host(url)

        async def read() -> Protego:
            async with self._slots:
                return await self._robots(host, url)

        return list((await self._in_turn(host, read)).sitemaps)

    async def _get(self, url: str, wanted: _PageRequest) -> Fetched:
        journey = RedirectChain()
        while True:
            try:
                return await self._step(url, wanted, journey)
            except RedirectSeen as redirected:
                # The host there gets the same manners as if a feed had named it.
                url = redirected.url

    async def _step(self, url: str, wanted: _PageRequest, journey: RedirectChain) -> Fetched:
        host = self._host(url)
        return await self._in_turn(host, lambda: self._ask(host, url, wanted, journey))

    async def _in_turn(self, host: _HostState, work: Callable[[], Awaitable[Result]]) -> Result:
        while True:
            try:
                # The host's turn first: who waits for one holds no connection.
                async with self._turn(host):
                    return await work()
            except TurnLost:
                continue  # the page wasn't asked for; at most robots.txt was

    async def _ask(
        self, host: _HostState, url: str, wanted: _PageRequest, journey: RedirectChain
    ) -> Fetched:
        try:
            await self._wait_until_welcome(host)
            async with self._slots:
                if wanted.robots:
                    await self._check_robots(host, url)
                return await self._fetcher.get(
                    url,
                    accept=wanted.accept,
                    etag=wanted.etag,
                    last_modified=wanted.last_modified,
                    max_bytes=wanted.max_bytes,
                    journey=journey,
                    before_sending=_check_of(host),
                )
        except FetchRefused as error:
            if error.retry_after and error.status is not None:
                host.retry_after = self._clock() + timedelta(seconds=error.retry_after)
                if self._shared is not None and host.shared is not None:
                    await self._shared.keep_retry_after(host.shared, error.retry_after)
            raise
        finally:
            host.last_at = self._clock()

    @contextlib.asynccontextmanager
    async def _turn(self, host: _HostState) -> AsyncIterator[None]:
        """Be the only one to send requests to a host: in this process, and of all that share it."""
        host.waiting += 1
        try:
            async with host.turn:
                await self._take_turn(host)
                yield
        finally:
            host.waiting -= 1
            self._end_turn(host)

    async def _take_turn(self, host: _HostState) -> None:
        """Take the turn among processes, unless this one has it still, and learn what others know."""
        if self._shared is None or host.shared is not None:
            return
        host.shared = await self._shared.take(host.name, host.robots_version)
        now, news = self._clock(), host.shared.news
        if news.last_seconds is not None:
            host.last_at = now - timedelta(seconds=news.last_seconds)
        if news.retry_seconds is not None:
            host.retry_after = now + timedelta(seconds=news.retry_seconds)
        if (known := news.robots) is not None:
            host.robots = None if known.text is None else Protego.parse(known.text)
            host.robots_error = FetchRefused.of(known.reason) if known.reason is not None else None
            host.robots_until = now + timedelta(seconds=known.seconds)
            host.robots_version = known.version

    def _end_turn(self, host: _HostState) -> None:
        """Give the turn among processes back, unless somebody here asks the host next."""
        if self._shared is None or host.shared is None or host.turn.locked():
            return
        if not host.waiting or host.shared.is_over:
            turn, host.shared = host.shared, None
            last = None
            if host.last_at is not None:
                last = (self._clock() - host.last_at).total_seconds()
            self._shared.give_back(turn, last)

    async def _wait_until_welcome(self, host: _HostState) -> None:
        if clock_went_back(host.last_at, self._clock()):
            host.last_at = host.retry_after = host.robots_until = None
        if host.retry_after is not None:
            seconds = (host.retry_after - self._clock()).total_seconds()
            if seconds > _SHORT_WAIT:
                raise FetchRefused(
                    "host-backoff",
                    until=f"{host.retry_after:%Y-%m-%d %H:%M}",
                    retry=True,
                    retry_after=seconds,
                )
            await self._sleep(max(0.0, seconds))
            host.retry_after = None
        delay = host.robots.crawl_delay(self._name) if host.robots else None
        if delay and host.last_at is not None:
            passed = (self._clock() - host.last_at).total_seconds()
            await self._sleep(max(0.0, min(float(delay), _LONGEST_DELAY) - passed))

    async def _check_robots(self, host: _HostState, url: str) -> None:
        robots = await self._robots(host, url)
        if not robots.can_fetch(url, self._name):
            raise RobotsRefused("robots-disallowed")

    async def _robots(self, host: _HostState, url: str) -> Protego:
        now = self._clock()
        if host.robots_until is None or host.robots_until <= now:
            parts = urlsplit(url)
            host.robots, host.robots_error = None, None
            text = ""
            try:
                answer = await self._fetcher.get(
                    f"{parts.scheme}://{parts.netloc}/robots.txt",
                    accept="text/plain,*/*;q=0.5",
                    max_bytes=_ROBOTS_BYTES,
                    before_sending=_check_of(host),
                )
                text = answer.content.decode("utf-8", "replace")
                host.robots = Protego.parse(text)
            except FetchRefused as error:
                # No such file means that nothing is forbidden; no answer means nothing yet.
                if error.retry:
                    host.robots_error = error
                else:
                    host.robots = Protego.parse("")
            life = _ROBOTS_RETRY if host.robots_error else _ROBOTS_LIFE
            host.robots_until = now + life
            if self._shared is not None and host.shared is not None:
                failed = host.robots_error
                host.robots_version = await self._shared.keep_robots(
                    host.shared,
                    text if failed is None else None,
                    None if failed is None else failed.note,
                    life.total_seconds(),
                )
        if host.robots is None:
            reason = host.robots_error.note if host.robots_error else Note("no-answer")
            raise FetchRefused("robots-unreadable", reason=reason, retry=True)
        return host.robots

    def _host(self, url: str) -> _HostState:
        try:
            parts = split_http_url(url)
        except InvalidURL as error:
            raise FetchRefused.of(error.note) from error
        key = f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port}"
        host = self._hosts.setdefault(key, _HostState(key))
        self._hosts.move_to_end(key)
        if len(self._hosts) > _HOSTS:
            idle = next(
                (k for k, h in self._hosts.items() if not h.waiting and h is not host), None
            )
            if idle is not None:
                del self._hosts[idle]
        return host


def _check_of(host: _HostState) -> Callable[[], None] | None:
    return None if host.shared is None else host.shared.require_current
