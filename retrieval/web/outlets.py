"""Determine publishers by the URL of a page: what a page calls itself proves nothing."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from html import unescape
from importlib.resources import files

from retrieval.web.urls import host_name

# Between who carries a text and whose it is.
VIA = ", via "
# Agencies whose texts other outlets carry.
_AGENCIES = {
    "reuters": "Reuters",
    "thomson reuters": "Reuters",
    "associated press": "Associated Press",
    "the associated press": "Associated Press",
    "ap": "Associated Press",
    "ap news": "Associated Press",
    "afp": "AFP",
    "agence france-presse": "AFP",
    "agence france presse": "AFP",
    "dpa": "dpa",
    "deutsche presse-agentur": "dpa",
    "efe": "EFE",
    "agencia efe": "EFE",
    "ansa": "ANSA",
    "lusa": "Lusa",
    "anp": "ANP",
    "pap": "PAP",
    "tt": "TT",
    "ntb": "NTB",
    "ritzau": "Ritzau",
    "stt": "STT",
    "čtk": "ČTK",
    "apa": "APA",
    "sda": "Keystone-SDA",
    "belga": "Belga",
    "tass": "TASS",
    "тасс": "TASS",
    "риа новости": "RIA Novosti",
    "interfax": "Interfax",
    "интерфакс": "Interfax",
    "anadolu agency": "Anadolu Agency",
    "anadolu ajansı": "Anadolu Agency",
    "aa": "Anadolu Agency",
    "xinhua": "Xinhua",
    "新华社": "Xinhua",
    "新華社": "Xinhua",
    "kyodo news": "Kyodo News",
    "kyodo": "Kyodo News",
    "共同通信": "Kyodo News",
    "共同通信社": "Kyodo News",
    "時事通信": "Jiji Press",
    "yonhap": "Yonhap",
    "연합뉴스": "Yonhap",
    "pti": "PTI",
    "press trust of india": "PTI",
    "ani": "ANI",
    "ians": "IANS",
    "bloomberg": "Bloomberg",
    "upi": "UPI",
    "pa media": "PA Media",
    "رويترز": "Reuters",
    "فرانس برس": "AFP",
    "أ ف ب": "AFP",
}
_LONGEST_NAME = 80
_SHOUTED = 5
_HOST = re.compile(r"(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)+/?", re.IGNORECASE)
# Between a name and a slogan or a section.
_SLOGAN = re.compile(r"\s+[|·•»–—]\s+|\s+-\s+|\s*[｜|]\s*|:\s+|\s+::\s+|,\s+(?=.*\s.*\s)")
_SMALL = frozenset(
    [
        "of",
        "the",
        "and",
        "de",
        "la",
        "le",
        "del",
        "der",
        "die",
        "das",
        "und",
        "et",
        "y",
        "a",
        "in",
        "on",
        "für",
        "da",
        "do",
        "di",
    ]
)


def publisher_of(url: str | None, claimed: str | None = None) -> str | None:
    """Return the publisher of ``url``: a known outlet by its domain, otherwise the name that the
    page ``claimed``, otherwise the registrable domain.

    The name of a known outlet is not accepted from another domain.
    """
    host = _host(url)
    if host and (known := known_outlet(host)):
        return known
    domain = registrable_domain(host) if host else None
    name = clean_name(claimed) if claimed else None
    if name is None or host is None:
        return name or domain
    if _HOST.fullmatch(name):
        # A brand that is written as its domain: CBSSports.com.
        is_brand = name.casefold() == domain and not name.isupper() and claimed and name in claimed
        return name if is_brand else domain
    if _key(name) in _known_names():
        return domain
    return name


def agency(name: str) -> str | None:
    """Return the agency of that name; None if it isn't one."""
    return _AGENCIES.get(" ".join(name.casefold().split()).strip("()/ "))


def syndicated(publisher: str | None, origin: str | None) -> str | None:
    """Return the name of a publisher with another's text: ``Yahoo News, via Reuters``."""
    if not publisher or not origin or _key(origin) == _key(publisher):
        return publisher
    return f"{publisher}{VIA}{origin}"


def carrier_of(source: str) -> str:
    """Return the publisher of such a name: ``Yahoo News`` for ``Yahoo News, via Reuters``."""
    return source.partition(VIA)[0]


def known_outlet(host: str) -> str | None:
    """Return the name of the outlet at a host or one of its parent domains."""
    outlets = _outlets()
    labels = host.lower().removeprefix("www.").split(".")
    return next(
        (outlets[d] for i in range(len(labels) - 1) if (d := ".".join(labels[i:])) in outlets), None
    )


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str:
    """Return ``courier.co.uk`` for ``news.courier.co.uk``, by the Public Suffix List; otherwise the
    host."""
    from tld import get_tld

    found = get_tld(f"https://{host}", as_object=True, fail_silently=True, search_private=True)
    domain: str | None = getattr(found, "fld", None)
    if domain:
        return domain.removeprefix("www.")
    labels = host.removeprefix("www.").split(".")
    # An address in figures, or a name that no registry knows.
    return ".".join(labels) if labels[-1].isdigit() or ":" in host else ".".join(labels[-2:])


def clean_name(name: str) -> str | None:
    """Return a name as readers know it, without slogan, all-caps or network signs; None if nothing
    is left."""
    plain = " ".join(unescape(name).split()).lstrip("@").strip()
    if not plain or plain.startswith("http") or len(plain) > 2 * _LONGEST_NAME:
        return None
    if _HOST.fullmatch(plain):
        bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", plain, flags=re.IGNORECASE).strip("/")
        return bare if bare == plain and not bare.isupper() else bare.lower()
    first = _SLOGAN.split(plain)[0].strip()
    plain = first if len(first) >= 2 else plain
    if len(plain) > _LONGEST_NAME:
        return None
    return _calm(plain)


def _calm(name: str) -> str:
    """``THE DAILY COURIER`` is The Daily Courier; short names and single initials stay as they are."""
    letters = [c for c in name if c.isalpha()]
    if len(letters) <= _SHOUTED or not name.isupper() or (" " not in name and len(letters) < 8):
        return name
    words = name.split()
    return " ".join(
        word.lower()
        if place and word.lower() in _SMALL
        else word
        if len(word) <= 3
        and word.lower() not in _SMALL
        and len(words) > 1
        and not any(v in word for v in "AEIOUYÄÖÜ")
        else word.capitalize()
        for place, word in enumerate(words)
    )


def _host(url: str | None) -> str | None:
    try:
        return host_name(url) if url else None
    except ValueError:
        return None


def _key(name: str) -> str:
    folded = re.sub(r"[\W_]+", " ", name.casefold()).strip()
    return re.sub(r"^the | (?:news|online|com)$", "", folded)


@cache
def _outlets() -> dict[str, str]:
    text = files("retrieval.web").joinpath("data/outlets.tsv").read_text("utf-8")
    return dict(line.split("\t") for line in text.splitlines() if line)


@cache
def _known_names() -> frozenset[str]:
    """Names that nobody else may give themselves; those that many papers have are free."""
    shared = {
        "abc",
        "publico",
        "sky",
        "nation",
        "people",
        "time",
        "star",
        "globo",
        "rtl",
        "index",
        "sabah",
        "expresso",
        "ara",
        "vg",
        "tv 2",
    }
    names = {_key(name) for name in _outlets().values()} | {_key(n) for n in _AGENCIES.values()}
    return frozenset(names - shared)
