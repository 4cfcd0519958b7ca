"""`newsdesk move`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import options as o
from bot.cli.common import library_config, run_async
from bot.cli.output import print_json

if TYPE_CHECKING:
    from retrieval.moving import MoveResult


def move(
    to: Annotated[
        str,
        typer.Option(
            metavar="URL|FOLDER",
            help="An empty folder, or the URL of an empty PostgreSQL database.",
            show_default=False,
        ),
    ],
    as_json: o.Json = False,
) -> None:
    """Move all data to a different folder, to PostgreSQL or back.

    Stop the bot first. The command copies the data, including the vectors, and doesn't change the
    original. If the command is interrupted, run it again to continue.
    """

    is_url = "://" in to
    folder = Path(to).expanduser().absolute()
    to_switch = f"set NEWSDESK_DATA_DIR={folder}"

    async def run() -> MoveResult:
        from bot.cli.progress import telling
        from bot.config.settings import load_settings
        from bot.storage.library import APPLICATION, open_library
        from bot.storage.schema import metadata
        from retrieval.moving import move_library

        nonlocal folder, to_switch
        config = library_config(load_settings())
        if is_url:
            folder = config.data_dir
            to_switch = "set NEWSDESK_DATABASE_URL to that URL"
        elif config.database_url:
            to_switch = f"unset NEWSDESK_DATABASE_URL, {to_switch}"
        async with open_library(config, writer="newsdesk move") as library:
            with telling("beginning", hidden=as_json) as tell:
                return await move_library(
                    library,
                    folder,
                    to if is_url else None,
                    branches=(APPLICATION,),
                    metadatas=(metadata,),
                    tell=tell,
                )

    result = run_async(run())
    if as_json:
        print_json({**asdict(result), "to_switch": to_switch})
        return
    width = max(map(len, result.tables))
    for name, table in result.tables.items():
        print(f"{name:{width}} {table.rows:>10} {table.digest}")
    print("\nMoved: the copy has the same rows and checksums as the original.")
    print(f"To switch, {to_switch} and start the bot. The original data is still here.")
