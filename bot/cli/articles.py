"""`newsdesk articles`, `stories` and `audit`: what moderators look after."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli import options as o
from bot.cli.common import actor, open_moderator
from bot.cli.language import for_terminal
from bot.cli.output import print_json, to_the_second

if TYPE_CHECKING:
    from retrieval.catalogue.audit_log import AuditEntry
    from retrieval.catalogue.moderation import ArticleCard

articles = typer.Typer(help="Find, show, remove and restore articles.", no_args_is_help=True)
stories = typer.Typer(
    help="Show, split and merge stories: articles that report the same event.", no_args_is_help=True
)

_Reference = Annotated[
    str, typer.Argument(help="An article: its id, the beginning of its id, or its URL.")
]


@articles.command()
def find(
    words: Annotated[list[str], typer.Argument(help="Words in the title, publisher or URL.")],
    corpus: o.Corpus = "local",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many articles.")] = 20,
    as_json: o.Json = False,
) -> None:
    """Find articles, including removed ones, newest first.

    Example: newsdesk articles find bridge BBC
    """
    found = open_moderator(
        "articles find", corpus, lambda m: m.articles.find(" ".join(words), limit), writing=False
    )
    if not found and not as_json:
        print("Nothing found. Every word must occur in the title, the publisher or the URL.")
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
    """Remove an article from all answers. It stays stored, and stays out if it is ingested again.

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


@stories.command("show")
def show_story(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Show the articles in the same story as this one, oldest first."""
    _print_story(
        open_moderator(
            "stories show", corpus, lambda m: m.articles.story(reference), writing=False
        ),
        as_json,
    )


@stories.command()
def split(reference: _Reference, corpus: o.Corpus = "local", as_json: o.Json = False) -> None:
    """Split an article off into its own story, permanently."""
    _print_story(
        open_moderator("stories split", corpus, lambda m: m.split(reference, actor())), as_json
    )


@stories.command()
def merge(
    reference: _Reference,
    other: Annotated[str, typer.Argument(help="An article of the other story.")],
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Merge the stories of two articles, permanently.

    Example: newsdesk stories merge https://example.com/story https://example.org/other
    """
    _print_story(
        open_moderator("stories merge", corpus, lambda m: m.merge(reference, other, actor())),
        as_json,
    )


def audit(
    about: Annotated[
        str | None,
        typer.Option(help="Only actions on this: the id of an article, feed or job."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries.")] = 50,
    corpus: o.Corpus = "local",
    as_json: o.Json = False,
) -> None:
    """Show who did what, when and from where, newest first."""
    entries: list[AuditEntry] = open_moderator(
        "audit", corpus, lambda m: m.audit_log.read(subject=about, limit=limit), writing=False
    )
    if not entries and not as_json:
        print("Nothing was done yet." if about is None else f"Nothing was done to {about}.")
    for entry in entries:
        record = _entry_record(entry)
        if as_json:
            print_json(record)
            continue
        where = f" ({entry.where})" if entry.where else ""
        detail = f": {for_terminal(entry.detail)}" if entry.detail else ""
        print(
            f"{to_the_second(record['at'])} {entry.who}{where} {entry.action} {entry.subject}{detail}"
        )


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
    print(f"{card.article_id} {card.title}")
    print(
        f"   {card.source or 'no publisher'}, {card.published_at or 'undated'}, {card.url or 'no URL'}"
    )
    if card.state == "removed":
        because = f": {card.removed_because}" if card.removed_because else ""
        at = to_the_second(card.removed_at or "")
        print(f"   removed by {card.removed_by} at {at}{because}")
    if card.correction:
        print(f"   {card.correction}")
