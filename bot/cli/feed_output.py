"""What `newsdesk feeds` prints: tables and sentences for people, records for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.cli.language import for_terminal
from bot.cli.output import print_json
from retrieval.errors import Note

if TYPE_CHECKING:
    from pathlib import Path

    from retrieval.catalogue.feeds import Feed
    from retrieval.feeds.item_filter import FilteredItem
    from retrieval.feeds.visits import FeedImport, FeedVisit


def import_record(each: FeedImport) -> dict[str, Any]:
    """Return the JSON record of an imported feed."""
    return {
        "url": each.listed.url,
        "title": each.listed.title or (each.feed.title if each.feed else None),
        "status": each.status,
        "feed": each.feed.id if each.feed else None,
        "reason": each.reason,
    }


def print_import(done: list[FeedImport]) -> None:
    """Print a table of imported feeds, failed ones first, and their counts."""
    from rich.console import Console
    from rich.table import Table

    table = Table("feed", "what happened", "why", box=None, pad_edge=False)
    order = {"failed": 0, "added": 1, "known": 2}
    words = {"failed": "not added", "added": "added", "known": "already there"}
    for each in sorted(done, key=lambda each: (order[each.status], each.listed.url)):
        table.add_row(
            each.listed.url, words[each.status], for_terminal(each.reason) if each.reason else ""
        )
    Console(soft_wrap=True).print(table)
    counts = {status: sum(each.status == status for each in done) for status in words}
    print(", ".join(f"{counts[status]} {words[status]}" for status in ("added", "known", "failed")))


def in_words(reason: Note | None) -> str:
    """Return a reason in the language of the terminal."""
    return for_terminal(reason or Note("no-reason-given"))


def feed_record(feed: Feed) -> dict[str, Any]:
    """Return the JSON record of a feed."""
    from retrieval.timestamps import iso

    return {
        "id": feed.id,
        "corpus": feed.corpus,
        "url": feed.url,
        "title": feed.title,
        "kind": feed.kind,
        "state": feed.state,
        "reason": feed.pause_reason if feed.state == "paused" else None,
        "include": list(feed.include),
        "exclude": list(feed.exclude),
        "added_at": iso(feed.added_at),
        "added_by": feed.added_by,
        "every_minutes": round(feed.interval.total_seconds() / 60, 1),
        "next_at": iso(feed.next_at) if feed.state == "active" else None,
        "checked_at": iso(feed.checked_at) if feed.checked_at else None,
        "changed_at": iso(feed.changed_at) if feed.changed_at else None,
        "failures": feed.failures,
        "last_error": feed.last_error,
    }


def print_feed(feed: Feed, as_json: bool, remark: str | None = None) -> None:
    """Print a feed, with ``remark`` or when it is visited next."""
    if as_json:
        print_json(feed_record(feed))
        return
    print(f"{feed.id}. {feed.name} ({feed.kind}) {feed.url}")
    if remark:
        print(f"   {remark}")
    elif feed.state == "paused":
        print(f"   paused: {in_words(feed.pause_reason)}")
    else:
        every = feed.interval.total_seconds() / 60
        print(f"   next check {feed.next_at:%Y-%m-%d %H:%M} UTC, about every {every:.0f} minutes")
    if feed.last_error and feed.state == "active":
        print(f"   failed {feed.failures} times in a row: {in_words(feed.last_error)}")


def print_who_checks(folder: Path | None = None) -> None:
    """Say whether a running bot checks the feeds, as nothing else does."""
    from bot.config.settings import load_settings
    from retrieval.runtime.writer_lock import WriterLock

    lock = WriterLock(folder or load_settings().data_dir)
    if lock.holder().params.get("name") == "newsdesk run" and not lock.is_free():
        print("The running bot checks each feed when it is due.")
        return
    print(
        "Nothing checks these feeds right now. Start `newsdesk run`, or run "
        "`newsdesk feeds check --due` every few minutes."
    )


def visit_record(visit: FeedVisit) -> dict[str, Any]:
    """Return the JSON record of a visit."""
    return {
        "feed": feed_record(visit.feed),
        "result": visit.result,
        "reason": visit.reason,
        "counts": dict(visit.counts),
        "items": [item_record(each) for each in visit.judged],
    }


def print_visit(visit: FeedVisit, *, explain: bool) -> None:
    """Print what a visit brought, with every item if ``explain``."""
    from collections import Counter

    counts = ", ".join(f"{count} {status}" for status, count in visit.counts.items())
    verdicts = Counter(each.verdict for each in visit.judged if not each.is_taken)
    left = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    said = {"unchanged": "nothing new", "failed": f"failed: {in_words(visit.reason)}"}.get(
        visit.result, counts or "nothing new"
    )
    print(f"{visit.feed.id}. {visit.feed.name}: {said}" + (f" (left out: {left})" if left else ""))
    if explain:
        print_items(visit.judged, False)
    if visit.feed.state == "paused":
        print(f"   paused: {in_words(visit.feed.pause_reason)}")


def item_record(each: FilteredItem) -> dict[str, Any]:
    """Return the JSON record of an item that filters judged."""
    from retrieval.timestamps import written

    item = each.item
    return {
        "url": item.url,
        "title": item.title,
        "published_at": written(item.published) if item.published else None,
        "verdict": each.verdict,
        "reason": each.reason,
    }


def print_items(judged: tuple[FilteredItem, ...], as_json: bool) -> None:
    """Print the items that filters judged, one record or two lines each."""
    for each in judged:
        record = item_record(each)
        if as_json:
            print_json(record)
            continue
        reason = f" ({in_words(each.reason)})" if each.reason else ""
        print(f"{each.verdict + reason}: {record['title'] or 'no title'}")
        print(f"   {record['published_at'] or 'undated'}, {record['url'] or 'no address'}")
