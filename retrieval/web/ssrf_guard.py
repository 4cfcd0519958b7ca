"""Connect only to addresses that were resolved once, found public and pinned."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Iterable

import httpcore

from retrieval.errors import FetchRefused
from retrieval.web.ip_addresses import is_public, literal_address

# From a host's name and a port to its IP addresses, best first; an OSError if there is none.
Resolver = Callable[[str, int], Awaitable[list[str]]]

_TRIED = 4


async def look_up(host: str, port: int) -> list[str]:
    """Resolve a host with the operating system."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a host once, refuses private addresses and connects to the checked ones.

    TLS still uses the host name, so certificates are verified as usual. ``allow`` contains each
    ``host`` or ``host:port`` that may be private.
    """

    def __init__(
        self, allow: frozenset[str], resolve: Resolver, network: httpcore.AsyncNetworkBackend
    ) -> None:
        self._allow = allow
        self._resolve = resolve
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        ends = time.monotonic() + (timeout or 3600)
        addresses = await self._addresses(host, port, timeout)
        if not self._is_allowed(host, port) and not all(map(is_public, addresses)):
            raise FetchRefused("host-not-public", host=host)
        failure: Exception = FetchRefused("host-without-address", host=host)
        for count, address in enumerate(addresses[:_TRIED], 1):
            left = ends - time.monotonic()
            tries_left = min(len(addresses), _TRIED) - count + 1
            try:
                return await self._network.connect_tcp(
                    address,
                    port,
                    timeout=max(0.1, left / tries_left),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        raise FetchRefused("not-a-network-address")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            if literal := literal_address(host):
                return [literal]
        except ValueError as error:
            raise FetchRefused("not-an-address", address=host) from error
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(f"looking up {host} took too long") from error
        except (OSError, UnicodeError) as error:
            raise FetchRefused("host-unknown", host=host, retry=True) from error
        return addresses

    def _is_allowed(self, host: str, port: int) -> bool:
        host = host.lower().strip("[]")
        name = f"[{host}]" if ":" in host else host
        return bool(self._allow & {host, name, f"{name}:{port}"})
