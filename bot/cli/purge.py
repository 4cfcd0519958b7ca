"""`newsdesk purge`."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli import options as o
from bot.cli.common import actor, confirmed, library_config, run_async
from bot.cli.output import complain, counted, print_json


def purge(
    references: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ARTICLE...",
            help="The articles to erase: their ids, the beginnings of their ids, their URLs or their whole titles.",
            show_default=False,
        ),
    ] = None,
    publisher: Annotated[
        list[str] | None,
        typer.Option(help="Erase all articles from this publisher (name or host)."),
    ] = None,
    corpus: o.Corpus = "local",
    because: Annotated[str | None, typer.Option(help="The reason, for the audit log.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask for confirmation.")] = False,
    as_json: o.Json = False,
) -> None:
    """Erase articles permanently. All versions of the articles, their vectors, and stored answers that quote the
    articles are also erased."""
    if not references and not publisher:
        raise typer.BadParameter("Give an article or --publisher.")

    async def named() -> tuple[list[str], str]:
        """Return the articles to erase, and what to call them."""
        from bot.config.settings import load_settings
        from bot.storage.library import open_library
        from retrieval.catalogue.moderation import ArticleModeration
        from retrieval.purge import articles_to_purge

        async with open_library(library_config(load_settings())) as library:
            found = await library.require_corpus(corpus)
            ids = await articles_to_purge(library, found, references or [], publisher or [])
            if len(ids) > 1:
                return ids, counted(len(ids), "article")
            card = await ArticleModeration(library.database, found).card(ids[0])
            return ids, f"“{card.title}”"

    async def run(references: list[str], publishers: list[str]) -> tuple[list[str], int]:
        from bot.config.settings import load_settings
        from bot.storage.answers import blank_answers_citing
        from bot.storage.conversations import forget_conversations
        from bot.storage.library import open_library
        from retrieval.purge import articles_to_purge, purge_articles

        async with open_library(
            library_config(load_settings()), writer="newsdesk purge"
        ) as library:
            found = await library.require_corpus(corpus)
            ids = await articles_to_purge(library, found, references, publishers)
            answers = await blank_answers_citing(library.database, corpus, ids)
            await forget_conversations(library.database, corpus=corpus)
            await purge_articles(library, found, ids, actor(), because)
            return ids, answers

    if yes:
        ids, answers = run_async(run(references or [], publisher or []))
    else:
        shown, names = run_async(named())
        if not confirmed(f"Erase {names} for good?"):
            complain("nothing was erased.")
            raise typer.Exit(1)
        ids, answers = run_async(run(shown, []))
    if as_json:
        print_json({"purged": ids, "answers_emptied": answers})
        return
    quoting = f"; {counted(answers, 'stored answer')} that quoted them" if answers else ""
    print(f"Erased for good: {counted(len(ids), 'article')}{quoting}.")
    print(
        "Backups made earlier still contain them, if there are any, "
        "and so do messages that were already posted."
    )
