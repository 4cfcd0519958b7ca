"""Settings that are addresses: how each has to look, as a check and in words."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr
from pydantic_settings import NoDecode

from retrieval.errors import Note

_NAME = r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.?"
_HOST = re.compile(rf"(?:\[[0-9a-f:.]+\]|{_NAME})(?::(?P<port>[0-9]{{1,5}}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SettingHint:
    """What a setting has to be, as the end of a sentence."""

    note: Note


def _url(value: str, schemes: tuple[str, ...]) -> str:
    """Return ``value`` without surrounding space. Raises ``ValueError`` if it isn't a complete
    URL."""
    value = value.strip()
    parts = urlsplit(value)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if parts.scheme not in schemes or not _HOST.fullmatch(host) or re.search(r"\s", value):
        raise ValueError("not such a URL")
    _ = parts.port  # raises ValueError for what is no port
    return value


def _http_url(value: str) -> str:
    return _url(value, ("http", "https"))


def _websocket_url(value: str) -> str:
    return _url(value, ("ws", "wss"))


def _secret_url(value: SecretStr | None) -> SecretStr | None:
    return value and SecretStr(_http_url(value.get_secret_value()))


def _database_url(value: SecretStr | None) -> SecretStr | None:
    if value is None:
        return None
    url = value.get_secret_value().strip()
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or len(parts.path) < 2:
        raise ValueError("not such a URL")
    _ = parts.port  # raises ValueError for what is no port
    return SecretStr(url)


def _address(value: str) -> str:
    return str(ipaddress.ip_address(value.strip()))


def _host(value: str) -> str:
    try:
        ipaddress.IPv6Address(value)
    except ValueError:
        written = _HOST.fullmatch(value)
        if written is None or int(written["port"] or 0) > 65_535:
            raise ValueError("not a host") from None
    return value


_HttpUrl = Annotated[str, AfterValidator(_http_url)]
ModelUrl = Annotated[
    _HttpUrl | None, SettingHint(Note("setting-url", example="http://localhost:8000/v1"))
]
ApiUrl = Annotated[
    _HttpUrl | None, SettingHint(Note("setting-url", example="http://localhost:8080/api/v10"))
]
CdnUrl = Annotated[
    _HttpUrl | None, SettingHint(Note("setting-url", example="http://localhost:8082"))
]
GatewayUrl = Annotated[
    Annotated[str, AfterValidator(_websocket_url)] | None,
    SettingHint(Note("setting-url", example="ws://localhost:8081")),
]
# Secrets, since whoever has one may write there: never printed.
WebhookUrl = Annotated[
    SecretStr | None,
    AfterValidator(_secret_url),
    SettingHint(Note("setting-url", example="https://discord.com/api/webhooks/1/token")),
]
TracesUrl = Annotated[
    SecretStr | None,
    AfterValidator(_secret_url),
    SettingHint(Note("setting-url", example="http://localhost:4318/v1/traces")),
]
DatabaseUrl = Annotated[
    SecretStr | None,
    AfterValidator(_database_url),
    SettingHint(Note("setting-url", example="postgresql://newsdesk:password@localhost/newsdesk")),
]
Address = Annotated[
    str, AfterValidator(_address), SettingHint(Note("setting-address", example="0.0.0.0"))  # noqa: S104
]
Hosts = Annotated[
    tuple[Annotated[str, AfterValidator(_host)], ...],
    NoDecode,
    SettingHint(Note("setting-hosts")),
]
ChromaUrls = Annotated[
    tuple[_HttpUrl, ...],
    NoDecode,
    SettingHint(Note("setting-urls", example="http://one:8000,http://two:8000")),
]
