"""Fetching from the web without being led astray.

Only http and https; every connection, redirects included, goes to an address that was resolved
once, found public and pinned; redirects, time and size are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from types import TracebackType

import httpcore
import httpx

from retrieval.decoding import describe_size
from retrieval.errors import FetchRefused
from retrieval.urls import split_http_url

MAX_REDIRECTS = 5

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_CONNECT_SECONDS = 10.0

_HTTPCORE_TO_HTTPX: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
    (httpcore.NetworkError, httpx.NetworkError),
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: ``url`` is the last one of the redirects, ``content`` is unpacked."""

    url: str
    content: bytes
    content_type: str
    charset: str | None


def is_public(address: str) -> bool:
    """Whether an IP address may be fetched from, also where it wraps an IPv4 address."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class Fetcher:
    """Fetches single URLs. Close it, or use it as an asynchronous context manager.

    ``allow`` names hosts (``host`` or ``host:port``) that may be reached although private;
    ``seconds`` bounds a whole fetch, ``max_bytes`` its unpacked content.
    """

    def __init__(
        self, *, allow: Iterable[str] = (), seconds: float, max_bytes: int, user_agent: str
    ) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._client = httpx.AsyncClient(
            transport=_PinnedTransport(frozenset(host.lower() for host in allow)),
            headers={
                "User-Agent": user_agent,
                "Accept": "text/html,application/xhtml+xml,*/*;q=0.5",
            },
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS)),
        )

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def get(self, url: str) -> Fetched:
        """Fetch ``url``. Raises ``FetchRefused`` with a reason to show for anything but an answer."""
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise FetchRefused(
                f"no whole answer came within {self._seconds:g} s", retry=True
            ) from error
        except httpx.RemoteProtocolError as error:
            raise FetchRefused(
                "the server broke off or sent no valid answer", retry=True
            ) from error
        except httpx.DecodingError as error:
            raise FetchRefused("the answer can't be unpacked") from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            reason = str(error) or type(error).__name__
            raise FetchRefused(f"the server can't be reached ({reason})", retry=True) from error

    async def _follow(self, url: str) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            try:
                split_http_url(url)
            except ValueError as error:
                raise FetchRefused(str(error)) from error
            async with self._client.stream("GET", url) as response:
                if response.is_redirect and response.has_redirect_location:
                    url = str(response.url.join(response.headers["location"]))
                    continue
                if response.status_code != 200:
                    phrase = f" {response.reason_phrase}" if response.reason_phrase else ""
                    raise FetchRefused(
                        f"the server answered {response.status_code}{phrase}",
                        retry=response.status_code in {408, 425, 429} or response.is_server_error,
                    )
                content_type = response.headers.get("content-type", "").partition(";")[0]
                return Fetched(
                    url=str(response.url),
                    content=await self._read(response),
                    content_type=content_type.strip().lower(),
                    charset=response.charset_encoding,
                )
        raise FetchRefused(f"it redirects more than {MAX_REDIRECTS} times")

    async def _read(self, response: httpx.Response) -> bytes:
        content = bytearray()
        async for chunk in response.aiter_bytes():
            content += chunk
            if len(content) > self._max_bytes:
                raise FetchRefused(f"the page is larger than {describe_size(self._max_bytes)}")
        return bytes(content)


class _PinnedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a host once, refuses addresses that are not public and connects to the one checked.

    TLS still names the host, so certificates are checked as ever.
    """

    def __init__(self, allow: frozenset[str]) -> None:
        self._allow = allow
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = await asyncio.get_running_loop().getaddrinfo(
                    host, port, type=socket.SOCK_STREAM
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"looking up {host} took too long") from error
        except (OSError, UnicodeError) as error:
            raise FetchRefused(f"there is no host called {host}", retry=True) from error
        addresses = [str(entry[4][0]) for entry in found]
        if not self._is_allowed(host, port) and not all(map(is_public, addresses)):
            raise FetchRefused(
                f"{host} is not a public address; NEWSDESK_FETCH_ALLOW can allow it by name"
            )
        return await self._backend.connect_tcp(
            addresses[0], port, timeout=timeout, local_address=local_address,
            socket_options=socket_options,
        )  # fmt: skip

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        raise FetchRefused("only network addresses are fetched")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _is_allowed(self, host: str, port: int) -> bool:
        host = host.lower().strip("[]")
        name = f"[{host}]" if ":" in host else host
        return bool(self._allow & {host, name, f"{name}:{port}"})


class _PinnedTransport(httpx.AsyncBaseTransport):
    def __init__(self, allow: frozenset[str]) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            network_backend=_PinnedBackend(allow),
            max_connections=20,
            keepalive_expiry=5.0,
        )

    async def __aenter__(self) -> _PinnedTransport:
        await self._pool.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        await self._pool.__aexit__(exc_type, exc_value, traceback)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        inner = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        try:
            answer = await self._pool.handle_async_request(inner)
        except Exception as error:
            raise _translated(error) from error
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer),
            extensions=answer.extensions,
        )


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._answer.aiter_stream():
                yield chunk
        except Exception as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        await self._answer.aclose()


def _translated(error: Exception) -> Exception:
    for theirs, ours in _HTTPCORE_TO_HTTPX:
        if isinstance(error, theirs):
            return ours(str(error))
    return error
