"""Articles, feeds and the audit log as moderators see them, each in a few lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from bot.i18n import Say, TextError, say_note
from bot.ui.answers import timestamp
from bot.ui.escaping import explained, link, plain
from retrieval.catalogue.audit_log import AuditEntry
from retrieval.catalogue.feeds import Feed
from retrieval.catalogue.moderation import ArticleCard
from retrieval.errors import Note
from retrieval.feeds.item_filter import FilteredItem
from retrieval.feeds.visits import FeedImport, FeedVisit
from retrieval.timestamps import written

_REASON = 200
# Settings whose label has another name.
_SETTINGS = {"moderator_roles": "settings-moderators"}


def card_lines(card: ArticleCard, say: Say) -> str:
    """Return an article: title, publisher, date, id and state."""
    about = [plain(card.source or "", 60), timestamp(card.published_at), f"`{card.article_id}`"]
    if card.state != "shown":
        about.append(f"**{say(f'article-{card.state}')}**")
    lines = [link(card.title, card.url), "-# " + " · ".join(part for part in about if part)]
    if card.state == "removed":
        who = explained(card.removed_by or "")
        because = plain(card.removed_because, _REASON) if card.removed_because else "–"
        at = timestamp(card.removed_at)
        lines.append(f"-# {say('article-removed-by', who=who, at=at, because=because)}")
    if card.correction:
        lines.append(f"-# {plain(card.correction, _REASON)}")
    return "\n".join(lines)


def feed_lines(feed: Feed, say: Say) -> str:
    """Return a feed: its number, its name, and when its next visit is or why there is none."""
    lines = [f"**{feed.id}** · {link(feed.name, feed.url)} ({plain(feed.kind)})"]
    if feed.state == "paused":
        lines.append(f"-# {say('feed-paused', reason=reason_line(feed.pause_reason, say))}")
    else:
        minutes = max(1, round(feed.interval.total_seconds() / 60))
        lines.append(f"-# {say('feed-next', at=_soon(feed.next_at), minutes=minutes)}")
    for key, words in (("feed-include", feed.include), ("feed-exclude", feed.exclude)):
        if words:
            lines.append(f"-# {say(key, words=plain(', '.join(words), _REASON))}")
    if feed.last_error and feed.state == "active":
        reason = reason_line(feed.last_error, say)
        lines.append(f"-# {say('feed-failing', count=feed.failures, reason=reason)}")
    return "\n".join(lines)


def item_lines(each: FilteredItem, say: Say) -> str:
    """Return an item of a feed and its verdict."""
    item = each.item
    at = timestamp(written(item.published)) if item.published else ""
    words = link(item.title or item.url or "…", item.url)
    head = f"**{say(f'verdict-{each.verdict}')}** · {words}"
    lines = [f"{head} · {at}" if at else head]
    if each.reason:
        lines.append(f"-# {reason_line(each.reason, say)}")
    return "\n".join(lines)


def import_lines(each: FeedImport, say: Say) -> str:
    """Return a feed of an imported list and its result."""
    name = each.listed.title or (each.feed.name if each.feed else "") or each.listed.url
    head = f"**{say(f'feed-import-{each.status}')}** · {link(name, each.listed.url)}"
    return f"{head}\n-# {reason_line(each.reason, say)}" if each.reason else head


def verdict_line(judged: tuple[FilteredItem, ...], say: Say) -> str:
    """Return how many items have which verdict."""
    counts = Counter(each.verdict for each in judged)
    return ", ".join(f"{count} {say(f'verdict-{verdict}')}" for verdict, count in counts.items())


def visit_lines(visit: FeedVisit, say: Say) -> str:
    """Return the result of a visit to a feed."""
    if visit.result == "failed":
        said = say("visit-failed", reason=reason_line(visit.reason, say))
    elif visit.result == "unchanged":
        said = say("visit-unchanged")
    else:
        got = visit.counts["indexed"] + visit.counts["duplicate"] + visit.counts["updated"]
        said = say("visit-taken", count=got, verdicts=verdict_line(visit.judged, say) or "–")
    lines = [f"**{visit.feed.id}** · {link(visit.feed.name, visit.feed.url)}", f"-# {said}"]
    if visit.feed.state == "paused":
        reason = reason_line(visit.feed.pause_reason, say)
        lines.append(f"-# {say('feed-paused', reason=reason)}")
    return "\n".join(lines)


def action_words(action: str, say: Say) -> str:
    """Return an action such as ``feed.add`` in words; for a part such as ``feed``, everything about
    it. Unknown codes of earlier versions stay as they are."""
    kind, _, name = action.partition(".")
    try:
        if not name:
            return say(f"did-about-{kind}")
        if kind == "settings":
            label = _SETTINGS.get(name, f"settings-{name.replace('_', '-')}")
            return say("did-settings", name=say(label))
        return say(f"did-{kind}-{name}")
    except TextError:
        return action


def audit_lines(entry: AuditEntry, say: Say, counts: Mapping[str, int] | None = None) -> str:
    """Return who did what to what, when and where; ``counts`` are the results for several
    articles."""
    where = f" ({explained(entry.where, 100)})" if entry.where else ""
    detail = f": {reason_line(entry.detail, say)}" if entry.detail else ""
    subject = f" `{plain(entry.subject, 40)}`" if entry.subject else ""
    came = ", ".join(f"{count} {say(f'came-{status}')}" for status, count in (counts or {}).items())
    detail += f"; {came}" if came and detail else f": {came}" if came else ""
    at, done = f"<t:{int(entry.at.timestamp())}:f>", action_words(entry.action, say)
    return f"{at} {explained(entry.who, 80)}{where}: **{plain(done)}**{subject}{detail}"


def reason_line(reason: Note | None, say: Say, longest: int = _REASON) -> str:
    """Return why something wasn't ingested, and for a removed article how to restore it."""
    words = explained(say_note(reason, say), longest)
    return f"{words}; {say('restore-hint')}" if reason and reason.code == "removed-by" else words


def _soon(moment: datetime) -> str:
    return f"<t:{int(moment.timestamp())}:R>"
