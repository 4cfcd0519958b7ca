"""URLs of pictures that publishers give their articles. Readers' programs fetch them; Newsdesk
never does."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import SplitResult, quote, urljoin

from retrieval.web.ip_addresses import literal_address
from retrieval.web.urls import split_http_url

_LONGEST = 2_000  # characters; Discord takes 2,048
# Names that only networks of their own know, by RFC 6761, RFC 6762, RFC 8375 and custom.
_INSIDE = frozenset(
    "arpa corp home internal intranet invalid lan local localdomain localhost onion private".split()
)
# What isn't shown in a message: drawings that may hold scripts.
_NOT_SHOWN = (".svg", ".svgz", ".pdf")


def picture_url(values: Iterable[object], base: str | None = None) -> str | None:
    """Return the first of ``values`` that is a picture URL that may be shown, made absolute with
    ``base``.

    It must be https with a public host name: no IP address, internal name, port or credentials.
    Return None if there is none.
    """
    for value in values:
        if isinstance(value, str) and value.strip():
            try:
                url = urljoin(base or "", value.strip())
                shown = quote(url, safe="%/:?#[]@!$&'()*+,;=~")
                if len(shown) <= _LONGEST and _may_be_shown(split_http_url(url)):
                    return shown
            except ValueError:
                continue
    return None


def _may_be_shown(parts: SplitResult) -> bool:
    """Raises ``ValueError`` for a host that is neither a name nor an address."""
    host = (parts.hostname or "").rstrip(".")
    labels = host.split(".")
    return (
        parts.scheme.lower() == "https"
        and parts.port in {None, 443}
        and literal_address(host) is None
        and len(labels) > 1
        and all(labels)
        and labels[-1] not in _INSIDE
        and not parts.path.lower().endswith(_NOT_SHOWN)
    )
