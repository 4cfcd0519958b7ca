"""URLs of articles: one canonical URL per article, however it was shared."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from retrieval.errors import InvalidURL

# What newsletters, social networks and advertisers append; none of it selects the article.
_TRACKING_PREFIXES = ("utm_", "mc_", "ns_", "at_", "pk_", "mtm_", "hsa_", "vero_", "oly_", "wt.")
_TRACKING_NAMES = frozenset(
    [
        "fbclid",
        "gclid",
        "dclid",
        "gbraid",
        "wbraid",
        "msclkid",
        "yclid",
        "twclid",
        "igshid",
        "igsh",
        "mkt_tok",
        "cmpid",
        "cmp",
        "ocid",
        "ncid",
        "smid",
        "smtyp",
        "sref",
        "src_src",
        "ref_src",
        "ref_url",
        "ftag",
        "ftcamp",
        "xtor",
        "cid_source",
        "partner",
        "sh",
        "share",
        "guccounter",
        "guce_referrer",
        "guce_referrer_sig",
        "taid",
        "sharetype",
        "spm",
        "scid",
        "s_cid",
        "__twitter_impression",
        "output_type",
        "usqp",
        "amp_js_v",
        "amp_gsa",
        "amp",
        "outputtype",
        "tpcc",
        "soc_src",
        "soc_trk",
        "ito",
        "xg_source",
        "feature_source",
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
    ]
)
_AMP_SEGMENT = re.compile(r"/(?:amp|amphtml)(?=/|$)|\.amp(?=\.html?$|$)", re.IGNORECASE)
_AMP_CACHE = re.compile(r"^/(?:[acv]/)+(?:s/)?", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_USERINFO = re.compile(r"^(\s*(?:[a-z][a-z0-9+.-]*:)?[/\\]*)[^/\\?#]*@", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def split_http_url(url: str) -> SplitResult:
    """Split an absolute http or https URL.

    Raise ``InvalidURL`` for anything else and for URLs with credentials.
    """
    if _CONTROL.search(url.strip()):
        raise InvalidURL("url-invalid-characters")
    try:
        parts = urlsplit(url.strip())
        port_is_readable = parts.port is None or parts.port > 0
    except ValueError as error:
        raise InvalidURL("url-unreadable") from error
    if parts.scheme.lower() not in _DEFAULT_PORTS:
        raise InvalidURL("url-not-http")
    if "@" in parts.netloc:
        raise InvalidURL("url-has-credentials")
    if not parts.hostname or "\\" in parts.netloc or not port_is_readable:
        raise InvalidURL("url-without-host")
    return parts


def without_credentials(url: str) -> str:
    """Return ``url`` without user name and password, to show or log it."""
    return _USERINFO.sub(r"\1", url)


def host_name(url: str) -> str:
    """Return ``bbc.co.uk`` for ``https://www.bbc.co.uk/news``."""
    return (split_http_url(url).hostname or "").lower().removeprefix("www.")


def canonical_url(url: str) -> str:
    """Return the URL under which an article is stored.

    Drop the fragment, tracking parameters, default ports, AMP variants and caches and a trailing
    slash; lower-case scheme and host; sort the remaining query. ``http`` and ``https``, and the
    hosts ``www.``, ``m.`` and ``amp.``, are equal. Use it to compare, not to fetch.

    Raise ``ValueError`` like ``split_http_url``.
    """
    parts = _unwrap_amp_cache(split_http_url(url))
    host = (parts.hostname or "").lower().rstrip(".")
    for prefix in ("www.", "amp.", "m.", "mobile."):
        if host.startswith(prefix) and host.count(".") >= 2:
            host = host.removeprefix(prefix)
    port = parts.port
    if port and port != _DEFAULT_PORTS[parts.scheme.lower()]:
        host = f"{host}:{port}"
    path = re.sub(r"/{2,}", "/", _AMP_SEGMENT.sub("", parts.path)).rstrip("/")
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _is_tracking(name)
    )
    return urlunsplit(("https", host, path, urlencode(query), ""))


def _is_tracking(name: str) -> bool:
    name = name.lower()
    return name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES)


def _unwrap_amp_cache(parts: SplitResult) -> SplitResult:
    """``example-com.cdn.ampproject.org/c/s/example.com/x`` is ``example.com/x``."""
    host = (parts.hostname or "").lower()
    if host.endswith(".cdn.ampproject.org"):
        inner = _AMP_CACHE.sub("", parts.path)
    elif host.removeprefix("www.").startswith("google.") and parts.path.startswith("/amp/"):
        inner = parts.path.removeprefix("/amp/").removeprefix("s/")
    else:
        return parts
    try:
        return split_http_url("https://" + inner + ("?" + parts.query if parts.query else ""))
    except ValueError:
        return parts
