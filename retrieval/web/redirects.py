"""A fetch over several URLs, for callers that decide at each redirect whether to go on."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

MAX_REDIRECTS = 5


@dataclass
class RedirectChain:
    """The shared state of one fetch's steps: cookies, the number of redirects, whether all were
    permanent, and the seconds used. The limits of ``Fetcher`` apply to all steps together."""

    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    redirects: int = 0
    permanent: bool = True
    seconds: float = 0.0


class RedirectSeen(Exception):
    """Raised when a step is redirected to ``url``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url
