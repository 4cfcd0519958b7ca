"""What moderators are told once a day: feeds that can't be read, channels that can't be posted
to."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.i18n import Say
from bot.storage.feed_posts import FeedPost
from bot.ui.escaping import link
from bot.ui.moderation import reason_line
from bot.ui.pages import DESCRIPTION, FAILED, Page
from retrieval.catalogue.feeds import Feed
from retrieval.errors import Note

_REASON = 150
# What to do about a failure, by the code of its reason; for all others, nothing yet.
_ADDRESS = frozenset(
    {"feed-gone", "feed-not-found", "not-a-feed", "not-a-json-feed", "host-unknown"}
    | {"host-without-address", "too-many-redirects", "feed-without-items"}
)
_REFUSED = frozenset({"robots-unreadable", "robots-disallowed", "host-not-public"})
_GONE_STATUS, _REFUSED_STATUS = frozenset({404, 410}), frozenset({401, 402, 403, 429, 451})


def failing_page(feeds: Sequence[Feed], posts: Sequence[FeedPost], say: Say) -> Page:
    """Return a page that names each with the reason and the remedy, as many as fit into a
    message."""
    entries = [_feed(feed, say) for feed in feeds]
    entries += [say("failing-post", id=p.id, channel=f"<#{p.channel_id}>") for p in posts]
    shown: list[str] = []
    for entry in entries:
        if sum(map(len, shown)) + len(entry) > DESCRIPTION:
            break
        shown.append(entry)
    if len(shown) < len(entries):
        shown.append(say("failing-more", count=len(entries) - len(shown)))
    embed = discord.Embed(title=say("failing-title"), description="\n".join(shown), colour=FAILED)
    return Page(embed)


def _feed(feed: Feed, say: Say) -> str:
    paused = feed.state == "paused"
    reason = feed.pause_reason if paused else feed.last_error
    since = feed.failing_since
    lines = [f"**{feed.id}** · {link(feed.name, feed.url, 80)}"]
    told = reason_line(reason, say, _REASON)
    if since is not None:
        told = f"{told} · <t:{int(since.timestamp())}:R>"
    mend = say(f"failing-mend-{_mend(feed.last_error or reason, paused=paused)}")
    return "\n".join([*lines, f"-# {told}", f"-# {mend}"])


def _mend(reason: Note | None, *, paused: bool) -> str:
    code = reason.code if reason is not None else ""
    answer = str(reason.params.get("answer", "")) if reason is not None else ""
    status = answer.partition(" ")[0]
    number = int(status) if status.isdecimal() else 0
    if code in _ADDRESS or number in _GONE_STATUS:
        return "address"
    if code in _REFUSED or number in _REFUSED_STATUS:
        return "refused"
    return "resume" if paused else "wait"
