"""Fetch one URL with GET, its redirects and its limits."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import httpcore
import httpx

from retrieval.errors import FetchRefused, InvalidURL
from retrieval.timestamps import Clock, utc_now
from retrieval.web.redirects import MAX_REDIRECTS, RedirectChain, RedirectSeen
from retrieval.web.responses import (
    PAGES,
    Fetched,
    content_type,
    read_bounded,
    relevant_headers,
    retry_after,
)
from retrieval.web.ssrf_guard import PinnedBackend, Resolver, look_up
from retrieval.web.urls import split_http_url

_CONNECT_SECONDS = 10.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})


class Fetcher:
    """Fetches single URLs. Close it, or use it as an asynchronous context manager.

    ``allow`` lists hosts (``host`` or ``host:port``) that may be fetched although their address is
    private. ``seconds`` limits a whole fetch, ``max_bytes`` its unpacked content, and
    ``connections`` the number of concurrent fetches; others wait. ``resolve`` and ``network`` are
    for tests.
    """

    def __init__(
        self,
        *,
        allow: Iterable[str] = (),
        seconds: float,
        max_bytes: int,
        user_agent: str,
        connections: int = 20,
        resolve: Resolver = look_up,
        network: httpcore.AsyncNetworkBackend | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._user_agent = user_agent
        self._clock = clock
        self._slots = asyncio.Semaphore(connections)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            network_backend=PinnedBackend(
                frozenset(host.lower() for host in allow),
                resolve,
                network or httpcore.AnyIOBackend(),
            ),
            max_connections=connections,
            keepalive_expiry=5.0,
        )

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def get(
        self,
        url: str,
        *,
        accept: str = PAGES,
        etag: str | None = None,
        last_modified: str | None = None,
        max_bytes: int | None = None,
        journey: RedirectChain | None = None,
        before_sending: Callable[[], None] | None = None,
    ) -> Fetched:
        """Fetch ``url``; with ``etag`` or ``last_modified``, only if it has changed.

        Redirects are followed. With a ``journey``, this is one step of it, and a redirect raises
        ``RedirectSeen``. ``before_sending`` is called as the last thing before each request is
        written; what it raises ends the fetch.

        Raise ``FetchRefused``, with a reason to show, for anything but a response. It has
        ``retry``, the HTTP ``status`` if there was one, and ``retry_after`` in seconds.
        """
        headers = {
            "User-Agent": self._user_agent,
            "Accept": accept,
            "Accept-Encoding": "gzip, deflate",
        }
        if etag:
            headers["If-None-Match"] = etag
        if last_modified:
            headers["If-Modified-Since"] = last_modified
        most = max_bytes or self._max_bytes
        async with self._slots:
            loop = asyncio.get_running_loop()
            started = loop.time()
            try:
                if journey is not None:
                    async with asyncio.timeout(max(0.0, self._seconds - journey.seconds)):
                        return await self._step(url, headers, most, journey, before_sending)
                async with asyncio.timeout(self._seconds):
                    return await self._follow(url, headers, most, before_sending)
            except (TimeoutError, httpcore.TimeoutException) as error:
                raise FetchRefused("fetch-timeout", seconds=self._seconds, retry=True) from error
            except (httpcore.ProtocolError, httpcore.ReadError) as error:
                raise FetchRefused("connection-broken", retry=True) from error
            except (httpcore.NetworkError, OSError, ssl.SSLError) as error:
                reason = str(error)[:200] or type(error).__name__
                raise FetchRefused("host-unreachable", detail=reason, retry=True) from error
            finally:
                if journey is not None:
                    journey.seconds += loop.time() - started

    async def _follow(
        self,
        url: str,
        headers: dict[str, str],
        max_bytes: int,
        before_sending: Callable[[], None] | None,
    ) -> Fetched:
        journey = RedirectChain()
        while True:
            try:
                return await self._step(url, headers, max_bytes, journey, before_sending)
            except RedirectSeen as redirected:
                url = redirected.url

    async def _step(
        self,
        url: str,
        headers: dict[str, str],
        max_bytes: int,
        journey: RedirectChain,
        before_sending: Callable[[], None] | None,
    ) -> Fetched:
        # Some sites ask for their own cookie back before they answer; it lives as long as this.
        cookies = journey.cookies
        request = httpx.Request("GET", _checked(url), headers=headers, cookies=cookies)
        async with self._pool.stream(
            "GET",
            httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            extensions=self._extensions(before_sending),
        ) as answer:
            response = httpx.Response(answer.status, headers=answer.headers, request=request)
            if answer.status in _REDIRECTS and (location := response.headers.get("location")):
                journey.redirects += 1
                journey.permanent = journey.permanent and answer.status in _PERMANENT
                if journey.redirects > MAX_REDIRECTS:
                    raise FetchRefused("too-many-redirects", most=MAX_REDIRECTS)
                cookies.extract_cookies(response)
                raise RedirectSeen(_joined(request.url, location))
            kept = relevant_headers(answer.headers)
            if answer.status == 304 and headers.keys() & {"If-None-Match", "If-Modified-Since"}:
                return Fetched(str(request.url), b"", "", None, 304, kept)
            if answer.status != 200:
                raise FetchRefused(
                    "http-status",
                    answer=_named(answer.status),
                    retry=answer.status in _RETRIED,
                    status=answer.status,
                    retry_after=retry_after(kept, self._clock()),
                )
            kind, charset = content_type(kept)
            content = await read_bounded(
                answer.aiter_stream(), response.headers.get("content-encoding", ""), max_bytes
            )
            moved = journey.redirects > 0 and journey.permanent
            return Fetched(str(request.url), content, kind, charset, 200, kept, moved)

    def _extensions(self, before_sending: Callable[[], None] | None) -> dict[str, Any]:
        seconds = self._seconds
        timeouts = {
            "connect": min(seconds, _CONNECT_SECONDS),
            "read": seconds,
            "write": seconds,
            "pool": seconds,
        }
        if before_sending is None:
            return {"timeout": timeouts}

        async def trace(event: str, _: object) -> None:
            if event.endswith("send_request_headers.started"):
                before_sending()

        return {"timeout": timeouts, "trace": trace}


def _checked(url: str) -> httpx.URL:
    """The URL as it will be asked for, which both parsers must read in the same way."""
    try:
        parts = split_http_url(url)
        parsed = httpx.URL(url.strip())
    except InvalidURL as error:
        raise FetchRefused.of(error.note) from error
    except (ValueError, httpx.InvalidURL, UnicodeError) as error:
        raise FetchRefused("url-unreadable") from error
    if parsed.userinfo:
        raise FetchRefused("url-has-credentials")
    if not parsed.host or parsed.scheme != parts.scheme.lower():
        raise FetchRefused("url-unreadable")
    return parsed


def _joined(base: httpx.URL, location: str) -> str:
    try:
        return str(base.join(location))
    except (httpx.InvalidURL, ValueError, UnicodeError) as error:
        raise FetchRefused("redirect-unreadable") from error


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
