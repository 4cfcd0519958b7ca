"""A fetch over several addresses, for who asks at each redirect whether it may go on."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx

MAX_REDIRECTS = 5


@dataclass
class RedirectChain:
    """What the steps of one fetch share: cookies, how often it was sent on and whether for good, the
    seconds that it took. The bounds of ``Fetcher`` hold for all steps together."""

    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    redirects: int = 0
    permanent: bool = True
    seconds: float = 0.0


class RedirectSeen(Exception):
    """The answer of a step: it goes on at ``url``."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url
