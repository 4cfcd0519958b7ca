"""Requests of the bot: their record, scripted faults and rate limits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from .clock import Clock
from .model import Json

# Messages of all webhooks of a channel together: "the 30/60 was added as a limit to the channel itself",
# github.com/discord/discord-api-docs/issues/367; limits of a resource that is shared are told apart by
# their scope: docs.discord.com/developers/topics/rate-limits#header-format-rate-limit-header-examples
WEBHOOKS_OF_CHANNEL = (30, 60.0)
EXECUTE_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"
# Requests in a window of so many seconds, for each channel, server or webhook, as measured on
# Discord by those who write libraries for it. Routes that are not here have DEFAULT.
DEFAULT = (50, 1.0)
LIMITS: dict[tuple[str, str], tuple[int, float]] = {
    ("POST", "/channels/{channel_id}/messages"): (5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): (5, 5.0),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): (5, 1.0),
    ("POST", "/channels/{channel_id}/typing"): (5, 5.0),
    ("PATCH", "/channels/{channel_id}"): (5, 15.0),
    ("PUT", "/channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me"): (1, 0.25),
    ("POST", EXECUTE_WEBHOOK): (5, 2.0),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original"): (5, 2.0),
    ("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"): (5, 2.0),
    ("POST", "/channels/{channel_id}/messages/{message_id}/crosspost"): (10, 3600.0),
    ("POST", "/users/@me/channels"): (10, 10.0),
}
# Requests a second of one bot, over all connections and routes but those that carry a token of an
# interaction or a webhook: docs.discord.com/developers/topics/rate-limits#global-rate-limit
EVERYWHERE = (50, 1.0)
# Discord limits these by nothing but the interaction's own rules.
FREE = {"/interactions/{interaction_id}/{interaction_token}/callback"}
MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token", "interaction_token")


@dataclass(eq=False)
class Call:
    """A request of the bot and how it ended."""

    method: str
    path: str
    template: str
    query: dict[str, str]
    body: Any
    at: float
    status: int = 0
    code: int | None = None
    took: float = 0.0
    answer: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


When = Callable[[Call], bool] | None


@dataclass(eq=False)
class Fault:
    """What happens to the next ``times`` matching requests."""

    method: str
    pattern: str
    times: int
    status: int = 0
    body: Json = field(default_factory=dict)
    seconds: float = 0.0
    # The request is carried out all the same; only its answer is lost.
    done_anyway: bool = False
    cut: bool = False
    when: When = None
    hits: int = 0

    def matches(self, call: Call) -> bool:
        return (
            self.hits < self.times
            and self.method in ("*", call.method)
            and (fnmatchcase(call.template, self.pattern) or fnmatchcase(call.path, self.pattern))
            and (self.when is None or self.when(call))
        )


@dataclass
class _Bucket:
    left: int
    resets: float


class RateLimits:
    """Buckets with Discord's headers; ``enabled`` false leaves only what a test scripts."""

    def __init__(self, clock: Clock, enabled: bool) -> None:
        self._clock = clock
        self.enabled = enabled
        self.limits = dict(LIMITS)
        self._buckets: dict[str, _Bucket] = {}
        self._webhooks: dict[int, list[float]] = {}
        self.everywhere = EVERYWHERE
        self._everywhere = _Bucket(0, 0.0)

    def set(self, method: str, template: str, requests: int, seconds: float) -> None:
        """Another limit for one route, by its template in Discord's API description."""
        self.limits[method, template] = (requests, seconds)

    def take(self, call: Call, parameters: dict[str, str]) -> tuple[dict[str, str], float | None]:
        """Headers, and the seconds to wait if there is nothing left."""
        if not self.enabled or call.template in FREE:
            return {}, None
        allowed, window = self.limits.get((call.method, call.template), DEFAULT)
        name = hashlib.md5(f"{call.method} {call.template}".encode()).hexdigest()
        major = ":".join(parameters[key] for key in MAJOR if key in parameters)
        key, now = f"{name}:{major}", self._clock.now()
        bucket = self._buckets.get(key)
        if bucket is None or bucket.resets <= now:
            bucket = self._buckets[key] = _Bucket(allowed, now + window)
        refused = bucket.left <= 0
        bucket.left = max(0, bucket.left - 1)
        wait = max(0.001, bucket.resets - now)
        headers = {
            "X-RateLimit-Limit": str(allowed), "X-RateLimit-Remaining": str(bucket.left),
            "X-RateLimit-Reset": f"{bucket.resets:.3f}", "X-RateLimit-Reset-After": f"{wait:.3f}",
            "X-RateLimit-Bucket": name,
        }  # fmt: skip
        return headers, wait if refused else None

    def take_everywhere(self, call: Call) -> float | None:
        """Count a request of the bot's token; the seconds to wait if it made too many."""
        if not self.enabled or "_token}" in call.template:
            return None
        allowed, window = self.everywhere
        now, bucket = self._clock.now(), self._everywhere
        if bucket.resets <= now:
            bucket.left, bucket.resets = allowed, now + window
        bucket.left -= 1
        return max(0.001, bucket.resets - now) if bucket.left < 0 else None

    def take_webhook(self, channel_id: int) -> float | None:
        """Count a message of a webhook; the seconds to wait if its channel had too many."""
        if not self.enabled:
            return None
        allowed, window = WEBHOOKS_OF_CHANNEL
        now = self._clock.now()
        lately = [at for at in self._webhooks.get(channel_id, ()) if at > now - window]
        self._webhooks[channel_id] = lately
        if len(lately) >= allowed:
            return lately[0] + window - now
        lately.append(now)
        return None


def limited(seconds: float, everywhere: bool, scope: str) -> tuple[Json, dict[str, str]]:
    """Body and headers of a 429."""
    body: Json = {
        "message": "You are being rate limited.", "retry_after": round(seconds, 3),
        "global": everywhere,
    }  # fmt: skip
    headers = {"Retry-After": f"{seconds:.3f}", "X-RateLimit-Scope": scope, "Via": "1.1 google"}
    if everywhere:
        headers["X-RateLimit-Global"] = "true"
    return body, headers
