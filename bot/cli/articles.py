"""`newsdesk articles`, `stories` and `audit`: what moderators look after."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import options as o
from bot.cli.common import actor, open_moderator
from bot.cli.language import day_and_hour, for_terminal, published
from bot.cli.output import (
    counted,
    output_console,
    print_json,
    print_line,
    story_name,
    to_the_second,
)

if TYPE_CHECKING:
    from retrieval.catalogue.audit_log import AuditEntry
    from retrieval.catalogue.moderation import ArticleCard, StorySummary

articles = typer.Typer(help="Find, show, remove and restore articles.", no_args_is_help=True)
stories = typer.Typer(
    help="Show, split and merge stories (articles on the same event).", no_args_is_help=True
)

_Reference = Annotated[
    str,
    typer.Argument(help="The article's id, the beginning of its id, its URL or its whole title."),
]
_StoryReference = Annotated[
    str,
    typer.Argument(help="A story's number, or the id, URL or whole title of one of its articles."),
]


@articles.command()
def find(
    words: Annotated[list[str], typer.Argument(help="Words in the title, publisher or URL.")],
    corpus: o.Corpus = "local",
    limit: Annotated[int, typer.Option(min=1, max=100, help="Maximum number of articles.")] = 20,
    as_json: o.Json = False,
) -> None:
    """Find articles, including removed ones. The newest articles come first.

    Example: newsdesk articles find bridge BBC
    """
    found = open_moderator(
        "articles find", corpus, lambda m: m.articles.find(" ".join(words), limit), writing=False
    )
    if not found and not as_json:
        print("Nothing found. Every word must occur in the title, the publisher or the URL.")
    for card in found:
        _print_card(card, as_json)


@articles.command("list")
def list_(
    corpus: o.Corpus = "local",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of articles.")] = 20,
    removed: Annotated[bool, typer.Option("--removed", help="Only removed articles.")] = False,
    as_json: o.Json = False,
) -> None:
    """List the newest articles in a corpus, including removed ones."""
    found = open_moderator(
        "articles list",
        corpus,
        lambda m: m.articles.find("", limit, removed=True if removed else None),
        writing=False,
    )
    if not found and not as_json:
        print("No article was removed." if removed else f"The corpus {corpus} has no articles.")
    for card in found:
        _print_card(card, as_json)


@articles.command()
def show(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Show an article as it is stored."""
    card, text = open_moderator(
        "articles show", corpus, lambda m: m.articles.show(reference), writing=False
    )
    if as_json:
        print_json({**asdict(card), "text": text})
        return
    _print_card(card, False)
    print(f"\n{text}")


@articles.command()
def remove(
    reference: _Reference,
    because: Annotated[str | None, typer.Option(help="The reason, for the audit log.")] = None,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Remove an article, so that no answer uses it. The article stays stored. Ingesting it again doesn't
    restore it.

    Example: newsdesk articles remove https://example.com/story --because "a hoax"
    """
    _print_card(
        open_moderator(
            "articles remove", corpus, lambda m: m.remove(reference, actor(), because=because)
        ),
        as_json,
    )


@articles.command()
def restore(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Restore a removed article."""
    _print_card(
        open_moderator("articles restore", corpus, lambda m: m.restore(reference, actor())), as_json
    )


@stories.command("list")
def list_stories(
    corpus: o.Corpus = "local",
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Maximum number of stories.")] = 20,
    as_json: o.Json = False,
) -> None:
    """List the stories in a corpus. Stories with the newest articles come first."""
    found: list[StorySummary] = open_moderator(
        "stories list", corpus, lambda m: m.articles.stories(limit), writing=False
    )
    if not found and not as_json:
        print(f"The corpus {corpus} has no stories.")
    for story in found:
        if as_json:
            print_json({**asdict(story), "newest": asdict(story.newest)})
            continue
        print(f"{story_name(story.story_id, story.newest.article_id)} {story.newest.title}")
        reports = f"{counted(story.articles, 'article')} by {counted(story.outlets, 'publisher')}"
        print(f"   {reports}; newest: {published(story.newest.published_at)}")


@stories.command("show")
def show_story(
    reference: _StoryReference, corpus: o.Corpus = "local", as_json: o.Json = False
) -> None:
    """Show the articles in a story. The oldest article comes first."""
    _print_story(
        open_moderator(
            "stories show", corpus, lambda m: m.articles.story(reference), writing=False
        ),
        as_json,
    )


@stories.command()
def split(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Split an article off into its own story. This change is permanent."""
    _print_story(
        open_moderator("stories split", corpus, lambda m: m.split(reference, actor())), as_json
    )


@stories.command()
def merge(
    reference: _StoryReference,
    other: Annotated[
        str,
        typer.Argument(help="The other story's number, or the id or URL of one of its articles."),
    ],
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Merge two stories. This change is permanent.

    Example: newsdesk stories merge https://example.com/story https://example.org/other
    """
    _print_story(
        open_moderator("stories merge", corpus, lambda m: m.merge(reference, other, actor())),
        as_json,
    )


def audit(
    about: Annotated[
        str | None,
        typer.Option(help="Only actions on the article, feed or job with this id."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of entries.")] = 50,
    details: Annotated[
        bool,
        typer.Option(
            "--details",
            help="List each article separately, instead of grouping the articles of a job or feed.",
        ),
    ] = False,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Show the audit log: who did what, when and from where. The newest entries come first.

    A job is shown as one entry. The articles that one feed or person adds within an hour are also shown
    as one entry. With --details or --json, each article is listed separately.
    """
    from retrieval.catalogue.audit_pages import AuditFilter, AuditRow

    if as_json:
        entries: list[AuditEntry] = open_moderator(
            "audit", corpus, lambda m: m.audit_log.read(subject=about, limit=limit), writing=False
        )
        for entry in entries:
            print_json(_entry_record(entry))
        return
    wanted = AuditFilter(subject=about, details=details)
    rows: list[AuditRow] = open_moderator(
        "audit", corpus, lambda m: m.audit_pages.read(wanted, 0, limit), writing=False
    )
    if not rows:
        print(
            "Nothing has been done yet." if about is None else f"Nothing has been done to {about}."
        )
    for row in rows:
        entry = row.entry
        where = f" ({entry.where})" if entry.where else ""
        subject = f" {entry.subject}" if entry.subject else ""
        came = ", ".join(f"{count} {status}" for status, count in row.counts.items())
        detail = for_terminal(entry.detail) if entry.detail else ""
        said = "; ".join(filter(None, (detail, came)))
        at = to_the_second(_entry_record(entry)["at"])
        print(f"{at} {entry.who}{where} {entry.action}{subject}{f': {said}' if said else ''}")


def _entry_record(entry: AuditEntry) -> dict[str, Any]:
    from retrieval.timestamps import iso

    return {**asdict(entry), "at": iso(entry.at)}


def _print_story(cards: list[ArticleCard], as_json: bool) -> None:
    for card in cards:
        _print_card(card, as_json)


def _print_card(card: ArticleCard, as_json: bool) -> None:
    if as_json:
        print_json(asdict(card))
        return
    console = output_console()
    print_line(console, f"{card.article_id} {card.title}")
    by = (card.source or "no publisher", published(card.published_at), card.url or "no URL")
    print_line(console, ", ".join(by), indent=3)
    if card.state == "removed":
        because = f": {card.removed_because}" if card.removed_because else ""
        at = day_and_hour(card.removed_at) if card.removed_at else "an unknown day"
        print_line(console, f"removed by {card.removed_by} on {at}{because}", indent=3)
    if card.correction:
        print_line(console, card.correction, indent=3)
