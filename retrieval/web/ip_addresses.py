"""Decide which IP addresses are public, however they are written."""

from __future__ import annotations

import ipaddress
import re

# What Python's own list lacks, in some or all of the versions that we run on.
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocol assignments; one cloud's metadata lives there
            "192.88.99.0/24",  # relays of 6to4
            "168.63.129.16/32",  # another cloud's metadata, on a public number
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",
            "2002::/16",  # 6to4, which wraps any IPv4 address and has been retired
            "3fff::/20",
        ),
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


def is_public(address: str) -> bool:
    """Return whether an IP address may be fetched from, also if it wraps an IPv4 address."""
    ip = ipaddress.ip_address(address.split("%", 1)[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _GLOBAL_UNICAST:
            return False
    if any(ip in network for network in _NOT_PUBLIC):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def literal_address(host: str) -> str | None:
    """Return the IP address that ``host`` is; None if it is a name.

    ``127.1``, ``0x7f000001`` and ``017700000001`` are 127.0.0.1, as they are for browsers and the C
    library. Raise ``ValueError`` if it ends in a number and isn't an address: no name does.
    """
    bare = host.strip("[]").rstrip(".")
    if ":" in bare:
        return str(ipaddress.IPv6Address(bare))
    parts = bare.split(".")
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):
        raise ValueError(host)
    *front, last = map(_number, parts)
    if any(part > 255 for part in front) or last >= 256 ** (4 - len(front)):
        raise ValueError(host)
    value = last + sum(part << 8 * (3 - place) for place, part in enumerate(front))
    return str(ipaddress.IPv4Address(value))


def _number(part: str) -> int:
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    # A leading zero makes it octal; 08 is then no number at all.
    return int(part, 8) if len(part) > 1 and part.startswith("0") else int(part)
