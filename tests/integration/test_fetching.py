"""Fetching meets a web that lies: every address, answer and redirect here comes from a real server."""

from __future__ import annotations

import itertools
import logging
from urllib.parse import quote

import pytest

from retrieval.errors import FetchRefused
from retrieval.web import FEEDS
from retrieval.web.fetcher import Fetcher
from tests.integration.hostile_site import EverythingHere, Names, fetcher, raw, serve

# What is written where a host stands, for addresses that are nobody's business.
_FORBIDDEN_HOSTS = [
    # Loopback, in every spelling that the C library or a browser knows.
    "127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "017700000001", "0x7f000001", "0x7F.0.0.1", "0x7f.1",
    "0177.0.0.1", "0177.0.0.01", "0x7f.0x0.0x0.0x1", "127.0.0.1.", "0", "0.0.0.0", "0x0", "00000000000", "localhost", "LOCALHOST.",
    "www.localhost.example", "127。0。0。1", "127．0．0．1", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "⑯⑨。②⑤④。⑯⑨｡②⑤④", "%31%32%37.0.0.1", "127.0.0.1%00.example.com",
    # Private, shared, link-local, multicast, reserved, for documents, for benchmarks.
    "10.0.0.1", "10.1", "167772161", "0xa.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "3232235777", "0300.0250.1.1",
    "100.64.0.1", "169.254.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    # Where clouds keep their secrets.
    "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "100.100.100.200", "168.63.129.16",
    "metadata.google.internal", "[fd00:ec2::254]",
    # IPv6, and IPv4 inside of it.
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::FFFF:169.254.169.254]", "[::127.0.0.1]", "[::7f00:1]",
    "[::ffff:0:127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]", "[::1%25lo]", "[fec0::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]",
    "[2002:7f00:1::]", "[2002:a00:1::1]", "[2001:0:53aa:64c:0:5efe:80ff:fffe]", "[2001:db8::1]", "[3fff::1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::7f00:1]", "[64:ff9b:1:ffff::a9fe:a9fe]", "[100::1]", "[5f00::1]",
    # Names that somebody else points where he likes.
    "inside.example", "mixed.example", "wrapped.example", "nat64.example", "127.0.0.1.nip.example",
    # No addresses at all.
    "127.0.0.1.1", "0x7f.0.0.0.1", "127.0.0.256", "example.08", "127.0.0.0x", "10.2.3", "[::1", "[::1]x", "", ".", "..",
]  # fmt: skip
_FORBIDDEN_URLS = [
    "http://user:secret@127.0.0.1/", "http://8.8.8.8@127.0.0.1/", "http://127.0.0.1@8.8.8.8/", "http://8.8.8.8\\@127.0.0.1/", "http://127.0.0.1\\@8.8.8.8/",
    "http://8.8.8.8:80@127.0.0.1/", "http://127.0.0.1#@8.8.8.8/", "http://127.0.0.1?@8.8.8.8/", "http://127.0.0.1:80\t/", "http://127.0.0.1\n/",
    "http:127.0.0.1/", "http:/127.0.0.1/", "//127.0.0.1/", "http:\\\\127.0.0.1/", "file:///etc/passwd", "ftp://8.8.8.8/", "gopher://127.0.0.1:6379/_INFO", "data:text/html,x",
    "javascript:alert(1)", "unix:///run/x.sock", "dict://127.0.0.1/", "jar:http://127.0.0.1!/", "http://8.8.8.8:99999/", "http://8.8.8.8:-1/", "http://127.0.0.1:0/",
]  # fmt: skip


def _names() -> Names:
    return Names(
        localhost=[["127.0.0.1"]],
        www_localhost_example=[["::1"]],
        metadata_google_internal=[["169.254.169.254"]],
        inside_example=[["10.0.0.5"]],
        mixed_example=[["8.8.8.8", "192.168.0.1"]],
        wrapped_example=[["::ffff:10.0.0.1"]],
        nat64_example=[["64:ff9b::a9fe:a9fe"]],
        **{"127_0_0_1_nip_example": [["127.0.0.1"]]},
        public_example=[["8.8.8.8"]],
        rebinding_example=[["8.8.8.8"], ["127.0.0.1"]],
        flapping_example=[["127.0.0.1"], ["8.8.8.8"]],
    )


def _guarded(network: EverythingHere, names: Names) -> Fetcher:
    return Fetcher(
        seconds=5, max_bytes=1_000_000, user_agent="test", resolve=names, network=network
    )


async def test_none_of_the_spellings_of_a_forbidden_address_is_fetched_directly_or_by_a_redirect() -> (
    None
):
    urls = [f"http://{host}/story" for host in _FORBIDDEN_HOSTS] + _FORBIDDEN_URLS
    urls += [f"https://{host}/story" for host in ("127.1", "[::1]", "inside.example")]
    assert len(set(urls)) >= 60
    async with serve() as port:
        network = EverythingHere(port)
        async with _guarded(network, _names()) as guarded:
            for url in urls:
                with pytest.raises(FetchRefused) as refused:
                    await guarded.get(url)
                assert "secret" not in str(refused.value), url
            assert network.addresses == []
            for url in urls:
                if url.startswith(("http:127", "http:/127", "http:///")) or "\n" in url:
                    continue  # relative to the page that redirects, or unable to stand in a header
                with pytest.raises(FetchRefused):
                    await guarded.get(f"http://public.example/to?url={quote(url, safe='')}")
        assert set(network.addresses) == {"8.8.8.8"}


async def test_public_addresses_are_fetched_at_the_address_that_was_looked_up() -> None:
    public = {
        "http://public.example/story": "8.8.8.8", "http://8.8.4.4/story": "8.8.4.4", "http://134744072/story": "8.8.8.8",
        "http://[2606:4700::1111]/story": "2606:4700::1111", "http://[64:ff9b::808:808]/story": "64:ff9b::808:808",
        "http://PUBLIC.example./story": "8.8.8.8",
    }  # fmt: skip
    async with serve() as port:
        for url, address in public.items():
            network = EverythingHere(port)
            async with _guarded(network, _names()) as guarded:
                assert b"Anna Berg" in (await guarded.get(url)).content
            assert network.addresses == [address]


async def test_a_name_that_changes_between_two_look_ups_never_leads_inside() -> None:
    async with serve() as port:
        network = EverythingHere(port)
        names = _names()
        async with _guarded(network, names) as guarded:
            assert (await guarded.get("http://rebinding.example/story")).status == 200
        async with _guarded(network, names) as guarded:
            with pytest.raises(FetchRefused, match="host-not-public"):
                await guarded.get("http://rebinding.example/story")
        async with _guarded(network, names) as guarded:
            with pytest.raises(FetchRefused):
                await guarded.get("http://flapping.example/story")
        assert network.addresses == ["8.8.8.8"]


async def test_a_host_that_the_setting_names_is_reached_and_no_other_port_of_it() -> None:
    async with serve() as port, serve() as other, fetcher(port) as allowed:
        assert (await allowed.get(f"http://127.0.0.1:{port}/story")).status == 200
        with pytest.raises(FetchRefused, match="host-not-public"):
            await allowed.get(f"http://127.0.0.1:{other}/story")
        with pytest.raises(FetchRefused, match="host-not-public"):
            await allowed.get(f"http://127.0.0.1:{port}/to?url=http://127.0.0.1:{other}/story")


async def test_credentials_stand_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with serve() as port, fetcher(port) as allowed:
        with pytest.raises(FetchRefused, match="url-has-credentials") as refused:
            await allowed.get(f"http://user:hunter2@127.0.0.1:{port}/story")
    assert "hunter2" not in caplog.text + str(refused.value)


async def test_what_has_not_changed_is_not_sent_again() -> None:
    async with serve() as port, fetcher(port) as client:
        url = f"http://127.0.0.1:{port}/cached"
        first = await client.get(url)
        assert first.headers["cache-control"] == "max-age=60"
        again = await client.get(
            url, etag=first.headers["etag"], last_modified=first.headers["last-modified"]
        )
        assert (again.status, again.not_modified, again.content) == (304, True, b"")
        changed = await client.get(url, etag='"v0"')
        assert b"Anna Berg" in changed.content


async def test_the_final_address_and_the_asked_kinds_are_told() -> None:
    async with serve() as port, fetcher(port) as client:
        base = f"http://127.0.0.1:{port}"
        assert (await client.get(f"{base}/to?url=/story")).url == f"{base}/story"
        asked = (await client.get(f"{base}/asked", accept=FEEDS)).content.decode()
        assert "application/rss+xml" in asked
        assert "contact@example.com" in asked
        assert b"Anna Berg" in (await client.get(f"{base}/cookie")).content


@pytest.mark.parametrize("how", ["gzip", "deflate", "raw"])
async def test_packed_answers_are_unpacked(how: str) -> None:
    async with serve() as port, fetcher(port) as client:
        found = await client.get(f"http://127.0.0.1:{port}/packed/{how}")
        assert found.content.decode().endswith("</html>")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("bomb", "page-too-large .*1 MB"), ("round/1", "too-many-redirects"), ("cut", "connection-broken|response-truncated"),
        ("brotli", "response-encoding-unexpected"), ("kind?is=video/mp4", "video/mp4"), ("kind?is=application/zip", "application/zip"),
        ("kind?is=image/svg%2Bxml2", "image/svg"), ("status/500", "500 Internal Server Error"), ("status/404", "404 Not Found"),
        ("status/304", "304"), ("status/204", "204"), ("to?url=ftp://8.8.8.8/x", "url-not-http"),
    ],
)  # fmt: skip
async def test_answers_that_nobody_can_use_are_refused_with_the_reason(
    path: str, reason: str
) -> None:
    async with serve() as port, fetcher(port) as client:
        with pytest.raises(FetchRefused, match=reason) as refused:
            await client.get(f"http://127.0.0.1:{port}/{path}")
        assert "<script>" not in str(refused.value)
        assert (await client.get(f"http://127.0.0.1:{port}/story")).status == 200


async def test_a_busy_server_says_when_to_come_back() -> None:
    async with serve() as port, fetcher(port) as client:
        week = 604_800.0
        for after, seconds in (
            ("120", 120.0),
            ("Fri, 01 Jan 2100 00:00:00 GMT", week),
            ("99999999999", week),
            ("Fri, 01 Jan 1999 00:00:00 GMT", 0.0),
            ("soon", None),
        ):
            with pytest.raises(FetchRefused, match="503") as refused:
                await client.get(f"http://127.0.0.1:{port}/busy?after={after}")
            assert refused.value.retry
            assert (refused.value.status, refused.value.retry_after) == (503, seconds)


_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "pause", "reason"),
    [
        pytest.param([_HEAD, *[b"X-Pad: " + b"a" * 1000 + b"\r\n"] * 100_000], 0, "connection-broken", id="endless headers"),
        pytest.param([_HEAD + b"X: " + b"a" * 10_000] * 1000, 0, "connection-broken", id="a header without an end"),
        pytest.param([_HEAD + b"\r\n", *[b"a" * 65_536] * 100_000], 0, "page-too-large", id="an endless page"),
        pytest.param([_CHUNKED, *[b"10000\r\n" + b"a" * 65_536 + b"\r\n"] * 100_000], 0, "page-too-large", id="endless chunks"),
        pytest.param([_CHUNKED, b"1;" + b"x" * 1_000_000], 0, "connection-broken", id="a chunk that never begins"),
        pytest.param([b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 1_000_000, 0.001, "fetch-timeout", id="hints for ever"),
        pytest.param([_HEAD + b"\r\n", *[b"a"] * 1000], 0.05, "fetch-timeout", id="a letter at a time"),
        pytest.param([bytes([each]) for each in _HEAD * 10], 0.05, "fetch-timeout", id="a header at a time"),
        pytest.param([b""] * 100, 0.05, "fetch-timeout", id="silence"),
        pytest.param([_HEAD + b"Content-Length: 100\r\n\r\nshort"], 0, "connection-broken", id="less than promised"),
        pytest.param([b"SSH-2.0-OpenSSH_9.6\r\n"], 0, "connection-broken", id="another protocol"),
        pytest.param([b""], 0, "connection-broken", id="nothing"),
    ],
)  # fmt: skip
async def test_servers_that_never_end_are_left_in_time(
    answer: list[bytes], pause: float, reason: str
) -> None:
    async with (
        raw(answer, pause=pause) as port,
        fetcher(port, seconds=1.0, max_bytes=500_000) as client,
    ):
        with pytest.raises(FetchRefused, match=reason):
            await client.get(f"http://127.0.0.1:{port}/")


def test_the_table_has_the_kinds_of_spelling_that_it_promises() -> None:
    hosts = set(_FORBIDDEN_HOSTS)
    assert len(hosts) == len(_FORBIDDEN_HOSTS) >= 100
    assert len(list(itertools.filterfalse(str.isascii, hosts))) >= 5
